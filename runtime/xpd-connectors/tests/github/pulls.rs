//! Pull requests and reviews.

use serde_json::json;
use xp_forge::{Fault, Rule, When};
use xpd_proxy::ActError;

use crate::contents::held;
use crate::world::{SHOP, World, as_user, call, repo};

#[tokio::test]
async fn a_pull_request_is_made_or_found() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("src/lib.rs", "fixed\n".into())]).await;
    let args = |commit: &str| json!({ "repo": repo(), "head": "fix", "base": "main", "commit": commit, "title": "Other", "body": "x" });
    let wanted = json!({ "number": number, "head": commit, "base": world.main });
    assert_eq!(world.act("pulls.ensure", args(&commit)).await, wanted);
    assert_eq!(world.probe("pulls.ensure", args(&commit)).await, Some(wanted));
    assert_eq!(world.forge.effects().len(), 1);

    // The branch moves on: the pull request follows, and the old commit is refused.
    let next = world.forge.push(SHOP, "fix", "xp-bot", "More", &[("more", "m\n".into())]).unwrap();
    assert_eq!(world.refused("pulls.ensure", args(&commit)).await.0, 409);
    assert_eq!(world.probe("pulls.ensure", args(&commit)).await, None);
    assert_eq!(world.act("pulls.ensure", args(&next)).await["number"], number);
    for (head, base, status) in
        [("main", "fix", 0), ("fix", "fix", 0), ("nowhere", "main", 404), ("fix", "nowhere", 404)]
    {
        let args =
            json!({ "repo": repo(), "head": head, "base": base, "commit": next, "title": "t", "body": "" });
        assert_eq!(world.refused("pulls.ensure", args).await.0, status, "{head} {base}");
    }
    world.sound();
}

#[tokio::test]
async fn a_pull_request_opened_at_another_commit_is_in_doubt_and_not_refused() {
    let world = World::new();
    let commit = world.forge.push(SHOP, "fix", "xp-bot", "Work", &[("a", "a\n".into())]).unwrap();
    let args =
        json!({ "repo": repo(), "head": "fix", "base": "main", "commit": commit, "title": "T", "body": "B" });
    // The branch moves between the check and the request.
    world.forge.fault(Rule::next(Fault::Hold, When::Before, "POST", "/pulls"));
    let call = call("pulls.ensure", args);
    let other = async {
        assert!(held(&world).await);
        world.forge.push(SHOP, "fix", "xp-bot", "More", &[("b", "b\n".into())]).unwrap();
        world.forge.release();
    };
    let (done, ()) = tokio::join!(world.github.act(&call), other);
    let error = done.unwrap_err();
    assert!(matches!(error, ActError::Unknown(_)), "{error}");
    assert_eq!(world.forge.effects().len(), 1);
    world.sound();
}

#[tokio::test]
async fn a_reader_sees_the_difference_of_two_commits() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("src/lib.rs", "fixed\n".into())]).await;
    let base =
        world.forge.push(SHOP, "main", "acme", "Meanwhile", &[("README.md", "more\n".into())]).unwrap();
    let read = world.act("pulls.read", json!({ "repo": repo(), "number": number })).await;
    assert_eq!((&read["head"], &read["base"]), (&json!(commit), &json!(base)));
    assert_eq!(read["diff"].as_str().unwrap().trim_end(), world.git(&["diff", "main...fix"]));
    assert_eq!(read["body"], "done\n\nXp-Grant: grant-0001");
    let long = "line\n".repeat(20_000);
    world.forge.push(SHOP, "fix", "xp-bot", "Long", &[("long", long.as_str().into())]).unwrap();
    assert_eq!(world.refused("pulls.read", json!({ "repo": repo(), "number": number })).await.0, 413);
    assert_eq!(world.refused("pulls.read", json!({ "repo": repo(), "number": 9 })).await.0, 404);
    world.sound();
}

#[tokio::test]
async fn a_review_is_of_the_commit_that_was_read() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    let args = |commit: &str, verdict: &str| json!({ "repo": repo(), "number": number, "commit": commit, "body": "seen", "verdict": verdict });
    let own = world.github.act(&call("pulls.review", args(&commit, "approve"))).await.unwrap_err();
    assert!(matches!(own, ActError::Refused { status: 422, .. }), "{own}");
    let reviewer = as_user(&world.forge, "xp-reviewer");
    for verdict in ["approve", "request_changes", "comment"] {
        reviewer.act(&call("pulls.review", args(&commit, verdict))).await.unwrap();
    }
    world.act("pulls.review", args(&commit, "comment")).await;
    assert_eq!(world.refused("pulls.review", args(&commit, "dismiss")).await.0, 0);
    assert_eq!(world.refused("pulls.review", args(&world.main, "comment")).await.0, 409);
    world.forge.push(SHOP, "fix", "xp-bot", "More", &[("b", "b\n".into())]).unwrap();
    let late = world.refused("pulls.review", args(&commit, "comment")).await;
    assert_eq!(late, (409, "the pull request is at another commit".to_owned()));
    world.sound();
}
