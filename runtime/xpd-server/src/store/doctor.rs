//! Whether the database keeps what it is told to keep.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;
use super::schema;

/// Looks at the database of a folder, beside a server that may be running.
///
/// # Errors
/// It is damaged, or does not write as it must.
pub fn check_store(folder: &Path) -> Result<String, StoreError> {
    let path = folder.join("xpd.sqlite");
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
