//! `cargo dev setup`: reports missing programs and files, and installs them (system packages only as root).
//! Does nothing if all are present.
//!
//! Downloads go to `.xp/part-…` and are renamed when complete, so a killed setup leaves no partial state.

mod npm;
mod openapi;
mod packages;
mod python;
mod tools;
mod z3;

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Instant;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::place::Place;

pub fn run(place: &Place, given: &[String]) -> Result<(), Failure> {
    Arguments::parse(given, &[], &[])?;
    let start = Instant::now();
    if !ensure(place)? {
        say(&format!("everything is here, nothing to do ({:.1} s)", start.elapsed().as_secs_f64()));
    }
    Ok(())
}

/// Provides what a build needs, if it is missing: the solver's library.
///
/// # Errors
/// Also if [`ensure`] would fail since only a person can install something.
pub fn for_build(place: &Place) -> Result<(), Failure> {
    tools::installable()?;
    if z3::missing(place) {
        let _alone = Lock::take(place)?;
        z3::ensure(place)?;
    }
    Ok(())
}

/// Provides everything that is missing; returns whether anything was.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    let mut done = tools::ensure()?;
    if z3::missing(place) || openapi::missing(place) || packages::missing(place)? || python::missing(place)? {
        let _alone = Lock::take(place)?;
        done |= z3::ensure(place)?;
        done |= openapi::ensure(place)?;
        done |= packages::ensure(place)?;
        done |= python::ensure(place)?;
    }
    Ok(done)
}

/// Prints a line of progress.
fn say(line: &str) {
    eprintln!("setup: {line}");
}

/// Held while `.xp` is changed. Released by the operating system when the process ends.
struct Lock {
    _file: File,
}

impl Lock {
    fn take(place: &Place) -> Result<Self, Failure> {
        let folder = place.private();
        fs::create_dir_all(&folder).map_err(Failure::io(folder.display()))?;
        let path = folder.join("setup.lock");
        let file = File::create(&path).map_err(Failure::io(path.display()))?;
        file.lock().map_err(Failure::io(path.display()))?;
        // No other setup is running, so existing parts were left by one that was killed.
        for entry in fs::read_dir(&folder).map_err(Failure::io(folder.display()))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("part-") {
                // A program that it started may still be writing there; the next setup removes it.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(Self { _file: file })
    }
}

/// A folder for a download, removed at the end unless its contents were moved.
struct Part {
    folder: PathBuf,
}

impl Part {
    fn new(place: &Place, name: &str) -> Result<Self, Failure> {
        let folder = place.private().join(format!("part-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(Failure::io(folder.display()))?;
        Ok(Self { folder })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // If it cannot be removed now, the next setup removes it.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Moves a complete folder to its place, replacing an older one.
fn put(from: &std::path::Path, to: &std::path::Path) -> Result<(), Failure> {
    if to.exists() {
        fs::remove_dir_all(to).map_err(Failure::io(to.display()))?;
    }
    fs::rename(from, to).map_err(Failure::io(to.display()))
}

/// The SHA-256 of bytes, in lower-case hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails if the digest is not the pinned one.
fn expect_digest(what: &str, bytes: &[u8], pinned: &str) -> Result<(), Failure> {
    let found = sha256(bytes);
    if found == pinned {
        return Ok(());
    }
    Err(Failure::new(format!("{what}: sha256 is {found}, pinned is {pinned}; not used")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_are_refused() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        expect_digest("abc", b"abc", abc).unwrap();
        assert!(expect_digest("abc", b"abd", abc).is_err());
    }
}
