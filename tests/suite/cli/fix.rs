//! `xpc check --fix`: the edits that messages offer, applied.

use super::{edited, example_text, folder_with, run};

#[test]
fn what_a_message_offers_is_applied_and_the_rest_is_reported() {
    // Two slips with an edit each, the second behind the first, and a fault that only its author can cure.
    let source = edited(
        "step analyse by developer after triage.done {",
        "step analyse by developer afer triage.done {",
    )
    .replace("triage.ticket.body.paths", "triage.tiket.body.paths")
    .replace("max 10\n    outcome proposed if proposal", "max 1,0\n    outcome proposed if proposal");
    let folder = folder_with("workflow.xp", &source);
    let ran = run(folder.path(), &["check", "--fix", "workflow.xp"]).exits(2);
    let ran = ran.says(&["fixed workflow.xp:16: write `after`", "replace with `ticket`", "digits only"]);
    let now = std::fs::read_to_string(folder.path().join("workflow.xp")).expect("there");
    assert_eq!(
        now,
        example_text().replace("max 10\n    outcome proposed if", "max 1,0\n    outcome proposed if"),
        "{ran}"
    );
    assert!(!ran.talk.contains("did you mean"), "{ran}");
}

#[test]
fn a_file_without_faults_is_left_alone() {
    let folder = folder_with("workflow.xp", &example_text());
    let path = folder.path().join("workflow.xp");
    let before = std::fs::metadata(&path).expect("there").modified().expect("a time");
    let ran = run(folder.path(), &["check", "--fix"]).exits(0);
    assert!(!ran.talk.contains("fixed"), "{ran}");
    assert_eq!(std::fs::metadata(&path).expect("there").modified().expect("a time"), before);
}

#[test]
fn without_the_option_nothing_is_written() {
    let source = edited("step analyse by developer after", "step analyse by developer afer");
    let folder = folder_with("workflow.xp", &source);
    run(folder.path(), &["check", "workflow.xp"]).exits(2);
    assert_eq!(std::fs::read_to_string(folder.path().join("workflow.xp")).expect("there"), source);
}

/// Edits that bring one another about come to an end.
#[test]
fn a_forgotten_use_is_added_once() {
    let source = example_text().replace("use std.sandbox\n", "");
    let folder = folder_with("workflow.xp", &source);
    run(folder.path(), &["check", "--fix", "workflow.xp"]).exits(0).says(&["add `use std.sandbox`"]);
}
