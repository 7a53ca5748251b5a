//! Unmodified programs from the npm registry that tests run: each set is a `package-lock.json` in the repository, installed in `.xp`.

use std::fs;
use std::path::PathBuf;

use super::{Part, npm, put, say, sha256};
use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

const FILES: [&str; 2] = ["package.json", "package-lock.json"];
const STAMP: &str = "lock.sha256";

/// Sets of packages: the name of the folder in `.xp`, and the folder of the lock file.
const SETS: [(&str, &str); 5] = [
    ("octokit", "tests/dev/forge/octokit"),
    ("mcp-servers", "tests/dev/servers"),
    ("mcp-clients", "tests/dev/clients"),
    ("browser", "tests/dev/browser"),
    ("oidc", "tests/dev/oidc"),
];

/// A set that is not there as its lock file says.
struct Missing {
    name: &'static str,
    source: PathBuf,
    /// Digest of the lock file.
    wanted: String,
}

fn all(place: &Place) -> Result<Vec<Missing>, Failure> {
    let mut found = Vec::new();
    for (name, folder) in SETS {
        let source = place.root.join(folder);
        let lock = source.join("package-lock.json");
        if !lock.is_file() {
            continue;
        }
        let wanted = fs::read(&lock).map(|bytes| sha256(&bytes)).map_err(Failure::io(lock.display()))?;
        let stamp = fs::read_to_string(place.private().join(name).join(STAMP)).unwrap_or_default();
        if stamp.trim() != wanted {
            found.push(Missing { name, source, wanted });
        }
    }
    Ok(found)
}

pub fn missing(place: &Place) -> Result<bool, Failure> {
    Ok(!all(place)?.is_empty())
}

/// Installs what is missing; returns whether anything was.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    let missing = all(place)?;
    for Missing { name, source, wanted } in &missing {
        say(&format!("{name}: installing what {} names", source.join("package-lock.json").display()));
        let part = Part::new(place, name)?;
        let whole = part.folder.join("whole");
        fs::create_dir_all(&whole).map_err(Failure::io(whole.display()))?;
        for file in FILES {
            fs::copy(source.join(file), whole.join(file)).map_err(Failure::io(file))?;
        }
        // The lock pins every package by digest; install scripts are disabled.
        shell::quietly(
            npm::command(&whole).args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]),
            "npm ci",
        )?;
        fs::write(whole.join(STAMP), format!("{wanted}\n")).map_err(Failure::io(STAMP))?;
        put(&whole, &place.private().join(name))?;
    }
    Ok(!missing.is_empty())
}
