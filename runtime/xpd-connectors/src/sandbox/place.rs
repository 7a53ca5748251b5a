//! Where the sandbox works: a folder of this server's under the system's folder for temporary files, with a folder inside
//! for each run. What a killed server left there, files and processes, is found and removed by the next one.
//!
//! A folder belongs to the server that holds the lock in it; the lock goes when its process ends, however it ends. A process
//! that works for a run carries the run's folder in its environment.

use std::fs::{DirEntry, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, geteuid, pidfd_open, pidfd_send_signal};

/// How the folder of a server is called.
const PREFIX: &str = "xpd-sandbox-";
/// The same before it is locked.
const UNLOCKED: &str = "xpd-new-";
const LOCK: &str = "lock";

/// The variable by which a process is known to belong to a run.
pub(super) const VARIABLE: &str = "XPD_SANDBOX";

/// Longest wait until nobody is left of a run.
const DEATH: Duration = Duration::from_secs(2);
/// Between two looks.
const SOON: Duration = Duration::from_millis(5);

/// The folder of a server, removed with all that is in it when it is dropped.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    _lock: File,
}

/// The folder of one run. Dropped, it ends every process of the run and is removed.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
}

impl Root {
    /// Makes one. It gets its name when it is locked, so that nobody takes it for left behind.
    pub fn new() -> io::Result<Self> {
        let made = tempfile::Builder::new().prefix(UNLOCKED).tempdir()?;
        let lock = File::create_new(made.path().join(LOCK))?;
        lock.lock()?;
        let name = made.path().file_name().unwrap_or_default().to_string_lossy();
        let path = made.path().with_file_name(name.replacen(UNLOCKED, PREFIX, 1));
        std::fs::rename(made.path(), &path)?;
        // It is elsewhere now.
        let _ = made.keep();
        Ok(Self { path, _lock: lock })
    }

    /// A folder for a run.
    pub fn place(&self) -> io::Result<Place> {
        let path = tempfile::Builder::new().prefix("run-").tempdir_in(&self.path)?.keep();
        Ok(Place { path })
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl Place {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        end(&self.path);
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Removes what servers of this user left behind that are no more: their processes first, then their folders.
pub fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for path in entries.flatten().filter(is_left).map(|entry| entry.path()) {
        end(&path);
        match std::fs::remove_dir_all(&path) {
            Ok(()) => tracing::info!(folder = %path.display(), "removed what a killed server left behind"),
            Err(error) => tracing::warn!(folder = %path.display(), %error, "cannot be removed"),
        }
    }
}

/// Whether an entry is the folder of a server of ours that is no more.
fn is_left(entry: &DirEntry) -> bool {
    let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
    // The entry itself, wherever it may lead.
    let ours = entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
    // Without a lock it was half removed: it has one from the moment it has its name.
    named && ours && File::open(entry.path().join(LOCK)).map_or(true, |lock| lock.try_lock().is_ok())
}

/// Ends every process that works for a folder, and waits until nobody is left.
pub(super) fn end(folder: &Path) {
    let begun = Instant::now();
    while workers(folder).into_iter().filter(|pid| kill(*pid, folder)).count() > 0 && begun.elapsed() < DEATH
    {
        std::thread::sleep(SOON);
    }
}

/// The processes that work for a folder or one inside it. Those of other users cannot be seen, and are none.
fn workers(folder: &Path) -> Vec<i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| works_for(*pid, folder)).collect()
}

fn works_for(pid: i32, folder: &Path) -> bool {
    let Ok(environment) = std::fs::read(format!("/proc/{pid}/environ")) else { return false };
    let value = |line: &[u8]| {
        let text = std::str::from_utf8(line).ok()?;
        text.strip_prefix(VARIABLE)?.strip_prefix('=').map(PathBuf::from)
    };
    environment.split(|byte| *byte == 0).filter_map(value).any(|named| named.starts_with(folder))
}

/// Ends a process, if it still is the one that was meant; says whether it was.
fn kill(pid: i32, folder: &Path) -> bool {
    let opened = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    // Its number may have gone to another one before it was opened, and cannot any more.
    let Some(process) = opened.filter(|_| works_for(pid, folder)) else { return false };
    pidfd_send_signal(&process, Signal::KILL).is_ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    fn worker(folder: &Path) -> Child {
        let mut command = Command::new("sleep");
        command.arg("600").env(VARIABLE, folder).stdin(Stdio::null());
        command.spawn().unwrap()
    }

    #[test]
    fn what_a_killed_server_left_is_removed_and_what_lives_is_not() {
        let (left, living) = (Root::new().unwrap(), Root::new().unwrap());
        let (old, new) = (left.place().unwrap(), living.place().unwrap());
        std::fs::write(old.path().join("file"), "checkout").unwrap();
        let (mut orphan, mut busy) = (worker(old.path()), worker(new.path()));
        // As after a SIGKILL: the lock is free, everything else is there.
        let folder = left.path.clone();
        left._lock.unlock().unwrap();
        std::mem::forget(old);
        std::mem::forget(left);
        remove_leftovers();
        assert!(!folder.exists());
        assert!(!orphan.wait().unwrap().success());
        assert!(new.path().is_dir());
        assert!(busy.try_wait().unwrap().is_none(), "it works for a server that lives");
        drop(new);
        assert!(!busy.wait().unwrap().success(), "it ends with its run");
        let folder = living.path.clone();
        drop(living);
        assert!(!folder.exists());
    }
}
