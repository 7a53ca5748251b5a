//! Detection of a full disk. SQLite reports `ENOSPC` as such, but an exceeded quota or file size limit as a
//! generic write failure.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

use super::database;
use crate::error::StoreError;

/// Upper bound on what one commit writes, in bytes; the size of the trial write.
const ROOM: usize = 64 * 1024;

/// Replaces a failed write or rollback by [`StoreError::Full`] if the disk is full.
pub(super) fn explain(error: StoreError, folder: &Path) -> StoreError {
    match error {
        StoreError::Io(why) | StoreError::RolledBack(why) if is_full(folder) => StoreError::Full(why),
        other => other,
    }
}

/// Usage of the folder's file system in percent of the space available to unprivileged users.
pub(super) fn percent(folder: &Path) -> Option<u8> {
    let found = statvfs(folder).ok()?;
    let used = found.f_blocks.saturating_sub(found.f_bfree);
    let total = used.saturating_add(found.f_bavail);
    u8::try_from(used.saturating_mul(100).checked_div(total)?).ok()
}

/// Whether nothing can be written to the folder, determined by a trial write.
pub(super) fn is_full(folder: &Path) -> bool {
    at_largest(folder) || no_room(folder)
}

/// Whether a file of the database has reached the file size limit of this process (`ulimit -f`).
fn at_largest(folder: &Path) -> bool {
    let Some(largest) = getrlimit(Resource::Fsize).current else { return false };
    let path = database(folder);
    let room = u64::try_from(ROOM).unwrap_or(u64::MAX);
    ["", "-wal", "-shm"].iter().any(|end| {
        let file = format!("{}{end}", path.display());
        std::fs::metadata(file).is_ok_and(|found| found.len().saturating_add(room) > largest)
    })
}

fn no_room(folder: &Path) -> bool {
    let path = folder.join("probe");
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![1; ROOM])?;
        file.sync_data()
    });
    let _ = std::fs::remove_file(&path);
    written.is_err_and(|error| {
        matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_room_is_not_full() {
        let folder = tempfile::tempdir().unwrap();
        let why = || "disk I/O error".to_owned();
        assert_eq!(explain(StoreError::Io(why()), folder.path()), StoreError::Io(why()));
        assert_eq!(explain(StoreError::RolledBack(why()), folder.path()), StoreError::RolledBack(why()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the probe is gone");
    }
}
