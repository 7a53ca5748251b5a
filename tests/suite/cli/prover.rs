//! `xpc` without its prover, with a prover of another version, and with one that misbehaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Ran, edited, example, folder_with, xpc};

/// An installation of `xpc` alone: no prover in `lib/xpc` or beside it, no library path.
struct Alone(TempDir);

impl Alone {
    fn new() -> Self {
        let program = xp_tests::program("xpc");
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("bin")).expect("made");
        placed(&program, &folder.path().join("bin/xpc"));
        Self(folder)
    }

    fn install(&self, prover: &Path) {
        let folder = self.0.path().join("lib/xpc");
        fs::create_dir_all(&folder).expect("made");
        placed(prover, &folder.join("xpc-prove"));
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(self.0.path().join("bin/xpc"));
        command.args(arguments).env_clear().current_dir(self.0.path()).stdin(Stdio::null());
        Ran::of(command.output().expect("xpc starts"))
    }
}

/// Places a program at another path, by a hard link if possible, else by a copy.
fn placed(program: &Path, place: &Path) {
    if fs::hard_link(program, place).is_err() {
        fs::copy(program, place).expect("copied");
    }
}

/// A prover script that behaves as its name says.
fn named(name: &str) -> PathBuf {
    xp_tests::root().join("compiler/xpc-driver/tests/provers").join(name)
}

fn with(prover: &Path, arguments: &[&str]) -> Ran {
    let mut command = xpc(&xp_tests::root());
    Ran::of(command.env("XPC_PROVE", prover).args(arguments).output().expect("xpc starts"))
}

fn names_libz3(program: &str) -> bool {
    let bytes = fs::read(xp_tests::program(program)).expect("a program");
    bytes.windows(8).any(|window| window == b"libz3.so")
}

#[test]
fn only_the_prover_is_linked_to_the_solver() {
    assert!(names_libz3("xpc-prove"), "the test looks for what is not there");
    assert!(!names_libz3("xpc"));
}

#[test]
fn what_proves_nothing_needs_no_prover() {
    let alone = Alone::new();
    let file = example();
    let file = file.to_str().expect("a path");
    alone.run(&["--help"]).exits(0);
    alone.run(&["--version"]).exits(0);
    alone.run(&["explain", "XP0301"]).exits(0);
    alone.run(&["fmt", "--check", file]).exits(0);
    let drawn = alone.run(&["graph", file]).exits(0).says(&["not checked"]);
    assert!(drawn.out.contains("not checked"), "{drawn}");
    fs::write(alone.0.path().join("bad.xp"), edited("after open_pr.done {", "after open_pr.don {"))
        .expect("written");
    alone.run(&["check", "bad.xp"]).exits(2).says(&["XP0209"]);
    alone.run(&["build", "bad.xp", "-o", "bad.xpa"]).exits(2).says(&["XP0209"]);
    alone.run(&["deploy", "bad.xp", "--server", "http://127.0.0.1:9"]).exits(2).says(&["XP0701"]);
    // `verify` needs an artifact: built by the complete installation, verified by the one without prover.
    let made = alone.0.path().join("good.xpa");
    let built = xpc(alone.0.path()).args(["build", file, "-o"]).arg(&made).output().expect("xpc starts");
    Ran::of(built).exits(0);
    let verified = alone.run(&["verify", "good.xpa"]).exits(0);
    assert!(verified.out.contains("18 of 18"), "{verified}");
}

#[test]
fn a_missing_prover_is_said_with_the_cure() {
    let alone = Alone::new();
    let file = example();
    let file = file.to_str().expect("a path");
    let ran = alone.run(&["check", file]).exits(1).says(&["lib/xpc/xpc-prove", "XPC_PROVE"]);
    assert!(!ran.out.contains("proved"), "{ran}");
    alone.run(&["build", file, "-o", "out.xpa"]).exits(1).says(&["lib/xpc/xpc-prove"]);
    assert!(!alone.0.path().join("out.xpa").exists());
    with(Path::new("nowhere"), &["check", file]).exits(1).says(&["XPC_PROVE", "nowhere"]);
}

#[test]
fn the_installed_form_proves() {
    let alone = Alone::new();
    alone.install(&xp_tests::program("xpc-prove"));
    let file = example();
    let ran = alone.run(&["check", file.to_str().expect("a path")]).exits(0);
    assert!(ran.out.contains("18 proved"), "{ran}");
}

#[test]
fn another_version_is_refused() {
    let ran = with(&named("other_version.sh"), &["check", "examples/bug_fix"]).exits(1);
    assert!(ran.talk.contains("version 0.0.0") && !ran.out.contains("proved"), "{ran}");
}

#[test]
fn a_prover_that_fails_is_a_failure_of_the_tool() {
    for (prover, why) in [
        ("garbage.sh", "does not speak as agreed"),
        ("no_library.sh", "libz3.so"),
        ("half_a_line.sh", "before it answered"),
        ("another_question.sh", "it was asked"),
        ("closes.sh", "closed its answers"),
    ] {
        let ran =
            with(&named(prover), &["check", "examples/bug_fix"]).exits(1).says(&["the prover failed", why]);
        assert!(ran.out.is_empty(), "{prover}: {ran}");
    }
}

#[test]
fn a_prover_that_is_killed_leaves_questions_unknown() {
    let ran = with(&named("killed.sh"), &["check", "examples/bug_fix"]).exits(4).says(&["XP0632", "signal"]);
    assert!(ran.out.contains("18 unknown in") && !ran.out.contains("  proved"), "{ran}");
}

#[test]
fn a_prover_that_hangs_is_ended_by_the_limit() {
    let begun = Instant::now();
    let ran = with(&named("silent.sh"), &["check", "examples/bug_fix", "--workflow-ms", "200"]).exits(4);
    assert!(ran.talk.contains("within 200 ms") && ran.out.contains("18 unknown"), "{ran}");
    assert!(begun.elapsed() < Duration::from_secs(60));
}

/// The prover ends when the `xpc` that started it is gone.
#[test]
fn a_prover_ends_with_whoever_asks() {
    let mut child = Command::new(xp_tests::program("xpc-prove"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("xpc-prove starts");
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_prover_refuses_what_it_cannot_read() {
    use std::io::{Read as _, Write as _};
    for line in ["proved\n", "{\"version\":{\"protocol\":0,\"build\":\"0.0.0\"},\"body\":null}\n"] {
        let mut child = Command::new(xp_tests::program("xpc-prove"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("xpc-prove starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(line.as_bytes()).expect("written");
        let mut said = String::new();
        child.stdout.take().expect("a pipe").read_to_string(&mut said).expect("read");
        assert!(said.contains("refused") && !said.contains("verdict"), "{said}");
        assert_eq!(child.wait().expect("it ends").code(), Some(1), "{said}");
    }
}

/// The deepest formulas that parse reach the prover; JSON readers usually have a lower limit on nesting.
#[test]
fn deep_formulas_pass_the_pipe() {
    let mut formula = "a.done".to_owned();
    for level in 0..62 {
        let word = if level % 2 == 0 { "or" } else { "and" };
        formula = format!("({formula} {word} a.other)");
    }
    let source = format!(
        "workflow w {{\n  agent r\n  step a by r {{\n    outcome done\n    outcome other\n  }}\n  step b by r after {formula} {{\n    outcome done\n  }}\n  finish when b.done or a.done or a.other\n}}\n"
    );
    let folder = folder_with("deep.xp", &source);
    let ran = super::run(folder.path(), &["check", "deep.xp"]);
    assert!(ran.exits(3).out.contains("9 proved, 2 refuted"));
}
