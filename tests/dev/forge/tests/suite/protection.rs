//! Protected branches: permitted pushes and merges, and dismissal of approvals.

use serde_json::{Value, json};
use xp_forge::Forge;

use crate::client::{As, forge, sound};

const REPO: &str = "/repos/acme/shop";

/// Rules of `main`.
fn rules(reviews: Value, checks: Value) -> Value {
    json!({
        "required_pull_request_reviews": reviews,
        "required_status_checks": checks,
        "enforce_admins": false,
        "restrictions": null,
    })
}

async fn protect(forge: &Forge, reviews: Value, checks: Value) {
    let path = format!("{REPO}/branches/main/protection");
    As(forge, "acme").put(&path, rules(reviews, checks)).await.is(200);
}

/// Opens a pull request as `xp-bot` and returns its head.
async fn propose(forge: &Forge, branch: &str) -> String {
    let head = forge.push("acme/shop", branch, "xp-bot", "Fix", &[(branch, "1\n".into())]).unwrap();
    let body = json!({ "title": "t", "head": branch, "base": "main" });
    As(forge, "xp-bot").post(&format!("{REPO}/pulls"), body).await.is(201);
    head
}

async fn merge(forge: &Forge, number: u64) -> (u16, String) {
    let answer = As(forge, "xp-bot").put(&format!("{REPO}/pulls/{number}/merge"), json!({})).await;
    (answer.status, answer.text_at("/message"))
}

async fn review(forge: &Forge, who: &str, event: &str) {
    let body = json!({ "event": event, "body": "seen" });
    As(forge, who).post(&format!("{REPO}/pulls/1/reviews"), body).await.is(200);
}

#[tokio::test]
async fn rules_are_the_administrators() {
    let forge = forge();
    let path = format!("{REPO}/branches/main/protection");
    let (owner, bot) = (As(&forge, "acme"), As(&forge, "xp-bot"));
    assert_eq!(owner.get(&path).await.is(404).at("/message"), "Branch not protected");
    bot.put(&path, rules(Value::Null, Value::Null)).await.is(404);
    assert_eq!(owner.get(&format!("{REPO}/branches/main")).await.is(200).at("/protected"), false);
    let checks = json!({ "strict": true, "contexts": ["ci"] });
    protect(&forge, json!({ "required_approving_review_count": 2 }), checks).await;
    let found = owner.get(&path).await.is(200);
    assert_eq!(found.at("/required_pull_request_reviews/required_approving_review_count"), 2);
    assert_eq!(found.at("/required_status_checks/contexts"), json!(["ci"]));
    assert_eq!(owner.get(&format!("{REPO}/branches/main")).await.is(200).at("/protected"), true);
    bot.delete(&path).await.is(404);
    owner.delete(&path).await.is(204);
    owner.delete(&path).await.is(404);
    // A rule that would not be enforced is refused.
    let owners = json!({ "require_code_owner_reviews": true });
    owner.put(&path, rules(owners, Value::Null)).await.is(422);
    sound(&forge);
}

#[tokio::test]
async fn nothing_reaches_it_past_a_pull_request() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let head = propose(&forge, "fix").await;
    protect(&forge, json!({ "required_approving_review_count": 0 }), Value::Null).await;
    let before = forge.branch("acme/shop", "main").unwrap();
    let main = format!("{REPO}/git/refs/heads/main");
    bot.patch(&main, json!({ "sha": head })).await.is(422);
    bot.patch(&main, json!({ "sha": head, "force": true })).await.is(422);
    bot.delete(&main).await.is(422);
    let file = json!({ "message": "m", "content": "MQo=", "branch": "main" });
    bot.put(&format!("{REPO}/contents/new"), file).await.is(409);
    bot.post(&format!("{REPO}/merges"), json!({ "base": "main", "head": "fix" })).await.is(403);
    assert_eq!(forge.branch("acme/shop", "main").unwrap(), before);
    // An administrator may bypass the rules unless they apply to administrators.
    let owner = As(&forge, "acme");
    let mut all = rules(json!({ "required_approving_review_count": 0 }), Value::Null);
    all["enforce_admins"] = json!(true);
    owner.put(&format!("{REPO}/branches/main/protection"), all).await.is(200);
    owner.patch(&main, json!({ "sha": head })).await.is(422);
    assert_eq!(merge(&forge, 1).await.0, 200);
    sound(&forge);
}

#[tokio::test]
async fn checks_must_have_passed() {
    let forge = forge();
    let head = propose(&forge, "fix").await;
    protect(&forge, Value::Null, json!({ "strict": false, "contexts": ["ci", "lint"] })).await;
    let says = |message: &str| (405, message.to_owned());
    assert_eq!(merge(&forge, 1).await, says("2 of 2 required status checks are expected."));
    let statuses = format!("{REPO}/statuses/{head}");
    let report = async |context: &str, state: &str| {
        let body = json!({ "context": context, "state": state });
        As(&forge, "xp-reviewer").post(&statuses, body).await.is(201);
    };
    report("ci", "success").await;
    assert_eq!(merge(&forge, 1).await, says("Required status check \"lint\" is expected."));
    report("lint", "pending").await;
    assert_eq!(merge(&forge, 1).await, says("Required status check \"lint\" is pending."));
    report("lint", "failure").await;
    assert_eq!(merge(&forge, 1).await, says("Required status check \"lint\" is failing."));
    let pull = As(&forge, "xp-bot").get(&format!("{REPO}/pulls/1")).await.is(200);
    assert_eq!(pull.at("/mergeable_state"), "blocked");
    report("lint", "success").await;
    // A status applies to one commit.
    forge.push("acme/shop", "fix", "xp-bot", "More", &[("more", "1\n".into())]).unwrap();
    assert_eq!(merge(&forge, 1).await, says("2 of 2 required status checks are expected."));
    forge.report("acme/shop", &forge.branch("acme/shop", "fix").unwrap(), "ci", "success").unwrap();
    forge.report("acme/shop", &forge.branch("acme/shop", "fix").unwrap(), "lint", "success").unwrap();
    assert_eq!(merge(&forge, 1).await.0, 200);
    sound(&forge);
}

#[tokio::test]
async fn strict_checks_want_the_base_in_the_head() {
    let forge = forge();
    let head = propose(&forge, "fix").await;
    forge.report("acme/shop", &head, "ci", "success").unwrap();
    forge.push("acme/shop", "main", "acme", "Meanwhile", &[("m", "1\n".into())]).unwrap();
    protect(&forge, Value::Null, json!({ "strict": true, "contexts": ["ci"] })).await;
    let (status, message) = merge(&forge, 1).await;
    assert_eq!((status, message.contains("out of date")), (405, true), "{message}");
    let pull = As(&forge, "xp-bot").get(&format!("{REPO}/pulls/1")).await.is(200);
    assert_eq!(pull.at("/mergeable_state"), "behind");
    protect(&forge, Value::Null, json!({ "strict": false, "contexts": ["ci"] })).await;
    assert_eq!(merge(&forge, 1).await.0, 200);
    sound(&forge);
}

#[tokio::test]
async fn approvals_are_counted_by_their_last_word() {
    let forge = forge();
    propose(&forge, "fix").await;
    protect(&forge, json!({ "required_approving_review_count": 1 }), Value::Null).await;
    let wanted = "At least 1 approving review is required by reviewers with write access.";
    assert_eq!(merge(&forge, 1).await, (405, wanted.to_owned()));
    review(&forge, "xp-reviewer", "COMMENT").await;
    assert_eq!(merge(&forge, 1).await.0, 405);
    review(&forge, "acme", "REQUEST_CHANGES").await;
    review(&forge, "xp-reviewer", "APPROVE").await;
    assert_eq!(merge(&forge, 1).await, (405, "Changes have been requested.".to_owned()));
    review(&forge, "acme", "APPROVE").await;
    assert_eq!(merge(&forge, 1).await.0, 200);
    sound(&forge);
}

#[tokio::test]
async fn approvals_of_another_head_are_dismissed_where_the_rules_say_so() {
    for (dismiss, status) in [(true, 405), (false, 200)] {
        let forge = forge();
        propose(&forge, "fix").await;
        let reviews = json!({ "required_approving_review_count": 1, "dismiss_stale_reviews": dismiss });
        protect(&forge, reviews, Value::Null).await;
        review(&forge, "xp-reviewer", "APPROVE").await;
        forge.push("acme/shop", "fix", "xp-bot", "More", &[("more", "1\n".into())]).unwrap();
        let listed = As(&forge, "xp-bot").get(&format!("{REPO}/pulls/1/reviews")).await.is(200);
        assert_eq!(listed.at("/0/state"), if dismiss { "DISMISSED" } else { "APPROVED" });
        assert_eq!(merge(&forge, 1).await.0, status, "dismiss_stale_reviews: {dismiss}");
        sound(&forge);
    }
}

#[tokio::test]
async fn a_pull_request_is_given_another_base() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    let old = forge.branch("acme/shop", "main").unwrap();
    forge.push("acme/shop", "main", "acme", "Later", &[("later", "1\n".into())]).unwrap();
    propose(&forge, "fix").await;
    crate::client::git(&forge, &["branch", "release", &old]);
    let reviews = json!({ "required_approving_review_count": 1, "dismiss_stale_reviews": true });
    protect(&forge, reviews, Value::Null).await;
    let pull = format!("{REPO}/pulls/1");
    review(&forge, "xp-reviewer", "APPROVE").await;
    bot.patch(&pull, json!({ "base": "nowhere" })).await.is(422);
    // The other branch has no rule, so the approval stays while it is the base. After the way back it is
    // stale only if the merge base differs.
    assert_eq!(bot.patch(&pull, json!({ "base": "release" })).await.is(200).at("/base/ref"), "release");
    assert_eq!(bot.patch(&pull, json!({ "base": "main" })).await.is(200).at("/base/ref"), "main");
    let listed = bot.get(&format!("{pull}/reviews")).await.is(200);
    assert_eq!(listed.at("/0/state"), "APPROVED");
    // An approval given for a merge into another branch does not count for this one.
    bot.patch(&pull, json!({ "base": "release" })).await.is(200);
    review(&forge, "acme", "APPROVE").await;
    bot.patch(&pull, json!({ "base": "main" })).await.is(200);
    let listed = bot.get(&format!("{pull}/reviews")).await.is(200);
    assert_eq!((listed.at("/0/state"), listed.at("/1/state")), (json!("APPROVED"), json!("DISMISSED")));
    assert_eq!(merge(&forge, 1).await.0, 200);
    bot.patch(&pull, json!({ "base": "release" })).await.is(422);
    sound(&forge);
}

#[tokio::test]
async fn pull_requests_onto_a_merged_branch_follow_it() {
    let forge = forge();
    let bot = As(&forge, "xp-bot");
    propose(&forge, "one").await;
    crate::client::git(&forge, &["branch", "two", "one"]);
    crate::client::git(&forge, &["branch", "three", "main"]);
    for (branch, base) in [("two", "one"), ("four", "three")] {
        forge.push("acme/shop", branch, "xp-bot", "On top", &[(branch, "1\n".into())]).unwrap();
        let body = json!({ "title": "t", "head": branch, "base": base });
        bot.post(&format!("{REPO}/pulls"), body).await.is(201);
    }
    assert_eq!(merge(&forge, 1).await.0, 200);
    bot.delete(&format!("{REPO}/git/refs/heads/one")).await.is(204);
    let followed = bot.get(&format!("{REPO}/pulls/2")).await.is(200);
    assert_eq!((followed.at("/base/ref"), followed.at("/state")), (json!("main"), json!("open")));
    // This branch was not merged, so there is no base to retarget to.
    bot.delete(&format!("{REPO}/git/refs/heads/three")).await.is(204);
    assert_eq!(bot.get(&format!("{REPO}/pulls/3")).await.is(200).at("/state"), "closed");
    sound(&forge);
}
