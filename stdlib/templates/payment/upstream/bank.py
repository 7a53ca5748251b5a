"""A bank that pays from drafts, as an MCP server on standard input and output. Python's standard library only.

Invoices, drafts and payments are files of a folder. An example of a system of your own: replace it by the one that you have, and the
declaration in `workflow.xp` by that of its tools.
"""

import decimal
import fcntl
import hashlib
import json
import os
import pathlib
import re
import secrets
import sys

FOLDER = pathlib.Path(sys.argv[1]).resolve()
LIMIT = decimal.Decimal("1000.00")

INVOICE = {"type": "string", "description": "Number of an invoice, such as 2026-117"}
DRAFT = {"type": "string", "description": "Name of a draft, as create_draft gave it"}
AMOUNT = {"type": "string", "description": "Euros with two digits after the point, such as 480.00"}
VERSION = {"type": "string", "description": "Version of a draft, which is different after every change"}
TEXT = {"type": "string"}


def tool(name, description, given, said):
    def record(members):
        return {"type": "object", "properties": members, "required": list(members)}

    return {"name": name, "description": description, "inputSchema": record(given), "outputSchema": record(said)}


TOOLS = [
    tool("read_invoice", "Reads an invoice, as somebody sent it.", {"invoice": INVOICE}, {"text": TEXT}),
    tool(
        "create_draft",
        "Prepares a payment of an invoice, under a name of its own.",
        {"invoice": INVOICE, "payee": TEXT, "amount": AMOUNT},
        {"draft": DRAFT},
    ),
    tool(
        "check_draft",
        "Says what a draft would pay, and its version.",
        {"draft": DRAFT},
        {"amount": AMOUNT, "version": VERSION},
    ),
    tool(
        "pay_draft",
        "Pays a draft that still has the version given, up to 1000.00. An invoice is paid once.",
        {"draft": DRAFT, "version": VERSION},
        {"receipt": TEXT},
    ),
    tool(
        "pay_approved_draft",
        "Pays a draft that still has the version given and is for this payee and amount. An invoice is paid once.",
        {"draft": DRAFT, "version": VERSION, "payee": TEXT, "amount": AMOUNT},
        {"receipt": TEXT},
    ),
]


def place(kind, name, ending):
    """The file of a thing. Its name is a word, so the file lies in the folder of its kind."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", name):
        raise ValueError("a name has letters, digits and hyphens")
    return FOLDER / kind / (name + ending)


def write(path, value):
    """Writes a file as a whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with new.open("x", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def load(path):
    """A file's value and version."""
    data = path.read_bytes()
    return json.loads(data), hashlib.sha256(data).hexdigest()


def read_invoice(invoice):
    return {"text": place("invoices", invoice, ".txt").read_text(encoding="utf-8")}


def create_draft(invoice, payee, amount):
    if not re.fullmatch(r"(0|[1-9][0-9]{0,9})\.[0-9]{2}", amount) or decimal.Decimal(amount) == 0:
        raise ValueError("an amount is positive and has two digits after the point")
    if not payee.strip() or len(payee) > 200 or not payee.isprintable():
        raise ValueError("a payee is a line of at most 200 characters")
    read_invoice(invoice)
    draft = secrets.token_hex(8)
    write(place("drafts", draft, ".json"), {"invoice": invoice, "payee": payee, "amount": amount})
    return {"draft": draft}


def check_draft(draft):
    prepared, version = load(place("drafts", draft, ".json"))
    return {"amount": prepared["amount"], "version": version}


def pay(draft, version, allowed):
    path = place("drafts", draft, ".json")
    prepared, found = load(path)
    payment = place("payments", prepared["invoice"], ".json")
    if found != version:
        raise ValueError("the draft has been changed")
    if payment.exists():
        raise ValueError("the invoice has been paid")
    if not allowed(prepared):
        raise ValueError("the draft is not one that may be paid so")
    receipt = secrets.token_hex(8)
    write(payment, prepared | {"receipt": receipt})
    path.unlink()
    return {"receipt": receipt}


def pay_draft(draft, version):
    return pay(draft, version, lambda prepared: decimal.Decimal(prepared["amount"]) <= LIMIT)


def pay_approved_draft(draft, version, payee, amount):
    return pay(draft, version, lambda prepared: prepared["payee"] == payee and prepared["amount"] == amount)


CALLS = {each["name"]: globals()[each["name"]] for each in TOOLS}


def call(name, arguments):
    listed = [each for each in TOOLS if each["name"] == name]
    if not listed:
        raise ValueError("there is no such tool")
    if set(arguments) != set(listed[0]["inputSchema"]["required"]):
        raise ValueError("the arguments are not those of the tool")
    if not all(isinstance(value, str) for value in arguments.values()):
        raise ValueError("every argument is a text")
    # Calls at the same time are done one after the other.
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return CALLS[name](**arguments)


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "bank", "version": "1"},
        }
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        try:
            said = call(params["name"], params.get("arguments", {}))
        except (OSError, KeyError, ValueError) as error:
            return {"isError": True, "content": [{"type": "text", "text": str(error)}]}
        return {"content": [{"type": "text", "text": json.dumps(said)}], "structuredContent": said}
    if method == "ping":
        return {}
    return None


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    result = answer(message.get("method"), message.get("params", {}))
    said = {"jsonrpc": "2.0", "id": message["id"]}
    if result is None:
        said["error"] = {"code": -32601, "message": "there is no such method"}
    else:
        said["result"] = result
    print(json.dumps(said), flush=True)
