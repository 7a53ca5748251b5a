// Uses the stand-in through an unmodified Octokit: every operation of the connector, and GitHub's forms of errors.
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const entry = resolve(process.env.XP_OCTOKIT, "node_modules/@octokit/rest/dist-src/index.js");
const { Octokit } = await import(pathToFileURL(entry));
const baseUrl = process.argv[2];
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const as = (auth) => new Octokit({ auth, baseUrl, userAgent: "octokit-drive", log: quiet }).rest;
const bot = as("xp-bot-token");
const reviewer = as("xp-reviewer-token");
const at = { owner: "acme", repo: "shop" };
let steps = 0;

const step = async (name, run) => {
  try {
    await run();
    steps += 1;
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
};
const refused = async (status, promise, text) => {
  const error = await promise.then(
    () => assert.fail(`expected ${status}`),
    (error) => error,
  );
  assert.equal(error.status, status, error.message);
  if (text) assert.match(JSON.stringify(error.response.data), text);
};
const base64 = (text) => Buffer.from(text).toString("base64");

await step("tokens", async () => {
  await refused(401, as("nonsense").repos.get(at), /Bad credentials/);
  assert.equal((await bot.users.getAuthenticated()).data.login, "xp-bot");
});

await step("repository", async () => {
  assert.equal((await bot.repos.get(at)).data.default_branch, "main");
  await refused(404, bot.repos.get({ ...at, repo: "nowhere" }));
});

await step("issues", async () => {
  await refused(422, bot.issues.create({ ...at, body: "no title" }), /missing_field/);
  const { data } = await bot.issues.create({ ...at, title: "Bug", body: "src/lib.rs", labels: ["high-priority"] });
  assert.equal(data.number, 1);
  await bot.issues.createLabel({ ...at, name: "later", color: "00ff00" });
  await refused(422, bot.issues.createLabel({ ...at, name: "later", color: "00ff00" }), /already_exists/);
  await bot.issues.addLabels({ ...at, issue_number: 1, labels: ["later"] });
  assert.equal((await bot.issues.listLabelsOnIssue({ ...at, issue_number: 1 })).data.length, 2);
  assert.equal((await bot.issues.listForRepo(at)).data.length, 1);
  assert.equal((await bot.issues.get({ ...at, issue_number: 1 })).data.title, "Bug");
  await refused(404, bot.issues.get({ ...at, issue_number: 99 }));
});

await step("search", async () => {
  const q = 'repo:acme/shop label:"high-priority" state:open is:issue';
  const { data } = await bot.search.issuesAndPullRequests({ q });
  assert.equal(data.total_count, 1);
});

await step("comments", async () => {
  for (const body of ["one", "two", "three"]) await bot.issues.createComment({ ...at, issue_number: 1, body });
  const octokit = new Octokit({ auth: "xp-bot-token", baseUrl, userAgent: "octokit-drive" });
  const all = await octokit.paginate(octokit.rest.issues.listComments, { ...at, issue_number: 1, per_page: 2 });
  assert.deepEqual(all.map((comment) => comment.body), ["one", "two", "three"]);
});

const main = (await bot.git.getRef({ ...at, ref: "heads/main" })).data.object.sha;

await step("refs", async () => {
  await bot.git.createRef({ ...at, ref: "refs/heads/octo/fix", sha: main });
  await refused(422, bot.git.createRef({ ...at, ref: "refs/heads/octo/fix", sha: main }), /already exists/);
  assert.equal((await bot.git.getRef({ ...at, ref: "heads/octo/fix" })).data.object.sha, main);
  assert.equal((await bot.repos.getBranch({ ...at, branch: "octo/fix" })).data.commit.sha, main);
  assert.equal((await bot.repos.listBranches(at)).data.length, 2);
  assert.equal((await bot.git.listMatchingRefs({ ...at, ref: "heads/octo" })).data.length, 1);
});

await step("contents", async () => {
  const file = { ...at, path: "src/octo.rs", branch: "octo/fix" };
  const made = await bot.repos.createOrUpdateFileContents({ ...file, message: "Add", content: base64("one\n") });
  assert.equal(made.status, 201);
  const change = { ...file, message: "Change", content: base64("two\n") };
  await refused(422, bot.repos.createOrUpdateFileContents(change), /sha/);
  await refused(409, bot.repos.createOrUpdateFileContents({ ...change, sha: main }));
  const sha = made.data.content.sha;
  assert.equal((await bot.repos.createOrUpdateFileContents({ ...change, sha })).status, 200);
  const read = await bot.repos.getContent({ ...at, path: "src/octo.rs", ref: "octo/fix" });
  assert.equal(Buffer.from(read.data.content, "base64").toString(), "two\n");
  assert.ok(Array.isArray((await bot.repos.getContent({ ...at, path: "src" })).data));
  await refused(404, bot.repos.getContent({ ...at, path: "src/octo.rs" }));
});

await step("git objects", async () => {
  const blob = (await bot.git.createBlob({ ...at, content: "parts\n" })).data.sha;
  const read = (await bot.git.getBlob({ ...at, file_sha: blob })).data;
  assert.equal(Buffer.from(read.content, read.encoding).toString(), "parts\n");
  const head = (await bot.git.getRef({ ...at, ref: "heads/octo/fix" })).data.object.sha;
  const base_tree = (await bot.git.getCommit({ ...at, commit_sha: head })).data.tree.sha;
  const entry = { path: "parts", mode: "100644", type: "blob", sha: blob };
  const tree = (await bot.git.createTree({ ...at, base_tree, tree: [entry] })).data.sha;
  const all = (await bot.git.getTree({ ...at, tree_sha: tree, recursive: "1" })).data.tree;
  assert.ok(all.some((line) => line.path === "src/octo.rs"));
  const commit = (await bot.git.createCommit({ ...at, message: "Parts", tree, parents: [head] })).data.sha;
  await bot.git.updateRef({ ...at, ref: "heads/octo/fix", sha: commit });
  await refused(422, bot.git.updateRef({ ...at, ref: "heads/octo/fix", sha: main }), /fast forward/);
});

await step("compare", async () => {
  const { data } = await bot.repos.compareCommitsWithBasehead({ ...at, basehead: "main...octo/fix" });
  assert.deepEqual([data.status, data.ahead_by, data.behind_by], ["ahead", 3, 0]);
  assert.equal((await bot.repos.listCommits({ ...at, sha: "octo/fix" })).data.length, 4);
  assert.equal((await bot.repos.getCommit({ ...at, ref: "octo/fix" })).data.files.length, 1);
});

await step("pull requests", async () => {
  const wanted = { ...at, title: "Octo", head: "octo/fix", base: "main", body: "fixes it" };
  const { data } = await bot.pulls.create(wanted);
  assert.equal(data.number, 2);
  await refused(422, bot.pulls.create(wanted), /A pull request already exists for acme:octo\/fix/);
  assert.equal((await bot.pulls.list({ ...at, head: "acme:octo/fix" })).data.length, 1);
  assert.equal((await bot.pulls.listFiles({ ...at, pull_number: 2 })).data.length, 2);
  assert.equal((await bot.pulls.listCommits({ ...at, pull_number: 2 })).data.length, 3);
  const diff = await bot.pulls.get({ ...at, pull_number: 2, mediaType: { format: "diff" } });
  assert.match(diff.data, /^diff --git a\/parts b\/parts/);
  await bot.pulls.update({ ...at, pull_number: 2, title: "Octo, again" });
  assert.equal((await bot.pulls.get({ ...at, pull_number: 2 })).data.title, "Octo, again");
});

await step("reviews", async () => {
  const pull = { ...at, pull_number: 2 };
  await refused(422, bot.pulls.createReview({ ...pull, event: "APPROVE" }), /approve your own/);
  await reviewer.pulls.createReview({ ...pull, event: "APPROVE", body: "good" });
  assert.equal((await bot.pulls.listReviews(pull)).data[0].state, "APPROVED");
});

await step("merges", async () => {
  const pull = { ...at, pull_number: 2 };
  await refused(409, bot.pulls.merge({ ...pull, sha: main }), /Head branch was modified/);
  const sha = (await bot.pulls.get(pull)).data.head.sha;
  const merge = { ...pull, sha, merge_method: "squash", commit_title: "Squash it" };
  assert.equal((await bot.pulls.merge(merge)).data.merged, true);
  await refused(405, bot.pulls.merge(merge));
  await bot.git.createRef({ ...at, ref: "refs/heads/behind", sha: main });
  assert.equal((await bot.repos.merge({ ...at, base: "behind", head: "main" })).status, 201);
  assert.equal((await bot.repos.merge({ ...at, base: "behind", head: "main" })).status, 204);
  await bot.git.deleteRef({ ...at, ref: "heads/behind" });
  await refused(422, bot.git.deleteRef({ ...at, ref: "heads/behind" }));
});

await step("protection", async () => {
  const owner = as("acme-token");
  const rules = {
    ...at,
    branch: "main",
    required_status_checks: { strict: true, contexts: ["ci"] },
    required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true },
    enforce_admins: true,
    restrictions: null,
  };
  await refused(404, bot.repos.updateBranchProtection(rules));
  assert.equal((await owner.repos.updateBranchProtection(rules)).data.enforce_admins.enabled, true);
  const head = (await bot.git.getRef({ ...at, ref: "heads/main" })).data.object.sha;
  const tree = (await bot.git.getCommit({ ...at, commit_sha: head })).data.tree.sha;
  const sha = (await bot.git.createCommit({ ...at, message: "Past the rules", tree, parents: [head] })).data.sha;
  await refused(422, bot.git.updateRef({ ...at, ref: "heads/main", sha }), /through a pull request/);
  await bot.git.createRef({ ...at, ref: "refs/heads/guarded", sha: head });
  await bot.repos.createOrUpdateFileContents({
    ...at, path: "guarded", branch: "guarded", message: "Guarded", content: base64("1\n"),
  });
  const pull = { ...at, pull_number: (await bot.pulls.create({ ...at, title: "G", head: "guarded", base: "main" })).data.number };
  await refused(405, bot.pulls.merge(pull), /approving review/);
  await reviewer.pulls.createReview({ ...pull, event: "APPROVE", body: "good" });
  await refused(405, bot.pulls.merge(pull), /status check/);
  const tip = (await bot.pulls.get(pull)).data.head.sha;
  await reviewer.repos.createCommitStatus({ ...at, sha: tip, state: "success", context: "ci" });
  assert.equal((await bot.repos.getCombinedStatusForRef({ ...at, ref: tip })).data.state, "success");
  assert.equal((await bot.pulls.merge({ ...pull, sha: tip })).data.merged, true);
  await owner.repos.deleteBranchProtection({ ...at, branch: "main" });
  await refused(404, owner.repos.getBranchProtection({ ...at, branch: "main" }), /not protected/);
});

await step("closing", async () => {
  const { data } = await bot.issues.update({ ...at, issue_number: 1, state: "closed", state_reason: "completed" });
  assert.equal(data.state_reason, "completed");
});

console.log(`${steps} steps passed`);
