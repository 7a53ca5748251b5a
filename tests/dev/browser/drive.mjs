// Drives Chromium for a test: reads one command a line (JSON), answers one line. The test asserts.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(`${process.argv[2]}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: process.argv[3],
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const places = new Map();

const commands = {
  // A browser of its own, with an authenticator of its own.
  async open({ name, width = 1200, height = 900, dark = false }) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", deviceScaleFactor: 1 });
    await add(context, name);
  },
  // Another page of the same browser.
  async tab({ of, name }) { await add(places.get(of).context, name); },
  async authenticator({ name }) {
    const { cdp } = places.get(name);
    await cdp.send("WebAuthn.enable");
    const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
    places.get(name).authenticator = (await cdp.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
  },
  // Gives the credentials of one page's authenticator to another's: a person at another device or tab.
  async lend({ from, to }) {
    const source = places.get(from), target = places.get(to);
    const { credentials } = await source.cdp.send("WebAuthn.getCredentials", { authenticatorId: source.authenticator });
    for (const credential of credentials) {
      await target.cdp.send("WebAuthn.addCredential", { authenticatorId: target.authenticator, credential });
    }
  },
  async goto({ name, url }) { const answer = await places.get(name).page.goto(url); return answer ? answer.status() : 0; },
  async reload({ name }) { await places.get(name).page.reload(); },
  async click({ name, at }) { await places.get(name).page.click(at); },
  async fill({ name, at, text }) { await places.get(name).page.fill(at, text); },
  async press({ name, key }) { await places.get(name).page.keyboard.press(key); },
  async visible({ name, at }) { await places.get(name).page.waitForSelector(at, { state: "visible" }); return (await places.get(name).page.innerText(at)).trim(); },
  async at({ name, path }) { await places.get(name).page.waitForURL((url) => url.pathname === path); return places.get(name).page.url(); },
  async text({ name, at = "body" }) { return places.get(name).page.innerText(at); },
  async evaluate({ name, script }) { return places.get(name).page.evaluate(script); },
  async cookies({ name, url }) { return places.get(name).context.cookies(url); },
  async shot({ name, path }) { await places.get(name).page.screenshot({ path, fullPage: true }); },
  async axe({ name }) {
    const { page } = places.get(name);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  },
  // What the console and the requests of a page reported.
  async reported({ name }) { return places.get(name).reported; },
};

async function add(context, name) {
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const place = { context, page, reported: [], cdp: await context.newCDPSession(page) };
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") place.reported.push(message.text()); });
  page.on("pageerror", (error) => place.reported.push(String(error)));
  places.set(name, place);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...rest } = JSON.parse(line);
  let answer;
  try { answer = { ok: (await commands[command](rest)) ?? null }; } catch (error) { answer = { error: String(error) }; }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
