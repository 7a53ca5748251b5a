//! Unmodified packages from PyPI that tests run, each pinned by digest in a `requirements.txt`, installed in `.xp`.

use std::fs;
use std::process::Command;

use super::{Part, put, say, sha256, tools};
use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

/// The folder in `.xp`.
const NAME: &str = "mcp-clients-python";
const REQUIREMENTS: &str = "tests/dev/clients/requirements.txt";
const STAMP: &str = "requirements.sha256";

fn wanted(place: &Place) -> Result<Option<String>, Failure> {
    let list = place.root.join(REQUIREMENTS);
    if !list.is_file() {
        return Ok(None);
    }
    let wanted = fs::read(&list).map(|bytes| sha256(&bytes)).map_err(Failure::io(list.display()))?;
    let stamp = fs::read_to_string(place.private().join(NAME).join(STAMP)).unwrap_or_default();
    Ok((stamp.trim() != wanted).then_some(wanted))
}

pub fn missing(place: &Place) -> Result<bool, Failure> {
    Ok(wanted(place)?.is_some())
}

/// Installs what is missing; returns whether anything was.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    let Some(wanted) = wanted(place)? else { return Ok(false) };
    tools::ensure_pip()?;
    let list = place.root.join(REQUIREMENTS);
    say(&format!("{NAME}: installing what {} names (80 MB)", list.display()));
    let part = Part::new(place, NAME)?;
    let whole = part.folder.join("whole");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"])
        .args(["--no-deps", "--no-compile", "--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(&list)
        .arg("--target")
        .arg(&whole);
    shell::quietly(&mut pip, "pip install")?;
    fs::write(whole.join(STAMP), format!("{wanted}\n")).map_err(Failure::io(STAMP))?;
    put(&whole, &place.private().join(NAME))?;
    Ok(true)
}
