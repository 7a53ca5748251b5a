//! No source file has over 1,000 lines, and the median is under 250.

use super::files::{self, File};

const LONGEST: usize = 1_000;
const MEDIAN: usize = 250;
const SOURCES: [&str; 8] = ["rs", "pest", "xp", "js", "mjs", "ts", "sh", "py"];

fn too_long(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lengths = Vec::new();
    for file in files.iter().filter(|file| SOURCES.iter().any(|extension| file.is(extension))) {
        let length = file.text.as_deref().unwrap_or_default().lines().count();
        if length > LONGEST {
            found.push(format!("{}: {length} lines, at most {LONGEST}", file.path));
        }
        if file.is("rs") {
            lengths.push(length);
        }
    }
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    if median >= MEDIAN {
        found.push(format!("median: {median} lines, must be under {MEDIAN}"));
    }
    found
}

#[test]
fn sources_are_short() {
    super::none(&too_long(files::all()));
}

#[test]
fn a_long_file_and_a_long_median_are_seen() {
    let made = [
        File::made("a.rs", &"x\n".repeat(1_001)),
        File::made("b.rs", &"x\n".repeat(250)),
        File::made("c.md", ""),
    ];
    super::seen(&too_long(&made), "a.rs: 1001");
    super::seen(&too_long(&made), "median: 1001");
    super::seen(&too_long(&made[1..]), "median: 250");
    super::none(&too_long(&[File::made("a.rs", &"x\n".repeat(249))]));
}
