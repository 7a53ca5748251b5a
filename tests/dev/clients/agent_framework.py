"""Drives a run by an agent of pydantic-ai without a model, over the bridge: `agent_framework.py COMMAND ...`. Prints one line of JSON.

A refusal is `isError`, which the framework gives to the model as a request to try again; `max_retries` says how often in a row."""

import asyncio
import json
import sys

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

PLAN = [
    ("later.suite.note", {}),
    ("main.suite.test_simple_text", {}),
    ("judge.main", {"outcome": "done"}),
    ("later.suite.note", {}),
]
seen = []


def model(messages, info):
    made = sum(isinstance(message, ModelResponse) for message in messages)
    if made:
        seen.append(" ".join(str(part.content) for part in messages[-1].parts))
    if made == len(PLAN):
        return ModelResponse(parts=[TextPart("done")])
    name, arguments = PLAN[made]
    return ModelResponse(parts=[ToolCallPart(name, arguments)])


async def main():
    command, *args = sys.argv[1:]
    toolset = MCPToolset(StdioTransport(command=command, args=args), max_retries=3)
    agent = Agent(FunctionModel(model), toolsets=[toolset])
    async with agent:
        result = await agent.run("note")
    print(json.dumps({"output": result.output, "seen": seen}))


asyncio.run(main())
