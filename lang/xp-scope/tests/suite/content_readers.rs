//! Random text, neutralised, before readers that obey: their expressions, as their makers publish or document them, and
//! git itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use regex::Regex;
use xp_scope::{ContentError, neutralise};

/// Who reads, what they obey, how many of the random texts must have been obeyed before they were neutralised.
const READERS: &[(&str, &str)] = &[
    ("github mention", r"(?i)(?:^|[^0-9A-Za-z_`])@([a-z0-9][a-z0-9-]*)"),
    ("mention in a raw message", r"@[A-Za-z0-9_]"),
    ("github closing", r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[:\s]+(?:[\w.-]+/[\w.-]+)?#\d"),
    (
        "github closing by address",
        r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[:\s]+https://github\.com/\S+/(?:issues|pull)/\d",
    ),
    (
        "gitlab closing",
        r"\b((?:[Cc]los(?:e[sd]?|ing)|\b[Ff]ix(?:e[sd]|ing)?|\b[Rr]esolv(?:e[sd]?|ing)|\b[Ii]mplement(?:s|ed|ing)?)(:?) +(?:(?:issues? +)?(?:[\w/.-]*#\d+|https://\S+/issues/\d+)(?:(?: *,? +and +| *,? *)?)|([A-Z][A-Z0-9_]+-\d+))+)",
    ),
    ("sloppy closing", r"(?i)(?:fix(?:es)?|closes)\W+#\d"),
    ("jira smart commit", r"[A-Z][A-Z0-9_]+-\d+\s.*#[a-z]"),
    ("prow", r"(?mi)^/(?:lgtm|approve|hold|close|test)\b"),
    ("gitlab quick action", r"(?m)^\s*/(?:merge|close|assign|approve)\b"),
    ("bors-ng", r"(?mi)^bors(?: |:)"),
    ("homu", r"@bors\b.*\br\+"),
    ("jenkins ghprb", r"(?i)(?:test|retest)\W+this\W+please|ok\W+to\W+test|add\W+to\W+whitelist"),
    ("skip, gitlab", r"(?i)\[(?:ci[ _-]skip|skip[ _-]ci)\]"),
    ("skip, github", r"(?i)\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]"),
    ("skip, azure", r"(?i)\*\*\*NO_CI\*\*\*"),
    ("skip, sloppy", r"(?i)\bskip[-_]ci\b"),
    ("gerrit", r"(?m)^Change-Id: "),
    ("sign-off", r"(?mi)^(?:signed-off-by|co-authored-by):"),
    ("release-please", r"(?mi)^release-as:"),
    ("html tag", r"<[A-Za-z/!?]"),
    ("image", r"!\[[^\]]*\]"),
    ("definition", r"(?m)^\s*\[[^\]]*\]:"),
    ("entity", r"&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);"),
    ("azure log command", r"##vso\[|##\["),
    ("github log command", r"(?m)^\s*::[a-z]"),
];

/// Pieces of orders, to be put together at random.
const PIECES: &[&str] = &[
    "@",
    "@bors",
    "@bors r+",
    "alice",
    "/",
    "/lgtm",
    "/merge",
    "/approve",
    "\n",
    "\n",
    " ",
    " ",
    ": ",
    ", ",
    " and ",
    "fixes",
    "Closes",
    "resolve",
    "Implements",
    "issue ",
    "#1",
    "#",
    "!2",
    "o/r#3",
    "PROJ-4",
    "#done",
    "https://github.com/o/r/issues/5",
    "fixes https://github.com/o/r/pull/6",
    "closes #",
    "fixes #1",
    "Resolves: o/r#3",
    "@bors x r+",
    "add to whitelist",
    "PROJ-4 #done",
    "[",
    "]",
    "](x)",
    "[x]:",
    "skip",
    "ci",
    "-",
    "_",
    "no",
    "[skip ci]",
    "[ci skip]",
    "[no ci]",
    "***",
    "***NO_CI***",
    "Change-Id: ",
    "\nsigned-off-by:",
    "\nrelease-as:",
    "\nbors ",
    "\n/merge ",
    "##[",
    "[x]: ",
    "NO_CI",
    "skip-ci",
    "Signed-off-by",
    "Change-Id",
    "co-authored-by",
    "release-as",
    ":",
    "<",
    "img",
    "</",
    "<!--",
    "!",
    "![",
    "&",
    "#64;",
    "&lt;",
    "&#64;",
    "##",
    "##vso[",
    "::",
    "::add",
    "bors ",
    "bors r+",
    "retest",
    "test",
    "this",
    "please",
    "ok",
    "to",
    "add",
    "whitelist",
    "·",
    "*",
    "`",
    "> ",
    "- ",
    "1. ",
    "\\",
    "\t",
    "é",
    "ſ",
    "＠",
    "－",
    "ﬁ",
    "№",
    "x",
    "7",
    ".",
    "(",
    ")",
    "\"",
    "\n\n",
    "\r\n",
    "Cc",
    "BREAKING CHANGE",
    "{",
    "}",
    "~",
    "K",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..12).prop_map(|pieces| pieces.concat())
}

fn config(default: u32) -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default);
    Config { failure_persistence: None, ..Config::with_cases(cases) }
}

#[test]
fn no_reader_obeys_what_was_neutralised() {
    let readers: Vec<(&str, Regex, AtomicUsize)> = READERS
        .iter()
        .map(|(name, order)| (*name, Regex::new(order).unwrap(), AtomicUsize::new(0)))
        .collect();
    let unbreakable = AtomicUsize::new(0);
    let mut runner = TestRunner::new(config(15_000));
    runner
        .run(&soup(), |text| {
            let safe = match neutralise(&text, 10_000) {
                Ok(safe) => safe,
                Err(ContentError::Unbreakable(_)) => {
                    unbreakable.fetch_add(1, Ordering::Relaxed);
                    prop_assert!(text.contains(['№', 'ﬁ']), "{text:?}");
                    return Ok(());
                }
                Err(error) => return Err(TestCaseError::fail(format!("{text:?}: {error}"))),
            };
            prop_assert_eq!(neutralise(&safe, 10_000), Ok(safe.clone()));
            let marks = safe.replace('·', "");
            prop_assert_eq!(marks, text.replace("\r\n", "\n").replace('·', ""), "only marks are added");
            for (name, order, obeyed) in &readers {
                if order.is_match(&text) {
                    obeyed.fetch_add(1, Ordering::Relaxed);
                }
                prop_assert!(!order.is_match(&safe), "{} obeys {:?}, made from {:?}", name, safe, text);
            }
            Ok(())
        })
        .unwrap();
    for (name, _, obeyed) in readers {
        let obeyed = obeyed.into_inner();
        println!("{name}: {obeyed} texts");
        assert!(obeyed >= 5, "{name} was hardly tried");
    }
}

#[test]
fn any_text_is_refused_or_stable() {
    let mut runner = TestRunner::new(config(3_000));
    runner
        .run(&".{0,40}", |text| {
            if let Ok(safe) = neutralise(&text, 10_000) {
                prop_assert_eq!(neutralise(&safe, 10_000), Ok(safe));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn git_finds_no_trailer_of_a_known_name() {
    let mut runner = TestRunner::new(config(60));
    let known = ["signed-off-by", "co-authored-by", "change-id", "release-as", "cc", "skip-ci"];
    let mut trailers = 0;
    for _ in 0..150 {
        let text = soup().new_tree(&mut runner).unwrap().current();
        let message = format!("subject\n\nbody\n\n{text}\n");
        let parsed = |message: &str| {
            let mut git = Command::new("git")
                .args(["interpret-trailers", "--parse"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            git.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
            let output = String::from_utf8(git.wait_with_output().unwrap().stdout).unwrap().to_lowercase();
            output
                .lines()
                .filter(|line| known.iter().any(|name| line.starts_with(&format!("{name}:"))))
                .count()
        };
        trailers += parsed(&message) + parsed(&format!("subject\n\nbody\n\nSigned-off-by: {text}\n"));
        if let Ok(safe) = neutralise(&message, 10_000) {
            assert_eq!(parsed(&safe), 0, "{safe}");
        }
        if let Ok(safe) = neutralise(&format!("subject\n\nbody\n\nSigned-off-by: {text}\n"), 10_000) {
            assert_eq!(parsed(&safe), 0, "{safe}");
        }
    }
    assert!(trailers >= 50, "git was hardly tried: {trailers}");
}
