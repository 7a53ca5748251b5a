//! Disk space reserved for kills: a file beside the database that is deleted when a kill finds no space.
//! While it is gone, ordinary writes are refused, so that they cannot consume the space that was freed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// The reserve file of a store.
pub(super) struct Reserve {
    path: PathBuf,
    bytes: u64,
    gone: AtomicBool,
    work: Mutex<()>,
}

impl Reserve {
    /// The reserve of a folder. The file is created at once if there is space.
    pub fn open(folder: &Path, bytes: u64) -> Self {
        let path = folder.join("reserve");
        let reserve = Self { path, bytes, gone: AtomicBool::new(true), work: Mutex::new(()) };
        if !reserve.refill() {
            tracing::error!("no room for the reserve: only stopping works until there is");
        }
        reserve
    }

    /// Whether the file is missing.
    pub fn gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    /// Deletes the file.
    pub fn release(&self) {
        let _work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        self.gone.store(true, Ordering::Release);
        let _ = std::fs::remove_file(&self.path);
    }

    /// Creates the file again. Returns false if there is no space.
    pub fn refill(&self) -> bool {
        let _work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if std::fs::metadata(&self.path).is_ok_and(|found| found.is_file() && found.len() == self.bytes) {
            self.gone.store(false, Ordering::Release);
            return true;
        }
        let made = self.fill();
        if made.is_err() {
            let _ = std::fs::remove_file(self.part());
        }
        self.gone.store(made.is_err(), Ordering::Release);
        made.is_ok()
    }

    /// Writes random bytes, so that a compressing file system stores them in full. The file appears under its
    /// name only once it is complete.
    fn fill(&self) -> std::io::Result<()> {
        let mut file = std::fs::File::create(self.part())?;
        let mut block = vec![0; 64 * 1024];
        getrandom::fill(&mut block).map_err(std::io::Error::other)?;
        let mut missing = self.bytes;
        while missing > 0 {
            let length = usize::try_from(missing).unwrap_or(usize::MAX).min(block.len());
            file.write_all(block.get(..length).unwrap_or_default())?;
            missing -= u64::try_from(length).unwrap_or(missing);
        }
        file.sync_all()?;
        std::fs::rename(self.part(), &self.path)
    }

    fn part(&self) -> PathBuf {
        self.path.with_extension("part")
    }
}
