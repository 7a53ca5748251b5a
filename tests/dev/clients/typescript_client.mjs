// Drives a run by the TypeScript client of MCP, over the bridge: `typescript_client.mjs PACKAGES REVISION COMMAND ...`.
// Prints one line of JSON.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, revision, command, ...args] = process.argv.slice(2);
const resolve = createRequire(pathToFileURL(`${packages}/package.json`)).resolve;
const load = (name) => import(pathToFileURL(resolve(name)));
const { Client } = await load("@modelcontextprotocol/client");
const { StdioClientTransport } = await load("@modelcontextprotocol/client/stdio");

const mode = revision === "2025-11-25" ? "legacy" : "auto";
const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
await client.connect(new StdioClientTransport({ command, args }));
const call = async (name, given) => {
  const answer = await client.callTool({ name, arguments: given });
  return {
    refused: answer.isError ? (answer._meta?.code ?? null) : null,
    content: answer.structuredContent ?? null,
    text: answer.content?.[0]?.text ?? null,
  };
};
const said = { revision: client.getNegotiatedProtocolVersion() };
said.tools = (await client.listTools()).tools.map((tool) => tool.name);
said.early = await call("later.suite.note", {});
said.read = await call("main.suite.test_simple_text", {});
said.failed = await call("main.suite.test_error_handling", {});
said.judged = await call("judge.main", { outcome: "done" });
said.done = await call("later.suite.note", {});
said.over = await call("later.suite.note", {});
console.log(JSON.stringify(said));
await client.close();
