//! Automatic fixes never change what is granted. Where the correction is a guess, it is a help text without a
//! fix.

use super::{check, codes, edited, list, text};

/// Asserts that the edit is one fault, with this help text and without a fix.
#[track_caller]
fn no_fix(from: &str, to: &str, help: &str) {
    let (ran, object) = check(&edited(from, to));
    let found = list(&object, "diagnostics");
    assert_eq!(found.len(), 1, "{to}: {ran}");
    assert!(found[0]["fix"].is_null(), "{to}: {:#}", found[0]);
    let said = format!("{:#}", found[0]["help"]);
    assert!(said.contains(help), "{to}: {said}");
    ran.exits(2);
}

#[test]
fn numbers_with_marks() {
    for number in ["1.5", "1.000", "1,000"] {
        no_fix("\"high-priority\") max 5", &format!("\"high-priority\") max {number}"), "digits");
    }
}

#[test]
fn not_is_never_taken_away() {
    no_fix("ship by release after merge_pr.done", "ship by release after not merge_pr.done", "`not`");
    no_fix("prove effect merge at most 1", "prove not effect merge at most 1", "`not`");
    no_fix(
        "title: content, body: content) once per run",
        "title: not content, body: content) once per run",
        "`not`",
    );
    // Steps that follow a step with this fault do not report it as missing.
    no_fix(
        "review_code by senior after open_pr.done",
        "review_code by senior after not open_pr.done",
        "`not`",
    );
}

#[test]
fn a_missing_connective_is_the_authors_to_choose() {
    no_fix(
        "review_code.approved and validate.passed {",
        "review_code.approved validate.passed {",
        "`and` or an `or`",
    );
}

#[test]
fn an_open_brace_in_a_string_is_one_fault() {
    no_fix(
        "\"agent-fix-issue-{triage.ticket.number}\"",
        "\"agent-fix-issue-{triage.ticket.number\"",
        "`{step.result.field}`",
    );
}

#[test]
fn an_outcome_with_a_bare_when() {
    let (ran, object) = check(&edited("outcome done auto when pr", "outcome done when pr"));
    assert!(codes(&object)[0].starts_with("XP01") && ran.code == 2, "{ran}");
    let said = format!("{:#}", list(&object, "diagnostics")[0]["help"]);
    assert!(said.contains("auto when"), "{said}");
}

#[test]
fn a_superfluous_bracket_is_removed_by_a_fix() {
    let (ran, object) = check(&edited(
        "one of propose.files, text: content) max 100",
        "one of propose.files, text: content)) max 100",
    ));
    let one = &list(&object, "diagnostics")[0];
    assert!(one["fix"]["replacement"] == "" && text(one, "message").contains("`)`"), "{ran}");
}
