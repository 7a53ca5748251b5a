//! Merges: parents and tree of the merge commit, and the conditions that prevent one.

use serde_json::json;
use xp_forge::{Entry, Fault, Rule, When};
use xp_harness::Asked;
use xpd_proxy::ActError;

use crate::contents::held;
use crate::world::{ABSENT, SHOP, World, call, marked, plain, repo};

fn args(number: u64, commit: &str, onto: &str) -> serde_json::Value {
    json!({ "repo": repo(), "number": number, "commit": commit, "onto": onto })
}

#[tokio::test]
async fn the_merged_tree_is_the_reviewed_tree() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("src/lib.rs", "fixed\n".into())]).await;
    let done = world.act("pulls.merge", args(number, &commit, &world.main)).await;
    let shown = world.git(&["log", "-1", "--format=%H %T %P", "main"]);
    let (sha, tree) = (done["commit"].as_str().unwrap(), done["tree"].as_str().unwrap());
    assert_eq!(shown, format!("{sha} {tree} {} {commit}", world.main));
    assert_eq!(world.git(&["rev-parse", "fix^{tree}"]), tree);
    assert_eq!(
        world.git(&["log", "-1", "--format=%(trailers:key=Xp-Grant,valueonly)", "main"]),
        "grant-0001"
    );
    // As on GitHub, the pull request is closed once the base contains its head.
    assert!(world.forge.state().unwrap().contains("\"merged\":{\"at\":"));
    assert_eq!(world.refused("pulls.merge", args(number, &commit, &world.main)).await.0, 409);
    assert_eq!(world.probe("pulls.merge", args(number, &commit, &world.main)).await, Some(done));
    world.sound();
}

#[tokio::test]
async fn sides_that_parted_are_merged_as_git_merges_them() {
    let world = World::new();
    let files = [("src/lib.rs", "fixed\n".into()), ("src/added.rs", "a\n".into())];
    let (number, commit) = world.proposed("fix", &files).await;
    let onto =
        world.forge.push(SHOP, "main", "acme", "Meanwhile", &[("README.md", "more\n".into())]).unwrap();
    let theirs = world.git(&["merge-tree", "--write-tree", &onto, &commit]);
    let done = world.act("pulls.merge", args(number, &commit, &onto)).await;
    assert_eq!(done["tree"], theirs);
    assert_eq!(world.git(&["log", "-1", "--format=%T %P", "main"]), format!("{theirs} {onto} {commit}"));
    world.sound();
}

#[tokio::test]
async fn a_file_that_both_sides_changed_is_a_conflict() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("src/lib.rs", "mine\n".into())]).await;
    let onto =
        world.forge.push(SHOP, "main", "acme", "Meanwhile", &[("src/lib.rs", "theirs\n".into())]).unwrap();
    let refused = world.refused("pulls.merge", args(number, &commit, &onto)).await;
    assert_eq!(refused, (409, "the two sides changed the same files".to_owned()));
    world.sound();
}

#[tokio::test]
async fn only_the_reviewed_commit_onto_the_tested_base() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    let (other, _) = world.proposed("other", &[("b", "b\n".into())]).await;
    for (number, commit, onto, status) in [
        (number, ABSENT, world.main.as_str(), 409),
        (number, world.main.as_str(), world.main.as_str(), 0),
        (number, commit.as_str(), ABSENT, 409),
        (other, commit.as_str(), world.main.as_str(), 409),
        (9, commit.as_str(), world.main.as_str(), 404),
        (number, "main", world.main.as_str(), 0),
    ] {
        assert_eq!(
            world.refused("pulls.merge", args(number, commit, onto)).await.0,
            status,
            "{commit} {onto}"
        );
    }
    // The default branch moves, or the head of the pull request does.
    let moved = world.forge.push(SHOP, "main", "acme", "Meanwhile", &[("c", "c\n".into())]).unwrap();
    let refused = world.refused("pulls.merge", args(number, &commit, &world.main)).await;
    assert_eq!(refused, (409, "the branch has moved".to_owned()));
    world.forge.push(SHOP, "fix", "xp-bot", "More", &[("d", "d\n".into())]).unwrap();
    let refused = world.refused("pulls.merge", args(number, &commit, &moved)).await;
    assert_eq!(refused, (409, "the pull request is at another commit".to_owned()));
    world.sound();
}

/// Branch protection rules in the form of GitHub's API.
fn rules(checks: Option<bool>) -> serde_json::Value {
    json!({
        "required_status_checks": checks.map(|strict| json!({ "strict": strict, "contexts": ["ci"] })),
        "required_pull_request_reviews": { "required_approving_review_count": 0 },
        "enforce_admins": true,
        "restrictions": null,
    })
}

/// Holds the merge request at the stand-in, runs `what`, and lets it continue.
async fn meanwhile(world: &World, asked: &Asked, what: impl FnOnce()) -> Result<serde_json::Value, ActError> {
    world.forge.fault(Rule::next(Fault::Hold, When::Before, "PUT", "/merge"));
    let other = async {
        assert!(held(world).await);
        what();
        world.forge.release();
    };
    let (done, ()) = tokio::join!(world.github.act(asked), other);
    done.map(plain)
}

#[tokio::test]
async fn a_protected_branch_is_merged_into() {
    let world = World::new();
    world.forge.protect(SHOP, "main", &rules(Some(true))).unwrap();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    let refused = world.refused("pulls.merge", args(number, &commit, &world.main)).await;
    assert_eq!(refused.0, 405, "{refused:?}");
    world.forge.report(SHOP, &commit, "ci", "failure").unwrap();
    assert_eq!(world.refused("pulls.merge", args(number, &commit, &world.main)).await.0, 405);
    world.forge.report(SHOP, &commit, "ci", "success").unwrap();
    world.forge.take_requests();
    let done = world.act("pulls.merge", args(number, &commit, &world.main)).await;
    assert_eq!(done["diverged"], false);
    assert_eq!(world.forge.branch(SHOP, "main").unwrap(), done["commit"].as_str().unwrap());
    let moves = |request: &xp_forge::Logged| request.method != "GET" && request.path.contains("/git/");
    assert!(!world.forge.take_requests().iter().any(moves), "it writes no object and moves no ref itself");
    world.sound();
}

#[tokio::test]
async fn a_base_that_moves_during_the_merge_is_reported_as_diverged() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    let asked = call("pulls.merge", args(number, &commit, &world.main));
    let theirs = || {
        world.forge.push(SHOP, "main", "acme", "Theirs", &[("c", "c\n".into())]).unwrap();
    };
    let done = meanwhile(&world, &asked, theirs).await.unwrap();
    assert_eq!(done["diverged"], true);
    // Both commits are in the branch, and the result names the merge that was made.
    let head = world.git(&["log", "-1", "--format=%H %T", "main"]);
    assert_eq!(head, format!("{} {}", done["commit"].as_str().unwrap(), done["tree"].as_str().unwrap()));
    assert_eq!(world.git(&["ls-tree", "--name-only", "main", "a", "c"]), "a\nc");
    assert_eq!(world.github.probe(&asked).await.unwrap().map(plain), Some(done));
    world.sound();
}

#[tokio::test]
async fn a_base_that_moves_is_refused_where_branches_must_be_up_to_date() {
    let world = World::new();
    world.forge.protect(SHOP, "main", &rules(Some(true))).unwrap();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    world.forge.report(SHOP, &commit, "ci", "success").unwrap();
    let asked = call("pulls.merge", args(number, &commit, &world.main));
    let theirs = || {
        world.forge.push(SHOP, "main", "acme", "Theirs", &[("c", "c\n".into())]).unwrap();
    };
    let refused = meanwhile(&world, &asked, theirs).await.unwrap_err();
    assert!(matches!(refused, ActError::Refused { status: 405, .. }), "{refused}");
    assert_eq!(world.git(&["log", "-1", "--format=%s", "main"]), "Theirs");
    assert_eq!(world.github.probe(&asked).await, Ok(None));
}

#[tokio::test]
async fn a_pull_request_retargeted_during_the_merge_is_reported_as_diverged() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    // Another branch at the same commit: parents and tree of the merge would be as requested.
    world.git(&["branch", "other", "main"]);
    let asked = call("pulls.merge", args(number, &commit, &world.main));
    let turned = || world.forge.retarget(SHOP, number, "other").unwrap();
    let done = meanwhile(&world, &asked, turned).await.unwrap();
    assert_eq!(done["diverged"], true);
    assert_eq!(world.forge.branch(SHOP, "main").unwrap(), world.main);
    assert_eq!(world.forge.branch(SHOP, "other").unwrap(), done["commit"].as_str().unwrap());
    assert_eq!(world.github.probe(&asked).await.unwrap().map(plain), Some(done));
    world.sound();
}

#[tokio::test]
async fn a_tree_other_than_expected_is_reported_as_diverged() {
    let world = World::new();
    // The pull request renames a folder. With this setting git moves files added on the other side into the
    // new folder; a merge file by file does not.
    world.git(&["config", "merge.directoryRenames", "true"]);
    let lines = |n: usize| (0..20).map(|line| format!("{n} {line}\n")).collect::<String>();
    let files: Vec<(String, Entry)> = (0..4).map(|n| (format!("old/{n}"), lines(n).into())).collect();
    let files: Vec<(&str, Entry)> =
        files.iter().map(|(path, entry)| (path.as_str(), entry.clone())).collect();
    let base = world.forge.push(SHOP, "main", "acme", "Folder", &files).unwrap();
    let tree = world.git(&["rev-parse", &format!("{base}:old")]);
    let listed = world.git(&["ls-tree", &base]).replace("\told", "\tnew");
    assert!(listed.contains(&tree));
    let renamed = world.feed(&["mktree"], &listed);
    let author = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let made = [&author[..], &["commit-tree", "-p", &base, "-m", "Rename", &renamed]].concat();
    let commit = world.git(&made);
    world.git(&["update-ref", "refs/heads/fix", &commit]);
    let opened = json!({
        "repo": repo(), "head": "fix", "base": "main", "commit": commit, "title": "Work", "body": "done",
    });
    let number = world.act("pulls.ensure", opened).await["number"].as_u64().unwrap();
    let onto = world.forge.push(SHOP, "main", "acme", "More", &[("old/more", "m\n".into())]).unwrap();
    let done = world.act("pulls.merge", args(number, &commit, &onto)).await;
    assert_eq!(world.git(&["ls-tree", "-r", "--name-only", "main", "new/more", "old/more"]), "new/more");
    assert_eq!(done["diverged"], true);
    assert_eq!(world.git(&["log", "-1", "--format=%P", "main"]), format!("{onto} {commit}"));
    world.sound();
}

#[tokio::test]
async fn a_merge_by_somebody_else_is_not_ours() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    let theirs = marked("pulls.merge", args(number, &commit, &world.main), "grant-0002");
    world.github.act(&theirs).await.unwrap();
    let ours = call("pulls.merge", args(number, &commit, &world.main));
    assert_eq!(world.github.probe(&ours).await, Ok(None));
    assert!(world.github.probe(&theirs).await.unwrap().is_some());
}
