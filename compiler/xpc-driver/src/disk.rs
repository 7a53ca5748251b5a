//! The world of a command: the disk and the machine's clock.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use xpc_model::Limits;

use crate::world::{Entry, Kind, World};

/// The disk as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    limits: Limits,
    start: Instant,
}

impl Disk {
    /// With these limits on proofs.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, start: Instant::now() }
    }
}

impl World for Disk {
    fn kind(&self, path: &Path) -> Kind {
        fs::metadata(path).map_or(Kind::Other, |found| kind(found.file_type()))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let entries = fs::read_dir(folder)?;
        entries
            .map(|entry| {
                let entry = entry?;
                Ok(Entry { path: entry.path(), kind: kind(entry.file_type()?) })
            })
            .collect()
    }

    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn limits(&self) -> Limits {
        self.limits
    }
}

fn kind(found: fs::FileType) -> Kind {
    if found.is_dir() {
        Kind::Folder
    } else if found.is_file() {
        Kind::File
    } else {
        Kind::Other
    }
}
