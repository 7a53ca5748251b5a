"""Infrastructure in stacks, as an MCP server on standard input and output. Python's standard library only.

A stack is a folder: `wanted.json` says what it should have, and `state.json` what it has. An example of a system of your own: replace it by the
one that you have, and the declaration in `workflow.xp` by that of its tools.
"""

import fcntl
import hashlib
import json
import os
import pathlib
import re
import secrets
import sys

FOLDER = pathlib.Path(sys.argv[1]).resolve()

STACK = {"type": "string", "description": "Name of a stack, such as shop"}
PLAN = {"type": "string", "description": "Name of a plan: the SHA-256 of its content, in hexadecimal digits"}
VERSION = {"type": "string", "description": "Version of a stack, which is different after every change"}


def tool(name, description, given, said):
    def record(members):
        return {"type": "object", "properties": members, "required": list(members)}

    return {"name": name, "description": description, "inputSchema": record(given), "outputSchema": record(said)}


TOOLS = [
    tool(
        "make_plan",
        "Makes a plan that gives a stack what it should have, and says for which version of the stack.",
        {"stack": STACK},
        {"plan": PLAN, "version": VERSION},
    ),
    tool("show_plan", "Shows what a plan does.", {"plan": PLAN}, {"text": {"type": "string"}}),
    tool("count_deleted", "Counts what a plan deletes.", {"plan": PLAN}, {"deleted": {"type": "integer"}}),
    tool(
        "apply_plan",
        "Applies a plan to the stack for which it was made, if the stack still has the version given. Otherwise nothing is done.",
        {"stack": STACK, "plan": PLAN, "version": VERSION},
        {"applied": {"type": "boolean"}, "version": VERSION},
    ),
]


def write(path, text):
    """Writes a file as a whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with new.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def place(stack):
    """The folder of a stack. Its name is a word, so the folder lies in that of all stacks."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", stack):
        raise ValueError("a stack is named with small letters, digits and hyphens")
    return FOLDER / "stacks" / stack


def load(stack):
    """What a stack should have, what it has, and the version of both."""
    files = [(place(stack) / name).read_bytes() for name in ("wanted.json", "state.json")]
    wanted, state = (json.loads(data) for data in files)
    if not isinstance(wanted, dict) or not isinstance(state, dict):
        raise ValueError("what a stack has is an object with a member for each thing")
    digests = "".join(hashlib.sha256(data).hexdigest() for data in files)
    return wanted, state, hashlib.sha256(digests.encode()).hexdigest()


def plan_file(plan):
    if not re.fullmatch(r"[0-9a-f]{64}", plan):
        raise ValueError("a plan is named by 64 hexadecimal digits")
    return FOLDER / "plans" / (plan + ".json")


def read(plan):
    """The text of a plan, which is what its name says."""
    text = plan_file(plan).read_text(encoding="utf-8")
    if hashlib.sha256(text.encode()).hexdigest() != plan:
        raise ValueError("the plan is not the one that was made under this name")
    return text


def make_plan(stack):
    wanted, state, version = load(stack)
    steps = []
    for name in sorted(wanted.keys() | state.keys()):
        if name not in state:
            steps.append({"do": "create", "name": name, "to": wanted[name]})
        elif name not in wanted:
            steps.append({"do": "delete", "name": name, "from": state[name]})
        elif wanted[name] != state[name]:
            steps.append({"do": "change", "name": name, "from": state[name], "to": wanted[name]})
    text = json.dumps({"stack": stack, "version": version, "steps": steps}, indent=2) + "\n"
    plan = hashlib.sha256(text.encode()).hexdigest()
    write(plan_file(plan), text)
    return {"plan": plan, "version": version}


def show_plan(plan):
    return {"text": read(plan)}


def count_deleted(plan):
    return {"deleted": sum(step["do"] == "delete" for step in json.loads(read(plan))["steps"])}


def apply_plan(stack, plan, version):
    made = json.loads(read(plan))
    if made["stack"] != stack or made["version"] != version:
        raise ValueError("the plan was made for something else")
    _, state, found = load(stack)
    if found != version:
        return {"applied": False, "version": found}
    for step in made["steps"]:
        if step["do"] == "delete":
            del state[step["name"]]
        else:
            state[step["name"]] = step["to"]
    write(place(stack) / "state.json", json.dumps(state, indent=2) + "\n")
    return {"applied": True, "version": load(stack)[2]}


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
            "serverInfo": {"name": "infra", "version": "1"},
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
