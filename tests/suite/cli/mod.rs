//! `xpc` as a program: exit code, stdout and stderr.

mod bad_input;
mod build;
mod causes;
mod deploy;
mod draft;
mod explain;
mod fix;
mod fixes;
mod fmt;
mod formats;
mod graph;
mod guards;
mod hidden;
mod holds;
mod human;
mod import;
mod import_mcp;
mod prover;
mod refuted;
mod replay;
mod reviewer;
mod roster;
mod several;
mod shape;
mod slips;
mod streams;
mod verify;
mod words;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Exit code and output of a run of `xpc`.
struct Ran {
    code: i32,
    out: String,
    talk: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8 on every stream");
        let ran = Self {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            talk: text(output.stderr),
        };
        assert!(!ran.talk.contains("panicked"), "{ran}");
        assert!((0..=4).contains(&ran.code), "an exit code nobody documents: {ran}");
        ran
    }

    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Asserts that stderr contains each of these texts.
    #[track_caller]
    fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.talk.contains(part), "no {part:?} in: {self}");
        }
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit {}\n-- stdout\n{}\n-- stderr\n{}", self.code, self.out, self.talk)
    }
}

/// A command that runs `xpc` in a folder, without a terminal.
fn xpc(folder: &Path) -> Command {
    let mut command = Command::new(xp_tests::program("xpc"));
    command.current_dir(folder).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

fn run<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Ran {
    Ran::of(xpc(folder).args(arguments).output().expect("xpc starts"))
}

fn example() -> PathBuf {
    xp_tests::root().join("examples/bug_fix/bug_fix.xp")
}

fn example_text() -> String {
    std::fs::read_to_string(example()).expect("the example")
}

/// The example with one replacement, which must match exactly once.
#[track_caller]
fn edited(from: &str, to: &str) -> String {
    let text = example_text();
    assert_eq!(text.matches(from).count(), 1, "the example no longer says {from:?} once");
    text.replace(from, to)
}

/// The example with a property that is unknown because a declaration omits a clause.
fn unanswered() -> String {
    let mut text = example_text();
    for (from, to) in [
        (
            "/// Fix one",
            "connector wiki {\n  action read(name: text) -> { text: text } {\n    effect read\n    changes nothing\n    \
             repeat idempotent\n  }\n}\n\n/// Fix one",
        ),
        (
            "analyse by developer after triage.done {",
            "analyse by developer after triage.done {\n    may wiki.read(\"x\") max 1",
        ),
        (
            "  prove effect merge at most",
            "  prove untrusted text reaches wiki.read only through senior\n  prove effect merge at most",
        ),
    ] {
        assert_eq!(text.matches(from).count(), 1, "the example no longer says {from:?} once");
        text = text.replace(from, to);
    }
    text
}

/// A folder with one file.
fn folder_with(name: &str, text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), text).expect("written");
    folder
}

/// Runs `xpc check --format json` on a text, as `workflow.xp`.
fn check(text: &str) -> (Ran, Value) {
    let folder = folder_with("workflow.xp", text);
    let ran = run(folder.path(), &["check", "workflow.xp", "--format", "json"]);
    let object = ran.json();
    shape::holds(&object);
    (ran, object)
}

fn list<'a>(value: &'a Value, member: &str) -> &'a Vec<Value> {
    value[member].as_array().unwrap_or_else(|| panic!("`{member}` is no list in {value:#}"))
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("`{member}` is no text in {value:#}"))
}

/// First line of a span, counted from 1.
fn line(span: &Value) -> u64 {
    span["start"]["line"].as_u64().expect("a line")
}

/// Codes of the diagnostics, in order.
fn codes(object: &Value) -> Vec<&str> {
    list(object, "diagnostics").iter().map(|one| text(one, "code")).collect()
}
