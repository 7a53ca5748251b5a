// Drives a run by the TypeScript package: `typescript_package.ts SERVER TESTER_KEY BOSS_KEY`. Prints one line of JSON.

import { Agent, Refused, Unanswered, Unreached } from "../../../clients/typescript/src/index.ts";

const refused = async (call: Promise<unknown>): Promise<string | null> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
  return null;
};

const [server, testerKey, bossKey] = process.argv.slice(2) as [string, string, string];
const [tester, boss] = [new Agent(server, testerKey), new Agent(server, bossKey)];
const said: Record<string, unknown> = { not_allowed: await refused(boss.start("clients")) };
const { run } = await tester.start("clients");
const [work, check] = [tester.run(run), boss.run(run)];
said["open"] = (await work.offers()).map((offer) => offer.step);
said["early"] = await refused(work.act("later", "suite.note", { id: "n" }));
said["read"] = ((await work.act("main", "suite.test_simple_text")).result as { said: string }).said;
await work.submit("main", "report", "fine ✓");
await work.submit("main", "count", -3);
await work.judge("main", "done");
said["unseen"] = await refused(check.judge("check", "approved"));
said["shown"] = (await check.view("check", "main.report")).value;
await check.judge("check", "rejected", "again");
said["notes"] = (await work.offers())[0]?.notes;
await work.submit("main", "report", "better");
await work.submit("main", "count", 4);
await work.judge("main", "done");
await check.view("check", "main.report");
await check.judge("check", "approved");
const wrote = await work.act("later", "suite.note", { id: "n-1" }, "wrote");
[said["wrote"], said["replayed"]] = [(wrote.result as { said: string }).said, wrote.replayed];
said["status"] = (await work.summary()).status;
try {
  await new Agent("unix:nothing.sock", testerKey).start("clients");
} catch (error) {
  said["nobody"] = error instanceof Unreached ? "unreached" : error instanceof Unanswered ? "unanswered" : String(error);
}
console.log(JSON.stringify(said));
