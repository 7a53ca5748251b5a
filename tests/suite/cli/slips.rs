//! The example with a line or token removed: a fault with a position, or another valid program; never a crash
//! or silence.

use std::collections::BTreeMap;

use super::{Ran, check, codes, edited, example_text, list, text};

/// Checks one broken source. Its exit code must be 0, 2, 3 or 4.
fn judge(what: &str, broken: &str, tally: &mut BTreeMap<i32, u32>) {
    let (ran, object) = check(broken);
    assert!(matches!(ran.code, 0 | 2 | 3 | 4), "{what}: {ran}");
    *tally.entry(ran.code).or_default() += 1;
    let errors: Vec<_> =
        list(&object, "diagnostics").iter().filter(|one| one["severity"] == "error").collect();
    assert_eq!(errors.is_empty(), matches!(ran.code, 0 | 4), "{what}: {ran}");
    if ran.code == 2 {
        assert!(list(&object, "workflows").is_empty(), "{what}: an answer about half a program: {ran}");
    }
    for one in errors {
        assert!(!one["span"].is_null() && one["file"] == "workflow.xp", "{what}: no place: {one:#}");
        assert!(!text(one, "message").is_empty());
    }
}

#[test]
fn each_line_left_out() {
    let source = example_text();
    let lines: Vec<&str> = source.lines().collect();
    let mut tally = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with("//") {
            continue;
        }
        let mut fewer = lines.clone();
        fewer.remove(number);
        judge(&format!("without line {}: {line}", number + 1), &fewer.join("\n"), &mut tally);
    }
    // Without a `prove` or a read, the program is still valid; without most other lines it is not.
    assert!(tally[&2] > 40 && tally[&0] > 5 && tally[&3] > 3, "{tally:?}");
}

#[test]
fn each_kind_of_token_left_out() {
    let source = example_text();
    // One token of each kind, at its first and at its last occurrence.
    let tokens = [
        "use ",
        "std",
        ".",
        "workflow ",
        "(",
        ")",
        ":",
        "{",
        "}",
        "agent ",
        ",",
        "separate ",
        "roles ",
        "step ",
        " by ",
        "may ",
        "\"",
        " max ",
        " once ",
        " per ",
        " run",
        " as ",
        "outcome ",
        " auto ",
        " when ",
        " after ",
        "one of ",
        " within ",
        "[",
        "]",
        "submit ",
        "set of ",
        " if ",
        " of ",
        "-> ",
        "reopen ",
        " with notes",
        " then ",
        " end",
        "not ",
        " and ",
        "prove ",
        "no ",
        " role ",
        " can ",
        "effect ",
        " requires ",
        " only ",
        " at most ",
        "content",
    ];
    let mut tally = BTreeMap::new();
    for token in tokens {
        let first = source.find(token).unwrap_or_else(|| panic!("the example has no {token:?}"));
        let last = source.rfind(token).unwrap_or(first);
        for at in std::collections::BTreeSet::from([first, last]) {
            let broken = format!("{} {}", &source[..at], &source[at + token.len()..]);
            judge(&format!("without {token:?} at byte {at}"), &broken, &mut tally);
        }
    }
    assert!(tally[&2] > 60, "{tally:?}");
}

fn drawn(broken: &str) -> Ran {
    super::run(super::folder_with("workflow.xp", broken).path(), &["check", "workflow.xp"]).exits(2)
}

#[test]
fn a_syntax_fault_has_code_place_and_cure() {
    let ran = drawn(&edited(
        "step analyse by developer after triage.done {",
        "step analyse by developer afer triage.done {",
    ));
    let line = 1 + example_text().lines().position(|line| line.contains("step analyse")).expect("the step");
    ran.says(&["error[XP01", &format!("workflow.xp:{line}:29"), "`afer`", "`after`", "help:"]);
}

#[test]
fn independent_faults_are_all_reported_and_no_others() {
    let mut broken = edited(
        "    may github.issues.search(repo, label: \"high-priority\") max 5\n",
        "    may github.issues.search(repo, label \"high-priority\") max 5\n",
    );
    for (from, to) in [
        ("  step propose by developer after analyse.done {", "  step propose developer after analyse.done {"),
        ("    outcome declined -> end", "    outcome declined -> finish"),
    ] {
        assert_eq!(broken.matches(from).count(), 1, "{from}");
        broken = broken.replace(from, to);
    }
    let (ran, object) = check(&broken);
    let ran = ran.exits(2);
    let places: Vec<u64> = list(&object, "diagnostics").iter().map(|one| super::line(&one["span"])).collect();
    let of = |words: &str| broken.lines().position(|line| line.contains(words)).expect("the line") as u64 + 1;
    assert_eq!(places, [of("label \"high"), of("step propose developer"), of("-> finish")], "{ran}");
    for one in list(&object, "diagnostics") {
        assert!(text(one, "code").starts_with("XP01"), "{one:#}");
    }
}

#[test]
fn faults_of_different_kinds_too() {
    let mut broken = edited("triage.ticket.body.paths", "triage.tiket.body.paths");
    for (from, to) in [
        ("after review_plan.agreed {", "after review_plan.agred {"),
        ("step ship by release after", "step ship by releas after"),
    ] {
        assert_eq!(broken.matches(from).count(), 1, "{from}");
        broken = broken.replace(from, to);
    }
    let (ran, object) = check(&broken);
    let ran = ran.exits(2);
    assert_eq!(codes(&object).len(), 3, "{ran}");
    for (one, cure) in list(&object, "diagnostics").iter().zip(["ticket", "agreed", "release"]) {
        assert!(one["fix"]["replacement"] == cure, "{one:#}");
    }
}
