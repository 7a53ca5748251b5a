use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use xp_diagnostics::{Severity, SourceId};

mod textmate;
mod tree_sitter_xp;

/// Words of the table; marks are no words.
fn words() -> BTreeSet<String> {
    let letters = |text: &&str| text.bytes().all(|b| b.is_ascii_alphabetic());
    xp_syntax::words().iter().map(|word| word.text()).filter(letters).map(str::to_owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every `.xp` file of the repository that the compiler reads, with its text.
fn workflows() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.is_file() && path.extension().is_some_and(|end| end == "xp") {
                let text = fs::read_to_string(&path).unwrap();
                let faults = xp_syntax::parse(SourceId(0), &text).diagnostics;
                if !faults.iter().any(|fault| fault.severity == Severity::Error) {
                    found.push((path, text));
                }
            }
        }
    }
    found.sort();
    assert!(found.len() > 60, "only {} workflows", found.len());
    found
}
