//! Unmodified packages from PyPI that tests run, each pinned by digest, installed in `.xp`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Part, put, say, sha256, tools};
use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

const STAMP: &str = "requirements.sha256";

/// Packages that are installed together.
struct Set {
    /// The folder in `.xp`.
    name: &'static str,
    /// What is published as wheels.
    wheels: &'static str,
    /// What is published as source only. It is built by what the wheels hold.
    sources: Option<&'static str>,
    /// Modules are compiled: programs of the set are started once for a call.
    compiled: bool,
}

const SETS: [Set; 2] = [
    Set {
        name: "mcp-clients-python",
        wheels: "tests/dev/clients/requirements.txt",
        sources: None,
        compiled: false,
    },
    Set {
        name: "servers-python",
        wheels: "tests/dev/servers/requirements.txt",
        sources: Some("tests/dev/servers/sources.txt"),
        compiled: true,
    },
];

impl Set {
    fn lists(&self, place: &Place) -> Vec<PathBuf> {
        std::iter::once(self.wheels).chain(self.sources).map(|list| place.root.join(list)).collect()
    }

    /// The digest of its lists, if it is not there as they say.
    fn wanted(&self, place: &Place) -> Result<Option<String>, Failure> {
        if !place.root.join(self.wheels).is_file() {
            return Ok(None);
        }
        let mut all = Vec::new();
        for list in self.lists(place) {
            all.append(&mut fs::read(&list).map_err(Failure::io(list.display()))?);
        }
        let wanted = sha256(&all);
        let stamp = fs::read_to_string(place.private().join(self.name).join(STAMP)).unwrap_or_default();
        Ok((stamp.trim() != wanted).then_some(wanted))
    }

    fn install(&self, place: &Place, wanted: &str) -> Result<(), Failure> {
        say(&format!("{}: installing what {} names (70 to 80 MB)", self.name, self.wheels));
        let part = Part::new(place, self.name)?;
        let whole = part.folder.join("whole");
        let mut pip = self.pip(&place.root.join(self.wheels), &whole);
        shell::quietly(pip.arg("--only-binary=:all:"), "pip install")?;
        if let Some(sources) = self.sources {
            let mut pip = self.pip(&place.root.join(sources), &whole);
            pip.args(["--no-binary=:all:", "--no-build-isolation"]).env("PYTHONPATH", &whole);
            shell::quietly(&mut pip, "pip install")?;
        }
        fs::write(whole.join(STAMP), format!("{wanted}\n")).map_err(Failure::io(STAMP))?;
        put(&whole, &place.private().join(self.name))
    }

    fn pip(&self, list: &Path, target: &Path) -> Command {
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--root-user-action=ignore",
        ])
        .args(["--no-deps", "--require-hashes", "--requirement"])
        .arg(list)
        .arg("--target")
        .arg(target);
        if !self.compiled {
            pip.arg("--no-compile");
        }
        pip
    }
}

pub fn missing(place: &Place) -> Result<bool, Failure> {
    for set in &SETS {
        if set.wanted(place)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Installs what is missing; returns whether anything was.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    let mut any = false;
    for set in &SETS {
        if let Some(wanted) = set.wanted(place)? {
            tools::ensure_pip()?;
            set.install(place, &wanted)?;
            any = true;
        }
    }
    Ok(any)
}
