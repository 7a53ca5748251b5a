//! Paths and branch names against the real git: what is accepted here, git accepts; what git protects, is refused here.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use xp_scope::{path, refs};

fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new("git")
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("LC_ALL", "C.UTF-8")
        .args([
            "-c",
            "core.protectHFS=true",
            "-c",
            "core.protectNTFS=true",
            "-c",
            "core.precomposeUnicode=false",
        ])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn done(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn repository() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    done(git(folder.path(), &["init", "-q", "--bare", "."], b""));
    let blob = done(git(folder.path(), &["hash-object", "-w", "--stdin"], b"x"));
    let blob = String::from_utf8(blob).unwrap().trim().to_owned();
    (folder, blob)
}

fn samples(strategy: impl Strategy<Value = String>, count: usize) -> BTreeSet<String> {
    let mut runner = TestRunner::default();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

const PIECES: &[&str] = &[
    "a",
    "b",
    "README",
    "src",
    "main.rs",
    ".",
    ".",
    "/",
    "/",
    "/",
    "..",
    "-",
    " ",
    "~",
    "~1",
    "git",
    ".git",
    "GIT",
    ".github",
    "g",
    "I",
    "t",
    "\u{200c}",
    "\u{200d}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "e\u{301}",
    "日本",
    "ß",
    "ı",
    "K",
    "ſ",
    ":",
    "\\",
    "*",
    "?",
    "[",
    "]",
    "{",
    "}",
    "@",
    "@{",
    "^",
    "\"",
    "'",
    "$",
    "(",
    "\t",
    "\n",
    "\u{7f}",
    "\u{0}",
    "lock",
    ".lock",
    "HEAD",
    "refs",
    "heads",
    "#",
    "%",
    "+",
    ",",
    ";",
    "=",
    "::$INDEX_ALLOCATION",
    "modules",
    "attributes",
    "8",
    "0123456789abcdef",
    "👩",
    "\u{2028}",
    "\u{a0}",
];

fn pieces(max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 1..max).prop_map(|pieces| pieces.concat())
}

#[test]
fn git_accepts_every_path_we_accept() {
    let mut paths: Vec<String> = Vec::new();
    let candidates = samples(pieces(8), 30_000).into_iter().chain(samples(".{1,12}", 3_000));
    for candidate in candidates.filter(|candidate| path::check(candidate).is_ok()) {
        // One tree holds them all, so those that collide stay out; quadratic only in what `distinct` sees at once.
        paths.push(candidate);
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    paths.retain(|path| {
        // Nothing may be a file and a folder.
        let folders: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        let free = folders.iter().all(|folder| !taken.contains(&format!("file {folder}")))
            && !taken.contains(&format!("folder {path}"));
        if free {
            taken.extend(folders.iter().map(|folder| format!("folder {folder}")));
            taken.insert(format!("file {path}"));
        }
        free
    });
    assert!(paths.len() > 2_000, "only {} paths", paths.len());

    let (folder, blob) = repository();
    let mut stream = b"commit refs/heads/x\ncommitter x <x> 0 +0000\ndata 0\n".to_vec();
    for path in &paths {
        let quoted = path.replace('\\', "\\\\").replace('"', "\\\"");
        stream.extend(format!("M 100644 {blob} \"{quoted}\"\n").into_bytes());
    }
    done(git(folder.path(), &["fast-import", "--quiet"], &stream));
    let listed = done(git(folder.path(), &["ls-tree", "-r", "-z", "--name-only", "refs/heads/x"], b""));
    let listed: BTreeSet<&str> = listed
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty())
        .map(|name| path::check_bytes(name).unwrap())
        .collect();
    assert_eq!(listed, paths.iter().map(String::as_str).collect());

    done(git(folder.path(), &["fsck", "--strict", "--no-dangling"], b""));
    done(git(folder.path(), &["read-tree", "refs/heads/x"], b""));
}

#[test]
fn git_accepts_every_branch_we_accept() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = samples(pieces(6), 4_000)
        .into_iter()
        .chain(samples("[a-zA-Z0-9/._-]{1,10}", 300))
        .filter(|name| refs::check_branch(name).is_ok())
        .take(500)
        .collect();
    assert!(names.len() > 300, "only {} names", names.len());
    for name in &names {
        let full = refs::full(name).unwrap();
        assert!(git(folder.path(), &["check-ref-format", &full], b"").status.success(), "{full:?}");
        let short = done(git(folder.path(), &["check-ref-format", "--branch", name], b""));
        assert_eq!(String::from_utf8(short).unwrap().trim_end_matches('\n'), name);
        assert_eq!(refs::short(&full), Some(name.as_str()));
    }
}

#[test]
fn we_refuse_every_branch_git_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for name in samples(pieces(4), 400) {
        if name.contains('\0') {
            assert!(refs::check_branch(&name).is_err());
        } else if !git(folder.path(), &["check-ref-format", "--branch", &name], b"").status.success() {
            refused += 1;
            assert!(refs::check_branch(&name).is_err(), "{name:?}");
        }
    }
    assert!(refused > 50);
}

/// Spellings of `.git`: case, characters HFS+ ignores, what NTFS drops or adds.
fn dot_git() -> impl Strategy<Value = String> {
    let ignored = prop::sample::select(vec![
        "", "", "", "\u{200c}", "\u{200d}", "\u{200e}", "\u{202a}", "\u{206a}", "\u{feff}",
    ]);
    let letter = |letters: &'static [&'static str]| prop::sample::select(letters);
    let hfs = (
        ignored.clone(),
        ignored.clone(),
        letter(&["g", "G"]),
        letter(&["i", "I"]),
        ignored,
        letter(&["t", "T"]),
    )
        .prop_map(|(a, b, g, i, c, t)| format!("{a}.{b}{g}{i}{c}{t}"));
    let stem = prop::sample::select(vec![".git", ".GIT", ".gIt", "git~1", "GIT~1", "Git~1"]);
    let tail = prop::sample::select(vec!["", ".", " ", ". .", "...", "::$INDEX_ALLOCATION", ":x", "\\x"]);
    let ntfs = (stem, tail).prop_map(|(stem, tail)| format!("{stem}{tail}"));
    prop_oneof![hfs, ntfs]
}

#[test]
fn we_refuse_every_path_git_refuses() {
    let (folder, blob) = repository();
    let mut refused = 0;
    let nested = (dot_git(), prop::sample::select(vec!["", "a/"]), prop::sample::select(vec!["", "/config"]))
        .prop_map(|(name, before, after)| format!("{before}{name}{after}"));
    for name in samples(nested, 300) {
        assert!(path::check(&name).is_err(), "{name:?}");
        let entry = format!("100644,{blob},{name}");
        let output = git(folder.path(), &["update-index", "--add", "--cacheinfo", &entry], b"");
        assert!(!output.status.success(), "git takes {name:?}: the test tries nothing");
    }
    for name in samples(pieces(5), 1_200).into_iter().filter(|name| !name.contains('\0')) {
        let entry = format!("100644,{blob},{name}");
        // Every entry replaces what is in its way, so only the name decides.
        let output = git(folder.path(), &["update-index", "--add", "--replace", "--cacheinfo", &entry], b"");
        if !output.status.success() {
            refused += 1;
            assert!(path::check(&name).is_err(), "{name:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert!(refused > 20, "git refused only {refused}");
}
