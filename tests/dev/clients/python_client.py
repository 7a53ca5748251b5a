"""Drives a run by the Python client of MCP, over the bridge: `python_client.py REVISION COMMAND ...`. Prints one line of JSON."""

import asyncio
import json
import sys

from mcp import Client, ClientSession, StdioServerParameters, stdio_client


def read(answer):
    meta = answer.meta or {}
    return {
        "refused": meta.get("code") if answer.is_error else None,
        "content": answer.structured_content,
        "text": answer.content[0].text if answer.content else None,
    }


async def drive(call, tools, revision):
    said = {"revision": revision, "tools": tools}
    said["early"] = read(await call("later.suite.note", {}))
    said["read"] = read(await call("main.suite.test_simple_text", {}))
    said["failed"] = read(await call("main.suite.test_error_handling", {}))
    said["judged"] = read(await call("judge.main", {"outcome": "done"}))
    said["done"] = read(await call("later.suite.note", {}))
    said["over"] = read(await call("later.suite.note", {}))
    print(json.dumps(said))


async def main():
    revision, command, *args = sys.argv[1:]
    server = StdioServerParameters(command=command, args=args)
    if revision == "2025-11-25":
        async with stdio_client(server) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
            opened = await session.initialize()
            tools = [tool.name for tool in (await session.list_tools()).tools]
            await drive(session.call_tool, tools, opened.protocol_version)
    else:
        async with Client(server) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            await drive(client.call_tool, tools, client.protocol_version)


asyncio.run(main())
