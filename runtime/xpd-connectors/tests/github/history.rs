//! Probes in repositories with a long history.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;
use xp_forge::{Fault, Rule, When};
use xp_harness::Asked;
use xpd_proxy::ActError;

use crate::world::{SHOP, World, call, marked, now, repo};

/// Seconds.
const DAY: u64 = 86_400;
/// More entries than a probe reads.
const MANY: usize = 2_500;

/// Adds `count` commits with old dates to a branch, on top of a commit.
fn aged(world: &World, branch: &str, from: &str, count: usize) {
    let mut text = format!("reset refs/heads/{branch}\nfrom {from}\n\n");
    for n in 0..count {
        let date = 1_500_000_000 + n;
        text.push_str(&format!(
            "commit refs/heads/{branch}\ncommitter A <a@example.org> {date} +0000\ndata 2\nc\n\n"
        ));
    }
    let mut child = Command::new("git")
        .arg("-C")
        .arg(world.forge.git_dir(SHOP))
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Loses the connection before and after the effect, and probes. Returns the largest number of requests of a
/// probe.
async fn looked_for(world: &World, call: &Asked, method: &str, path: &str) -> usize {
    let mut most = 0;
    for (when, there) in [(When::Before, false), (When::After, true)] {
        world.forge.fault(Rule::next(Fault::Cut, when, method, path));
        let lost = world.github.act(call).await.unwrap_err();
        assert!(matches!(lost, ActError::Unknown(_)), "{}: {lost}", call.action);
        world.forge.take_requests();
        let found = world.github.probe(call).await;
        assert_eq!(found.map(|found| found.is_some()), Ok(there), "{}", call.action);
        most = most.max(world.forge.take_requests().len());
    }
    let other = Asked { marker: "grant-0002".to_owned(), ..call.clone() };
    assert_eq!(world.github.probe(&other).await, Ok(None), "{} of another grant", call.action);
    most
}

#[tokio::test]
async fn a_write_is_found_on_a_long_branch() {
    let world = World::new();
    aged(&world, "work", &world.main, MANY);
    let args = json!({ "repo": repo(), "branch": "work", "path": "x", "text": "1\n" });
    let most = looked_for(&world, &call("contents.write", args), "PATCH", "/git/refs/heads/work").await;
    assert!(most <= 8, "{most} requests");
    world.sound();
}

#[tokio::test]
async fn a_merge_is_found_on_a_long_branch() {
    let world = World::new();
    aged(&world, "main", &world.main, MANY);
    let main = world.forge.branch(SHOP, "main").unwrap();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    let args = json!({ "repo": repo(), "number": number, "commit": commit, "onto": main });
    let most = looked_for(&world, &call("pulls.merge", args), "PUT", "/merge").await;
    assert!(most <= 8, "{most} requests");
    world.sound();
}

#[tokio::test]
async fn commits_that_pretend_to_be_old_hide_nothing() {
    let world = World::new();
    aged(&world, "work", &world.main, MANY);
    let args = json!({ "repo": repo(), "branch": "work", "path": "x", "text": "1\n" });
    let call = call("contents.write", args);
    let done = world.github.act(&call).await.unwrap();
    aged(&world, "work", &world.forge.branch(SHOP, "work").unwrap(), 99);
    assert_eq!(world.github.probe(&call).await, Ok(Some(done)));
}

#[tokio::test]
async fn an_issue_and_a_comment_are_found_among_many() {
    let world = World::new();
    for n in 0..MANY {
        world.forge.seed_issue(SHOP, "acme", &format!("old {n}"), "", &[]).unwrap();
        world.forge.seed_comment(SHOP, 1, "acme", "me too").unwrap();
    }
    world.forge.pass(3 * DAY);
    let later = |call: Asked| Asked { since: now() + 3_000 * DAY, ..call };
    let issue = later(call("issues.create", json!({ "repo": repo(), "title": "T", "body": "B" })));
    let most = looked_for(&world, &issue, "POST", "/issues").await;
    assert!(most <= 5, "{most} requests");
    let comment = later(call("issues.comment", json!({ "repo": repo(), "number": 1, "body": "B" })));
    let most = looked_for(&world, &comment, "POST", "/issues/1/comments").await;
    assert!(most <= 2, "{most} requests");
    world.sound();
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_hours_hides_nothing() {
    let world = World::new();
    for (action, args) in [
        ("issues.create", json!({ "repo": repo(), "title": "T", "body": "B" })),
        ("issues.comment", json!({ "repo": repo(), "number": 1, "body": "B" })),
    ] {
        let fast = Asked { since: now() + 20 * 3_600_000, ..marked(action, args, "grant-0001") };
        world.github.act(&fast).await.unwrap();
        assert!(world.github.probe(&fast).await.unwrap().is_some(), "{action}");
    }
    world.forge.push(SHOP, "work", "xp-bot", "Start", &[("x", "1\n".into())]).unwrap();
    let args = json!({ "repo": repo(), "branch": "work", "path": "x", "text": "1\n" });
    let fast = Asked { since: now() + 20 * 3_600_000, ..call("contents.write", args) };
    world.github.act(&fast).await.unwrap();
    assert!(world.github.probe(&fast).await.unwrap().is_some());
}
