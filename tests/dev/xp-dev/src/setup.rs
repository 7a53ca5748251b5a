//! `cargo dev setup`: name what is missing, install it where this is root, do nothing the second time.
//!
//! Whatever is fetched goes to `.xp/part-…` first and is renamed when whole, so a killed setup leaves no half state.

mod npm;
mod octokit;
mod openapi;
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

/// Makes sure that everything is there; says whether anything had to be done.
pub fn ensure(place: &Place) -> Result<bool, Failure> {
    let mut done = tools::ensure()?;
    if z3::missing(place) || openapi::missing(place) || octokit::missing(place)? {
        let _alone = Lock::take(place)?;
        done |= z3::ensure(place)?;
        done |= openapi::ensure(place)?;
        done |= octokit::ensure(place)?;
    }
    Ok(done)
}

/// One line of progress.
fn say(line: &str) {
    eprintln!("setup: {line}");
}

/// Held while `.xp` changes; the system lets go of it when the process ends, however it ends.
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
        // Nobody else is at work now, so parts that lie here were left by a setup that was killed.
        for entry in fs::read_dir(&folder).map_err(Failure::io(folder.display()))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("part-") {
                // A program it had started may still write there; the setup after this one tries again.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(Self { _file: file })
    }
}

/// A folder to fetch into, gone at the end unless what is in it was moved to its place.
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
        // What cannot be removed now is removed by the next setup.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Puts a whole folder in its place; an older one goes first.
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

/// Refuses bytes that are not the pinned ones.
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
