//! Checks of a data folder's database for `xpd doctor`.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{checkpoint_file, database, schema};
use crate::error::StoreError;

/// Whether no server has used the folder yet.
#[must_use]
pub fn is_new(folder: &Path) -> bool {
    !database(folder).exists() && !checkpoint_file(folder).exists()
}

/// Whether the folder has a database.
#[must_use]
pub fn exists(folder: &Path) -> bool {
    database(folder).exists()
}

/// Checks the database of a folder, beside a server that may be running. Returns a description.
///
/// # Errors
/// The database is missing or damaged, or does not write durably.
pub fn check(folder: &Path) -> Result<String, StoreError> {
    let path = database(folder);
    if !path.exists() {
        return Ok("made at the first start".to_owned());
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
