//! The merge: its parents, its tree, and everything that stops it.

use serde_json::json;
use xp_forge::{Fault, Rule, When};

use crate::contents::held;
use crate::world::{ABSENT, SHOP, World, call, repo};

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
    // GitHub closes a pull request whose head the base holds.
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
    // The default branch moves, or the pull request does.
    let moved = world.forge.push(SHOP, "main", "acme", "Meanwhile", &[("c", "c\n".into())]).unwrap();
    let refused = world.refused("pulls.merge", args(number, &commit, &world.main)).await;
    assert_eq!(refused, (409, "the branch has moved".to_owned()));
    world.forge.push(SHOP, "fix", "xp-bot", "More", &[("d", "d\n".into())]).unwrap();
    let refused = world.refused("pulls.merge", args(number, &commit, &moved)).await;
    assert_eq!(refused, (409, "the pull request is at another commit".to_owned()));
    world.sound();
}

#[tokio::test]
async fn a_default_branch_that_moves_in_the_last_moment_stays() {
    let world = World::new();
    let (number, commit) = world.proposed("fix", &[("a", "a\n".into())]).await;
    world.forge.fault(Rule::next(Fault::Hold, When::Before, "PATCH", "/git/refs/heads/main"));
    let call = call("pulls.merge", args(number, &commit, &world.main));
    let other = async {
        assert!(held(&world).await);
        let theirs = world.forge.push(SHOP, "main", "acme", "Theirs", &[("c", "c\n".into())]).unwrap();
        world.forge.release();
        theirs
    };
    let (done, theirs) = tokio::join!(world.github.act(&call), other);
    assert_eq!(done.unwrap_err().to_string(), "refused (409): the branch has moved");
    assert_eq!(world.forge.branch(SHOP, "main").unwrap(), theirs);
    assert_eq!(world.github.probe(&call).await, Ok(None));
}
