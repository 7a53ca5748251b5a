//! One fault in every format.

use xp_diagnostics::render::{github, human, json, junit, sarif};
use xp_diagnostics::{Diagnostic, SourceId, Sources, Span, codes};

fn example() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::new();
    let id = sources.add("flows/ä, b.xp", "step one {\n  outcome -> <end> & 100%\n");
    let empty = sources.add("empty.xp", "");
    let span = |start, end| Span::new(id, start, end);
    let full = Diagnostic::error(codes::UNEXPECTED, "expected an outcome name, found `->`")
        .at(span(21, 23))
        .label(span(9, 10), "this `{` is still open")
        .because("a note: with, marks")
        .help("name it")
        .fix(span(21, 21), "done ", "insert a name");
    let bare = Diagnostic::warning(codes::EMPTY_FILE, "the file is empty").in_file(empty);
    let nowhere = Diagnostic::note(codes::UNREADABLE, "nothing to read <here> & \"there\"\nat all");
    (sources, vec![full, bare, nowhere])
}

#[test]
fn people() {
    let (sources, faults) = example();
    let all: Vec<String> = faults.iter().map(|fault| human::render(&sources, fault, false)).collect();
    insta::assert_snapshot!("human", all.join("\n"));
    let coloured = human::render(&sources, &faults[0], true);
    assert!(coloured.contains("\u{1b}["));
    assert!(!all[0].contains('\u{1b}'));
}

#[test]
fn a_span_outside_the_text_still_shows_the_message() {
    let (sources, _) = example();
    let fault = Diagnostic::error(codes::UNEXPECTED, "lost").at(Span::new(SourceId(0), 5_000, 6_000));
    assert!(human::render(&sources, &fault, false).contains("lost"));
    assert!(json::render(&sources, &fault).is_object());
}

#[test]
fn machines() {
    let (sources, faults) = example();
    let all: Vec<_> = faults.iter().map(|fault| json::render(&sources, fault)).collect();
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&all).unwrap());
    insta::assert_snapshot!(
        "sarif",
        serde_json::to_string_pretty(&sarif::render(&sources, &faults[..1], "0.1.0")).unwrap()
    );
    let lines: Vec<String> = faults.iter().map(|fault| github::render(&sources, fault)).collect();
    assert!(lines.iter().all(|line| !line.contains('\n')));
    insta::assert_snapshot!("github", lines.join("\n"));
    let cases = junit::cases(&sources, &[SourceId(0), SourceId(1)], &faults);
    insta::assert_snapshot!("junit", junit::render(&cases));
}
