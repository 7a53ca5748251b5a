//! Working folders of the sandbox: one per server in the system's folder for temporary files, and inside it
//! one per run. Files and processes left by a killed server are removed by the next one.
//!
//! A server's folder contains a lock file, locked by the server's process; the lock is released when the
//! process ends in whatever way. Each process started for a run has the run's folder in its environment.

use std::fs::{DirEntry, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, geteuid, pidfd_open, pidfd_send_signal};
use xpd_proxy::ActError;

/// Prefix of a server's folder.
const PREFIX: &str = "xpd-sandbox-";
/// Prefix of a server's folder before it is locked.
const UNLOCKED: &str = "xpd-new-";
const LOCK: &str = "lock";

/// The environment variable that associates a process with a run.
pub(crate) const VARIABLE: &str = "XPD_SANDBOX";

/// Upper bound on the wait for a run's processes to end.
const EXIT_TIMEOUT: Duration = Duration::from_secs(2);
/// Polling interval.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The folder of a server. Dropping it removes it with its contents.
#[derive(Debug)]
pub(crate) struct ServerFolder {
    path: PathBuf,
    _lock: File,
}

/// The folder of a server, made when the first run needs it.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<Option<ServerFolder>>);

impl Places {
    /// Creates a folder for a run.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn place(&self) -> Result<RunFolder, ActError> {
        let failed = |error| ActError::NotSent(format!("no place to work: {error}"));
        let mut root = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let root = match root.take() {
            Some(made) => root.insert(made),
            None => root.insert(ServerFolder::new().map_err(failed)?),
        };
        root.place().map_err(failed)
    }
}

/// The folder of a run. Dropping it kills every process of the run and removes the folder.
#[derive(Debug)]
pub(crate) struct RunFolder {
    path: PathBuf,
}

impl ServerFolder {
    /// Creates a server's folder. It is renamed to its final name once locked, so that another server does
    /// not take it for a leftover.
    pub fn new() -> io::Result<Self> {
        let made = tempfile::Builder::new().prefix(UNLOCKED).tempdir()?;
        let lock = File::create_new(made.path().join(LOCK))?;
        lock.lock()?;
        let name = made.path().file_name().unwrap_or_default().to_string_lossy();
        let path = made.path().with_file_name(name.replacen(UNLOCKED, PREFIX, 1));
        std::fs::rename(made.path(), &path)?;
        // It has been renamed, so its temporary name must not be removed.
        let _ = made.keep();
        Ok(Self { path, _lock: lock })
    }

    /// Creates a folder for a run.
    pub fn place(&self) -> io::Result<RunFolder> {
        let path = tempfile::Builder::new().prefix("run-").tempdir_in(&self.path)?.keep();
        Ok(RunFolder { path })
    }
}

impl Drop for ServerFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

impl RunFolder {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        end(&self.path);
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Removes the leftovers of ended servers of this user: first their processes, then their folders.
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

/// Whether a directory entry is the folder of an ended server of this user.
fn is_left(entry: &DirEntry) -> bool {
    let named = entry.file_name().to_string_lossy().starts_with(PREFIX);
    // Metadata of the entry itself, without following a symbolic link.
    let ours = entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw());
    // A folder has its lock file from the moment it has its name, so one without it was removed in part.
    named && ours && File::open(entry.path().join(LOCK)).map_or(true, |lock| lock.try_lock().is_ok())
}

/// Kills every process associated with a folder and waits until all have ended.
pub(crate) fn end(folder: &Path) {
    let begun = Instant::now();
    while workers(folder).into_iter().filter(|pid| kill(*pid, folder)).count() > 0
        && begun.elapsed() < EXIT_TIMEOUT
    {
        std::thread::sleep(POLL_INTERVAL);
    }
}

/// The processes associated with a folder or with one inside it. The environments of other users' processes
/// cannot be read; they are ignored.
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

/// Kills a process if it is still associated with the folder, and returns whether it was.
fn kill(pid: i32, folder: &Path) -> bool {
    let opened = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    // The pid may have been reused before the descriptor was opened; afterwards the descriptor refers to one
    // process.
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
        let (left, living) = (ServerFolder::new().unwrap(), ServerFolder::new().unwrap());
        let (old, new) = (left.place().unwrap(), living.place().unwrap());
        std::fs::write(old.path().join("file"), "checkout").unwrap();
        let (mut orphan, mut busy) = (worker(old.path()), worker(new.path()));
        // The state after a SIGKILL: the lock is free, everything else is in place.
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
