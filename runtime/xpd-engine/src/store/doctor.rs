//! Whether the database keeps what it is told to keep.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::edge::{self, LogKey};
use super::error::StoreError;
use super::schema;

const DATABASE: &str = "xpd.sqlite";
const CHECKPOINT: &str = "checkpoint";

/// Whether no server has worked in the folder yet.
#[must_use]
pub fn store_is_new(folder: &Path) -> bool {
    !folder.join(DATABASE).exists() && !folder.join(CHECKPOINT).exists()
}

/// A folder with a checkpoint has the database whose log was signed.
pub(super) fn whole(folder: &Path) -> Result<(), StoreError> {
    if folder.join(DATABASE).exists() || store_is_new(folder) {
        return Ok(());
    }
    let (database, checkpoint) = (folder.join(DATABASE), folder.join(CHECKPOINT));
    Err(StoreError::Folder(format!(
        "{} is missing, and {} says that there was one: put it back, with its -wal",
        database.display(),
        checkpoint.display()
    )))
}

/// Looks at the database of a folder, beside a server that may be running, and at whose log it is.
///
/// # Errors
/// It is missing, damaged, does not write as it must, or its checkpoint was signed with another key.
pub fn check_store(folder: &Path, key: Option<&LogKey>) -> Result<String, StoreError> {
    whole(folder)?;
    let path = folder.join(DATABASE);
    if !path.exists() {
        return Ok("made at the first start".to_owned());
    }
    if let Some(key) = key {
        edge::published(&folder.join(CHECKPOINT), key)?;
    }
    let conn = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    schema::configure(&conn)?;
    let mode: String = conn.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Broken(format!("journal mode is `{mode}`, not `wal`")));
    }
    let fault: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if fault != "ok" {
        return Err(StoreError::Broken(fault));
    }
    let entries: i64 =
        conn.query_row("SELECT coalesce(max(idx) + 1, 0) FROM entries", [], |row| row.get(0))?;
    Ok(format!("write-ahead log, every commit synchronised, {entries} log entries"))
}
