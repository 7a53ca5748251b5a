// Runs `oidc-provider` as it is published. Prints its issuer; then reads one line, JSON with `redirect_uris`, prints `ready`, and
// serves until its input ends. Anybody can log in with any name, which is the subject.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

let handler = (_, answer) => answer.writeHead(503).end();
const server = createServer((ask, answer) => handler(ask, answer));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);

for await (const line of createInterface({ input: process.stdin })) {
  const { redirect_uris } = JSON.parse(line);
  const provider = new Provider(issuer, {
    clients: [{ client_id: "xpd", client_secret: "canary-oidc-secret", redirect_uris, response_types: ["code"], grant_types: ["authorization_code"] }],
    cookies: { keys: ["of the test"] },
    conformIdTokenClaims: false,
    claims: { openid: ["sub", "groups"] },
    // `many` is in more groups than are read.
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, groups: id === "many" ? Array.from({ length: 1001 }, (_, at) => `g${at}`).concat("legal") : ["legal", "all"], email: "rita@example.com" }),
    }),
    pkce: { required: () => true },
  });
  handler = provider.callback();
  console.log("ready");
}
process.exit(0);
