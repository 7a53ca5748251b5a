//! Pull requests, reviews and merges.

use serde_json::json;

use crate::client::{As, forge, git, sound};

const REPO: &str = "/repos/acme/shop";
const ABSENT: &str = "1111111111111111111111111111111111111111";

#[tokio::test]
async fn a_pull_request_is_opened_once() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let base = forge.branch("acme/shop", "main").unwrap();
    let head = forge.push("acme/shop", "fix", "xp-bot", "Fix", &[("src/lib.rs", "fixed\n".into())]).unwrap();
    let body = json!({ "title": "Fix it", "head": "fix", "base": "main", "body": "closes #1" });
    let made = bot.post(&format!("{REPO}/pulls"), body.clone()).await.is(201);
    assert_eq!((made.text_at("/head/sha"), made.text_at("/base/sha")), (head.clone(), base));
    assert_eq!((made.at("/changed_files"), made.at("/commits")), (json!(1), json!(1)));
    assert_eq!(made.at("/mergeable_state"), "clean");

    let again = bot.post(&format!("{REPO}/pulls"), body).await.is(422);
    assert_eq!(again.at("/message"), "Validation Failed");
    assert_eq!(again.at("/errors/0/message"), "A pull request already exists for acme:fix.");
    for (body, field) in [
        (json!({ "head": "fix", "base": "main" }), "title"),
        (json!({ "title": "t", "head": "none", "base": "main" }), "head"),
        (json!({ "title": "t", "head": "fix", "base": "none" }), "base"),
        (json!({ "title": "t", "head": "other:fix", "base": "main" }), "head"),
    ] {
        let refused = bot.post(&format!("{REPO}/pulls"), body).await.is(422);
        assert_eq!(refused.at("/errors/0/field"), field);
    }
    let same = json!({ "title": "t", "head": "main", "base": "main" });
    let empty = bot.post(&format!("{REPO}/pulls"), same).await.is(422);
    assert_eq!(empty.at("/errors/0/message"), "No commits between main and main");

    assert_eq!(bot.get(&format!("{REPO}/pulls/1")).await.is(200).json(), made.json());
    let listed = bot.get(&format!("{REPO}/pulls?head=acme:fix&base=main&state=open")).await.is(200);
    assert_eq!(listed.at("/0/number"), 1);
    assert_eq!(bot.get(&format!("{REPO}/pulls?head=acme:other")).await.is(200).json(), json!([]));
    assert_eq!(bot.get(&format!("{REPO}/pulls/1/files")).await.is(200).at("/0/filename"), "src/lib.rs");
    assert_eq!(bot.get(&format!("{REPO}/pulls/1/commits")).await.is(200).text_at("/0/sha"), head);
    let text = bot.diff(&format!("{REPO}/pulls/1")).await.is(200);
    assert_eq!(text.text.trim_end(), git(&forge, &["diff", "main...fix"]));
    assert_eq!(text.headers["content-type"], "application/vnd.github.diff; charset=utf-8");
    bot.get(&format!("{REPO}/pulls/2")).await.is(404);
    // A pull request is also an issue, but not the reverse.
    assert_eq!(bot.get(&format!("{REPO}/issues/1")).await.is(200).at("/pull_request/merged_at"), json!(null));
    let closed = bot.patch(&format!("{REPO}/pulls/1"), json!({ "state": "closed" })).await.is(200);
    assert_eq!(closed.at("/merged"), false);
    bot.put(&format!("{REPO}/pulls/1/merge"), json!({})).await.is(405);
    sound(&forge);
}

#[tokio::test]
async fn nobody_approves_their_own_change() {
    let forge = forge();
    let (bot, reviewer) = (As(&forge, "xp-bot"), As(&forge, "xp-reviewer"));
    let base = forge.branch("acme/shop", "main").unwrap();
    let head = forge.push("acme/shop", "fix", "xp-bot", "Fix", &[("a", "a\n".into())]).unwrap();
    bot.post(&format!("{REPO}/pulls"), json!({ "title": "t", "head": "fix", "base": "main" })).await.is(201);
    let reviews = format!("{REPO}/pulls/1/reviews");
    let before = forge.state().unwrap();
    let own = bot.post(&reviews, json!({ "event": "APPROVE", "commit_id": head })).await.is(422);
    assert_eq!(own.at("/errors/0"), "Can not approve your own pull request");
    bot.post(&reviews, json!({ "event": "REQUEST_CHANGES", "body": "no" })).await.is(422);
    reviewer.post(&reviews, json!({ "event": "COMMENT" })).await.is(422);
    reviewer.post(&reviews, json!({ "event": "APPROVE", "commit_id": base })).await.is(422);
    reviewer.post(&reviews, json!({ "event": "APPROVE", "commit_id": ABSENT })).await.is(422);
    reviewer.post(&reviews, json!({ "event": "NONSENSE" })).await.is(422);
    assert_eq!(forge.state().unwrap(), before);

    bot.post(&reviews, json!({ "event": "COMMENT", "body": "my own" })).await.is(200);
    let yes = json!({ "event": "APPROVE", "commit_id": head, "body": "good" });
    assert_eq!(reviewer.post(&reviews, yes).await.is(200).at("/state"), "APPROVED");
    let no = json!({ "event": "REQUEST_CHANGES", "body": "wait" });
    assert_eq!(reviewer.post(&reviews, no).await.is(200).text_at("/commit_id"), head);
    let listed = bot.get(&reviews).await.is(200);
    let states: Vec<_> = listed.json().as_array().unwrap().iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, ["COMMENTED", "APPROVED", "CHANGES_REQUESTED"]);
    sound(&forge);
}

#[tokio::test]
async fn a_merge_is_made_by_git_and_pinned() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    forge.push("acme/shop", "fix", "xp-bot", "Fix", &[("src/lib.rs", "fixed\n".into())]).unwrap();
    let base =
        forge.push("acme/shop", "main", "acme", "Meanwhile", &[("README.md", "more\n".into())]).unwrap();
    bot.post(&format!("{REPO}/pulls"), json!({ "title": "t", "head": "fix", "base": "main" })).await.is(201);
    let stale = forge.branch("acme/shop", "fix").unwrap();
    let head = forge.push("acme/shop", "fix", "xp-bot", "More", &[("more", "m\n".into())]).unwrap();
    let merge = format!("{REPO}/pulls/1/merge");
    let before = forge.state().unwrap();
    let refused = bot.put(&merge, json!({ "sha": stale })).await.is(409);
    assert_eq!(refused.at("/message"), "Head branch was modified. Review and try the merge again.");
    bot.put(&merge, json!({ "merge_method": "nonsense" })).await.is(422);
    bot.put(&merge, json!({ "merge_method": "rebase" })).await.is(405);
    assert_eq!(forge.state().unwrap(), before);

    let done = bot.put(&merge, json!({ "sha": head, "merge_method": "merge" })).await.is(200);
    let sha = done.text_at("/sha");
    assert_eq!(git(&forge, &["log", "-1", "--format=%H %P", "main"]), format!("{sha} {base} {head}"));
    assert_eq!(git(&forge, &["log", "-1", "--format=%s", "main"]), "Merge pull request #1 from acme/fix");
    assert_eq!(git(&forge, &["show", "main:src/lib.rs"]), "fixed");
    assert_eq!(git(&forge, &["show", "main:README.md"]), "more");
    let after = bot.get(&format!("{REPO}/pulls/1")).await.is(200);
    assert_eq!((after.at("/merged"), after.at("/state")), (json!(true), json!("closed")));
    assert_eq!(after.text_at("/merge_commit_sha"), sha);
    bot.put(&merge, json!({})).await.is(405);
    sound(&forge);
}

#[tokio::test]
async fn squash_makes_one_commit_and_conflicts_make_none() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let base = forge.branch("acme/shop", "main").unwrap();
    for branch in ["one", "two"] {
        forge.push("acme/shop", branch, "xp-bot", branch, &[("src/lib.rs", branch.into())]).unwrap();
        let body = json!({ "title": branch, "head": branch, "base": "main" });
        bot.post(&format!("{REPO}/pulls"), body).await.is(201);
    }
    let done = bot.put(&format!("{REPO}/pulls/1/merge"), json!({ "merge_method": "squash" })).await.is(200);
    let sha = done.text_at("/sha");
    assert_eq!(git(&forge, &["log", "-1", "--format=%H %P %s", "main"]), format!("{sha} {base} one (#1)"));
    assert_eq!(bot.get(&format!("{REPO}/pulls/2")).await.is(200).at("/mergeable"), false);
    bot.put(&format!("{REPO}/pulls/2/merge"), json!({})).await.is(405);
    bot.post(&format!("{REPO}/merges"), json!({ "base": "main", "head": "two" })).await.is(409);
    assert_eq!(forge.branch("acme/shop", "main").unwrap(), sha);
    sound(&forge);
}

#[tokio::test]
async fn branches_are_merged_without_a_pull_request() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let side = forge.push("acme/shop", "side", "acme", "Side", &[("a", "a\n".into())]).unwrap();
    let base = forge.push("acme/shop", "main", "acme", "Main", &[("b", "b\n".into())]).unwrap();
    let merges = format!("{REPO}/merges");
    let body = json!({ "base": "main", "head": side, "commit_message": "Together" });
    let made = bot.post(&merges, body).await.is(201);
    assert_eq!(git(&forge, &["log", "-1", "--format=%P %s", "main"]), format!("{base} {side} Together"));
    assert_eq!(made.text_at("/sha"), forge.branch("acme/shop", "main").unwrap());
    bot.post(&merges, json!({ "base": "main", "head": "side" })).await.is(204);
    bot.post(&merges, json!({ "base": "none", "head": "side" })).await.is(404);
    bot.post(&merges, json!({ "base": "main", "head": "none" })).await.is(404);
    sound(&forge);
}

#[tokio::test]
async fn a_pull_request_whose_head_the_base_holds_is_merged() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let head = forge.push("acme/shop", "fix", "xp-bot", "Fix", &[("a", "a\n".into())]).unwrap();
    bot.post(&format!("{REPO}/pulls"), json!({ "title": "t", "head": "fix", "base": "main" })).await.is(201);
    assert_eq!(bot.get(&format!("{REPO}/pulls/1")).await.at("/state"), "open");
    bot.patch(&format!("{REPO}/git/refs/heads/main"), json!({ "sha": head })).await.is(200);
    let after = bot.get(&format!("{REPO}/pulls/1")).await.is(200);
    assert_eq!((after.at("/merged"), after.text_at("/merge_commit_sha")), (json!(true), head));
    sound(&forge);
}
