//! Whether a folder holds a database that keeps what it is told to keep.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{checkpoint_file, database, schema};
use crate::error::StoreError;

/// Whether no server has worked in the folder yet.
#[must_use]
pub fn is_new(folder: &Path) -> bool {
    !database(folder).exists() && !checkpoint_file(folder).exists()
}

/// A folder with a checkpoint has the database whose log was signed.
///
/// # Errors
/// The database is missing.
pub fn complete(folder: &Path) -> Result<(), StoreError> {
    if database(folder).exists() || is_new(folder) {
        return Ok(());
    }
    Err(StoreError::Folder(format!(
        "{} is missing, and {} says that there was one: put it back, with its -wal",
        database(folder).display(),
        checkpoint_file(folder).display()
    )))
}

/// Looks at the database of a folder, beside a server that may be running.
///
/// # Errors
/// It is missing, damaged, or does not write as it must.
pub fn check(folder: &Path) -> Result<String, StoreError> {
    complete(folder)?;
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
