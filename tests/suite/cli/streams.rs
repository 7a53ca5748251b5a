//! Data is written to stdout, messages to stderr, and colours only to terminals.

use std::io::Read as _;
use std::process::{Command, Stdio};

use super::{edited, example, folder_with, run, xpc};

const ESCAPE: char = '\u{1b}';

#[test]
fn data_on_stdout_and_talk_on_stderr() {
    let good = run(&xp_tests::root(), &["check", "examples/bug_fix"]).exits(0);
    assert!(good.talk.is_empty() && good.out.contains("18 proved"), "{good}");
    let folder = folder_with("workflow.xp", &edited("after open_pr.done {", "after open_pr.don {"));
    let bad = run(folder.path(), &["check", "workflow.xp"]).exits(2).says(&["error[XP0209]"]);
    assert!(!bad.out.contains("error["), "{bad}");
    for format in ["json", "sarif", "junit"] {
        let bad = run(folder.path(), &["check", "workflow.xp", "--format", format]).exits(2);
        assert!(bad.talk.is_empty(), "the format says it all: {bad}");
    }
}

#[test]
fn no_colour_away_from_a_terminal() {
    let folder = folder_with("workflow.xp", &edited("path: one of propose.files, text", "path: any, text"));
    let ran = run(folder.path(), &["check", "workflow.xp"]).exits(3);
    assert!(!ran.out.contains(ESCAPE) && !ran.talk.contains(ESCAPE), "{ran}");
}

/// Runs the program on a pseudo-terminal, made with `script` (util-linux).
fn on_a_terminal(no_colour: Option<&str>) -> String {
    let folder = folder_with("workflow.xp", &edited("path: one of propose.files, text", "path: any, text"));
    let program = xp_tests::program("xpc");
    let line = format!("'{}' check workflow.xp", program.display());
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(folder.path()).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    if let Some(value) = no_colour {
        command.env("NO_COLOR", value);
    }
    let output = command.output().expect("script starts");
    assert_eq!(output.status.code(), Some(3));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn colour_on_a_terminal_unless_asked_not_to() {
    let coloured = on_a_terminal(None);
    assert!(coloured.contains(ESCAPE), "{coloured}");
    assert!(on_a_terminal(Some("")).contains(ESCAPE), "an empty NO_COLOR says nothing");
    let plain = on_a_terminal(Some("1"));
    assert!(plain.contains("XP0624") && !plain.contains(ESCAPE), "{plain}");
}

/// A closed pipe, as in `xpc … | head -1`, is neither a failure nor an error message.
#[test]
fn a_closed_stdout_is_no_crash() {
    let file = example();
    let file = file.to_str().expect("a path");
    for arguments in [
        vec!["check", file],
        vec!["check", file, "--format", "json"],
        vec!["graph", file, "--format", "svg"],
        vec!["explain", "XP0301"],
        vec!["--help"],
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = xpc(folder.path())
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("xpc starts");
        drop(child.stdout.take());
        let mut talk = String::new();
        child.stderr.take().expect("stderr").read_to_string(&mut talk).expect("read");
        let status = child.wait().expect("it ends");
        assert!(!talk.contains("panicked"), "{arguments:?}: {talk}");
        assert!(matches!(status.code(), Some(0)), "{arguments:?}: {status}: {talk}");
    }
}

/// A full disk behind stdout is reported, and is not counted as invalid input.
#[test]
fn a_stdout_that_cannot_be_written_is_said() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = xpc(&xp_tests::root())
        .args(["check", "examples/bug_fix", "--format", "json"])
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .output()
        .expect("xpc starts");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to stdout"));
}
