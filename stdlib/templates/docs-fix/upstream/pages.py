"""Pages of a folder, as an MCP server on standard input and output. Python's standard library only.

An example of a system of your own: replace it by the one that you have, and the declaration in `workflow.xp` by that of its tools.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1]).resolve()

NAME = {"type": "string", "description": "Name of a page, such as guide.md"}
TOOLS = [
    {
        "name": "read_page",
        "description": "Reads a page.",
        "inputSchema": {"type": "object", "properties": {"name": NAME}, "required": ["name"]},
        "outputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    },
    {
        "name": "write_page",
        "description": "Replaces a page.",
        "inputSchema": {
            "type": "object",
            "properties": {"name": NAME, "text": {"type": "string"}},
            "required": ["name", "text"],
        },
        "outputSchema": {"type": "object", "properties": {"bytes": {"type": "integer"}}, "required": ["bytes"]},
    },
]


def place(name):
    """The file of a page, which lies in the folder itself."""
    path = FOLDER / name
    if path.name != name or path.resolve().parent != FOLDER:
        raise ValueError("a page is a file of the folder")
    return path


def call(name, arguments):
    if name == "read_page":
        return {"text": place(arguments["name"]).read_text(encoding="utf-8")}
    if name == "write_page":
        return {"bytes": place(arguments["name"]).write_text(arguments["text"], encoding="utf-8")}
    raise ValueError("there is no such tool")


def answer(method, params):
    if method == "initialize":
        return {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "pages", "version": "1"},
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
