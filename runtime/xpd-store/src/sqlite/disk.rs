//! Whether a disk is full. SQLite says so for `ENOSPC` only; over a quota or the largest size of a file it reports a
//! failed write like any other.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

use super::database;
use crate::error::StoreError;

/// As much as one commit may write before it is worth a try.
const ROOM: usize = 64 * 1024;

/// A failed write or a rollback, as a full disk where it is one.
pub(super) fn explain(error: StoreError, folder: &Path) -> StoreError {
    match error {
        StoreError::Io(why) | StoreError::RolledBack(why) if is_full(folder) => StoreError::Full(why),
        other => other,
    }
}

/// How full the file system of a folder is, in percent of what may be used: what is kept for the superuser is not.
pub(super) fn percent(folder: &Path) -> Option<u8> {
    let found = statvfs(folder).ok()?;
    let used = found.f_blocks.saturating_sub(found.f_bfree);
    let total = used.saturating_add(found.f_bavail);
    u8::try_from(used.saturating_mul(100).checked_div(total)?).ok()
}

/// Whether nothing can be written there. Tries it.
pub(super) fn is_full(folder: &Path) -> bool {
    at_largest(folder) || no_room(folder)
}

/// Whether a file of the database is as large as this process may make one (`ulimit -f`).
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
