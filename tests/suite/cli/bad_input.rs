//! Invalid input: each has a code, a position, a help text, and exit code 2.

use std::path::Path;

use serde_json::Value;
use xp_diagnostics::codes;

use super::{check, edited, example, example_text, folder_with, list, run, text, xpc};

/// Asserts that the edited example is rejected with this code only, at the edit, with `cure` in the help.
#[track_caller]
fn rejects(source: &str, code: codes::Code, words: &str, cure: &str) -> Value {
    let (ran, object) = check(source);
    let ran = ran.exits(2);
    let found = list(&object, "diagnostics");
    assert_eq!(super::codes(&object), [code.id], "{ran}");
    let one = &found[0];
    let line = source.lines().position(|line| line.contains(words)).expect("the line") as u64 + 1;
    assert_eq!(super::line(&one["span"]), line, "{one:#}");
    let mut cures: Vec<&str> = list(one, "help").iter().filter_map(Value::as_str).collect();
    cures.extend(one["fix"]["replacement"].as_str());
    assert!(cures.iter().any(|one| one.contains(cure)), "no {cure:?} in {cures:?}");
    one.clone()
}

#[test]
fn steps_that_wait_for_each_other() {
    let source = edited(
        "step propose by developer after analyse.done {",
        "step propose by developer after review_plan.agreed {",
    );
    let (ran, object) = check(&source);
    let ran = ran.exits(2);
    let one = &list(&object, "diagnostics")[0];
    assert_eq!(text(one, "code"), codes::CYCLE.id, "{ran}");
    assert!(
        text(one, "message").contains("propose") && text(one, "message").contains("review_plan"),
        "{one:#}"
    );
    assert!(!list(one, "labels").is_empty() && !list(one, "help").is_empty(), "{one:#}");
}

#[test]
fn unknown_names_with_the_nearest_of_the_right_kind() {
    let step = edited("after analyse.done {", "after analyze.done {");
    rejects(&step, codes::UNKNOWN_STEP, "analyze.done", "analyse");
    let outcome = edited("after open_pr.done {", "after open_pr.don {");
    rejects(&outcome, codes::UNKNOWN_OUTCOME, "open_pr.don ", "done");
    let role = edited("step ship by release", "step ship by relaese");
    rejects(&role, codes::UNKNOWN_ROLE, "relaese", "release");
    let action = edited("github.pulls.review(", "github.pulls.reveiw(");
    rejects(&action, codes::UNKNOWN_ACTION, "reveiw", "review");
    let argument = edited("label: \"high-priority\"", "lable: \"high-priority\"");
    rejects(&argument, codes::UNKNOWN_PARAMETER, "lable", "label");
    // An action has this name; a step is meant here.
    let kind = edited("after merge_pr.done {", "after merge.done {");
    rejects(&kind, codes::UNKNOWN_STEP, "after merge.done", "merge_pr");
}

#[test]
fn a_free_argument() {
    let source = edited("path: one of propose.files, text: content)", "path: one of propose.files)");
    let one = rejects(&source, codes::FREE_ARGUMENT, "may github.contents.write", "text: any");
    assert!(text(&one, "message").contains("`text`"), "{one:#}");
}

#[test]
fn a_name_nothing_upstream_can_make() {
    // No action makes it; and one that makes it, but in a step that no outcome waits for.
    let nobody = edited("at: start.branch, path: within", "at: start.brunch, path: within");
    rejects(&nobody, codes::UNKNOWN_DATUM, "at: start.brunch", "branch");
    let perhaps = edited("label: \"high-priority\") max 5", "label: \"high-priority\") max 5 as found")
        .replacen("triage.ticket.body.paths", "triage.found.issues", 1);
    let (ran, object) = check(&perhaps);
    let ran = ran.exits(2);
    assert!(super::codes(&object).contains(&codes::NEVER_BOUND.id), "{ran}");
    let one =
        list(&object, "diagnostics").iter().find(|one| one["code"] == codes::NEVER_BOUND.id).expect("it");
    let line = perhaps.lines().position(|line| line.contains("triage.found")).expect("the line") as u64 + 1;
    assert_eq!(super::line(&one["span"]), line, "{one:#}");
    assert!(!list(one, "help").is_empty(), "{one:#}");
}

#[test]
fn a_step_that_is_not_upstream_cannot_be_reopened() {
    let source = edited("-> reopen propose with notes", "-> reopen merge_pr with notes");
    rejects(&source, codes::NOT_UPSTREAM, "reopen merge_pr", "comes after");
}

#[test]
fn two_connectors_of_one_name() {
    let own = "connector sandbox {\n  action nap() -> bool {\n    effect read\n    changes nothing\n    repeat idempotent\n  }\n}\n";
    let source = format!("{}\n{own}", example_text());
    let (ran, object) = check(&source);
    let ran = ran.exits(2);
    let one = &list(&object, "diagnostics")[0];
    assert_eq!(text(one, "code"), codes::DUPLICATE_CONNECTOR.id, "{ran}");
    assert!(text(one, "message").contains("`sandbox`"), "{one:#}");
    assert!(!list(one, "help").is_empty(), "{one:#}");
}

#[test]
fn not_utf_8() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bytes = example_text().into_bytes();
    let at = 3 + bytes.iter().position(|byte| *byte == b'\n').expect("a second line");
    bytes[at] = 0xff;
    std::fs::write(folder.path().join("bad.xp"), &bytes).expect("written");
    let ran = run(folder.path(), &["check", "bad.xp"]).exits(2);
    ran.says(&["error[XP0121]", "bad.xp", "UTF-8"]);
}

#[test]
fn nothing_in_it() {
    for empty in ["", "\n\n", "// only words\n", "use std.github\n"] {
        let folder = folder_with("empty.xp", empty);
        run(folder.path(), &["check", "empty.xp"]).exits(2).says(&["error[XP01", "empty.xp"]);
        run(folder.path(), &["build", "empty.xp", "-o", "o.xpa"]).exits(2);
    }
    // A file of connectors only is a library: valid, but there is nothing to build.
    let folder = folder_with(
        "library.xp",
        "connector quiet {\n  action nap() -> bool {\n    effect read\n    changes nothing\n    repeat idempotent\n  }\n}\n",
    );
    run(folder.path(), &["check", "library.xp"]).exits(0);
    run(folder.path(), &["build", "library.xp", "-o", "o.xpa"]).exits(2).says(&["no workflow"]);
    assert!(!folder.path().join("o.xpa").exists());
}

#[test]
fn a_folder_without_workflows() {
    let folder = folder_with("README.md", "nothing here");
    run(folder.path(), &["check", "."]).exits(2).says(&["error[XP0124]", "no `.xp` file below"]);
    run(folder.path(), &["check"]).exits(2).says(&["error[XP0124]"]);
    run(folder.path(), &["fmt"]).exits(2).says(&["error[XP0124]"]);
    let object = run(folder.path(), &["check", ".", "--format", "json"]).exits(2).json();
    super::shape::holds(&object);
    assert_eq!(super::codes(&object), ["XP0124"]);
}

#[test]
fn a_missing_file() {
    let folder = folder_with("here.xp", &example_text());
    for command in [
        vec!["check", "gone.xp"],
        vec!["fmt", "gone.xp"],
        vec!["graph", "gone.xp"],
        vec!["verify", "gone.xpa"],
    ] {
        run(folder.path(), &command).exits(2).says(&["XP0123", command[1]]);
    }
    run(folder.path(), &["build", "gone.xp", "-o", "o.xpa"]).exits(2).says(&["XP0123", "gone.xp"]);
    // A valid file beside a missing one does not change the exit code.
    run(folder.path(), &["check", "here.xp", "gone.xp"]).exits(2).says(&["gone.xp", "does not exist"]);
}

/// Root can read every file; the test then uses a folder in place of the file.
#[test]
fn an_unreadable_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder_with("shut.xp", &example_text());
    let path = folder.path().join("shut.xp");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("shut");
    if std::fs::read(&path).is_err() {
        run(folder.path(), &["check", "shut.xp"]).exits(2).says(&["error[XP0123]", "shut.xp"]);
    }
    let odd = Path::new("/proc/self/mem");
    let ran = super::Ran::of(xpc(folder.path()).arg("check").arg(odd).output().expect("xpc starts"));
    ran.exits(2).says(&["error[XP0123]", "/proc/self/mem"]);
}

#[test]
fn options_nobody_built() {
    let file = example();
    let file = file.to_str().expect("a path");
    for arguments in [
        vec!["check", file, "--rules", "org.xp"],
        vec!["check", file, "--format", "xml"],
        vec!["check", file, "--deny", "everything"],
        vec!["verify", file, "--rules", "org.xp"],
        vec!["build", file],
        vec!["prove", file],
        vec!["frobnicate"],
        vec!["--frobnicate"],
        vec![],
    ] {
        let ran = run(&xp_tests::root(), &arguments).exits(2);
        assert!(ran.out.is_empty() && !ran.talk.is_empty(), "{arguments:?}: {ran}");
    }
    assert!(run(&xp_tests::root(), &["--version"]).exits(0).out.starts_with("xpc "));
    assert!(run(&xp_tests::root(), &["--help"]).exits(0).out.contains("check"));
}

#[test]
fn warnings_can_be_denied() {
    let source = example_text().replacen("  prove no role", "  agent idle\n  prove no role", 1);
    let folder = folder_with("workflow.xp", &source);
    let warned = run(folder.path(), &["check", "workflow.xp"]).exits(0).says(&["warning[XP", "`idle`"]);
    assert!(warned.out.contains("proved"), "{warned}");
    run(folder.path(), &["check", "workflow.xp", "--deny", "warnings"]).exits(2);
    run(&xp_tests::root(), &["check", "examples", "--deny", "warnings"]).exits(0);
}
