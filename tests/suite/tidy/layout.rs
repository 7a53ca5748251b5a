//! The top level of the repository has no unlisted entries.

use std::collections::BTreeSet;

use super::files::{self, File};

const ROOMS: [&str; 8] = ["clients", "compiler", "runtime", "lang", "stdlib", "examples", "tests", "editors"];
const FILES: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "CHANGELOG.md", "rust-toolchain.toml"];

/// Visible entries that are not listed. Hidden entries belong to tools.
fn strangers(files: &[File]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    for file in files {
        let (top, is_folder) = match file.path.split_once('/') {
            Some((top, _)) => (top, true),
            None => (file.path.as_str(), false),
        };
        let allowed = if is_folder { ROOMS.contains(&top) } else { FILES.contains(&top) };
        if !allowed && !top.starts_with('.') {
            seen.insert(format!("{top} does not belong at the top level"));
        }
    }
    seen.into_iter().collect()
}

#[test]
fn the_top_level_holds_what_it_should() {
    super::none(&strangers(files::all()));
}

#[test]
fn a_stranger_at_the_top_level_is_seen() {
    let made = [File::made("core/src/lib.rs", ""), File::made("notes.md", ""), File::made("lang/x", "")];
    let found = strangers(&made);
    super::seen(&found, "core");
    super::seen(&found, "notes.md");
    assert_eq!(found.len(), 2);
}
