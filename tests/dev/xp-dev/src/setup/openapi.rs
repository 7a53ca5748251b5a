//! GitHub's description of its API, against which the stand-in and the connector are validated. 13 MB from an
//! npm package of 29 MB; not committed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{Part, expect_digest, npm, say, sha256};
use crate::failure::Failure;
use crate::place::Place;
use crate::shell;

const PACKAGE: &str = "@octokit/openapi@23.0.2";
const ARCHIVE: &str = "octokit-openapi-23.0.2.tgz";
const MEMBER: &str = "package/generated/api.github.com.json";
const SHA256: &str = "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a";

fn path(place: &Place) -> PathBuf {
    place.private().join("github-openapi.json")
}

/// Hashes the whole file, which takes little time for 13 MB.
pub fn missing(place: &Place) -> bool {
    fs::read(path(place)).map(|bytes| sha256(&bytes) != SHA256).unwrap_or(true)
}

/// Provides the description; returns whether it was missing.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    if !missing(place) {
        return Ok(false);
    }
    say(&format!("github's OpenAPI description: fetching {PACKAGE} (29 MB)"));
    let part = Part::new(place, "openapi")?;
    shell::quietly(
        npm::command(&part.folder).args(["pack", "--silent", "--ignore-scripts", PACKAGE]),
        "npm pack",
    )?;
    let mut tar = Command::new("tar");
    tar.current_dir(&part.folder).args(["--extract", "--gzip", "--file", ARCHIVE, MEMBER]);
    shell::quietly(&mut tar, "tar")?;
    let member = part.folder.join(MEMBER);
    let bytes = fs::read(&member).map_err(Failure::io(member.display()))?;
    expect_digest("github's OpenAPI description", &bytes, SHA256)?;
    fs::rename(&member, path(place)).map_err(Failure::io(path(place).display()))?;
    Ok(true)
}
