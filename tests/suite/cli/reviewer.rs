//! Adding a security reviewer to the example takes a patch of six lines.

use std::path::Path;
use std::process::Command;

use super::{Ran, example, list, run, shape, text};

const PATCH: &str = "examples/bug_fix/security_review.patch";

fn patch() -> String {
    std::fs::read_to_string(xp_tests::root().join(PATCH)).expect("the patch")
}

/// Applies a patch to a copy of the example with git and checks the result.
fn patched(patch: &str) -> (Ran, serde_json::Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("examples/bug_fix/bug_fix.xp");
    std::fs::create_dir_all(copy.parent().expect("its folder")).expect("made");
    std::fs::copy(example(), &copy).expect("copied");
    std::fs::write(folder.path().join("the.patch"), patch).expect("written");
    let git = Command::new("git")
        .args(["apply", "--verbose", "the.patch"])
        .current_dir(folder.path())
        .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap_or(Path::new("/")))
        .output()
        .expect("git starts");
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    run(folder.path(), &["fmt", "--check", "examples"]).exits(0);
    let ran = run(folder.path(), &["check", "examples", "--format", "json"]);
    let object = ran.json();
    shape::holds(&object);
    (ran, object)
}

#[test]
fn the_proofs_hold() {
    let patch = patch();
    let added = patch.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++")).count();
    assert!(added <= 6, "{added} lines are added");
    let (ran, object) = patched(&patch);
    ran.exits(0);
    let workflow = &list(&object, "workflows")[0];
    assert_eq!(workflow["steps"], 14);
    assert_eq!(workflow["roles"], 6);
    for one in list(workflow, "obligations") {
        assert_eq!(one["status"], "proved", "{one:#}");
    }
}

#[test]
fn without_the_added_condition_the_properties_do_not_hold() {
    let patch = patch();
    let and = " and review_security.approved";
    assert_eq!(patch.matches(and).count(), 1);
    let (ran, object) = patched(&patch.replace(and, ""));
    let ran = ran.exits(3);
    let obligations = list(&list(&object, "workflows")[0], "obligations");
    let traced: Vec<_> = obligations.iter().filter(|one| !one["trace"].is_null()).collect();
    assert!(!traced.is_empty(), "nothing shows what goes wrong: {ran}");
    for one in &traced {
        let steps: Vec<&str> = list(one, "trace").iter().map(|event| text(event, "step")).collect();
        assert!(steps.contains(&"review_security") || steps.contains(&"merge_pr"), "{one:#}");
    }
}
