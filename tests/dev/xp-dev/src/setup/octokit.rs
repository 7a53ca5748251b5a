//! The unmodified client for tests of the stand-in: `tests/dev/forge/octokit/package-lock.json`, installed in
//! `.xp/octokit`.

use std::fs;
use std::path::PathBuf;

use super::{Part, npm, put, say, sha256};
use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

const FILES: [&str; 2] = ["package.json", "package-lock.json"];
const STAMP: &str = "lock.sha256";

fn source(place: &Place) -> PathBuf {
    place.root.join("tests/dev/forge/octokit")
}

fn target(place: &Place) -> PathBuf {
    place.private().join("octokit")
}

/// The lock file to install, or `None` if the stand-in has no such test.
fn wanted(place: &Place) -> Result<Option<String>, Failure> {
    let lock = source(place).join("package-lock.json");
    if !lock.is_file() {
        return Ok(None);
    }
    fs::read(&lock).map(|bytes| Some(sha256(&bytes))).map_err(Failure::io(lock.display()))
}

pub fn missing(place: &Place) -> Result<bool, Failure> {
    let Some(wanted) = wanted(place)? else { return Ok(false) };
    let stamp = fs::read_to_string(target(place).join(STAMP)).unwrap_or_default();
    Ok(stamp.trim() != wanted)
}

/// Installs the client; returns whether it was missing.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    let Some(wanted) = wanted(place)? else { return Ok(false) };
    if !missing(place)? {
        return Ok(false);
    }
    say("octokit: installing what tests/dev/forge/octokit/package-lock.json names");
    let part = Part::new(place, "octokit")?;
    let whole = part.folder.join("whole");
    fs::create_dir_all(&whole).map_err(Failure::io(whole.display()))?;
    for file in FILES {
        fs::copy(source(place).join(file), whole.join(file)).map_err(Failure::io(file))?;
    }
    // The lock pins every package by digest; install scripts are disabled.
    shell::quietly(
        npm::command(&whole).args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]),
        "npm ci",
    )?;
    fs::write(whole.join(STAMP), format!("{wanted}\n")).map_err(Failure::io(STAMP))?;
    put(&whole, &target(place))?;
    Ok(true)
}
