//! Tables and their migrations. Migrations go forward only and are checked at start.

use rusqlite::Connection;

use crate::error::StoreError;

/// Applied in order; the number applied is the schema version. A released migration must never be edited.
const MIGRATIONS: &[&str] = &["
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  digest TEXT PRIMARY KEY, name TEXT NOT NULL, signer TEXT NOT NULL, deployed INTEGER NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE INDEX artifacts_by_name ON artifacts (name, deployed);

CREATE TABLE runs (
  id TEXT PRIMARY KEY, artifact TEXT NOT NULL REFERENCES artifacts (digest), rule TEXT NOT NULL,
  started_by TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER, chain BLOB NOT NULL, state BLOB NOT NULL
) STRICT;
CREATE INDEX runs_open ON runs (closed) WHERE closed IS NULL;
CREATE INDEX runs_by_rule ON runs (rule, opened);

CREATE TABLE grants (
  jti TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id), principal TEXT NOT NULL, key TEXT NOT NULL,
  step TEXT NOT NULL, step_id INTEGER NOT NULL, opening INTEGER NOT NULL, attempt INTEGER NOT NULL,
  instance TEXT NOT NULL, action TEXT NOT NULL, args BLOB NOT NULL, req TEXT NOT NULL,
  issued INTEGER NOT NULL, expires INTEGER NOT NULL,
  request TEXT, phase TEXT NOT NULL CHECK (phase IN ('issued','claimed','in_doubt','done','failed','expired','revoked')),
  result BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_open ON grants (phase, expires) WHERE phase IN ('issued','claimed','in_doubt');

CREATE TABLE proofs (
  key TEXT NOT NULL, jti TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (key, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX proofs_until ON proofs (until);

CREATE TABLE requests (
  run TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, answer BLOB,
  PRIMARY KEY (run, key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  resource TEXT PRIMARY KEY, run TEXT NOT NULL, taken INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX leases_of_run ON leases (run);

CREATE TABLE kills (
  scope TEXT PRIMARY KEY, reason TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
  idx INTEGER PRIMARY KEY, run TEXT, kind TEXT NOT NULL, salt BLOB NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE INDEX entries_of_run ON entries (run, idx) WHERE run IS NOT NULL;

CREATE TABLE blobs (
  digest TEXT PRIMARY KEY, idx INTEGER NOT NULL REFERENCES entries (idx), bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_of_entry ON blobs (idx);

CREATE TABLE nodes (
  level INTEGER NOT NULL, idx INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, at INTEGER NOT NULL, note BLOB NOT NULL) STRICT;
", "
CREATE TABLE left_to_person (
  jti TEXT PRIMARY KEY REFERENCES grants (jti), at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tallies (
  run TEXT NOT NULL, what TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (run, what)
) STRICT, WITHOUT ROWID;
", "
CREATE TABLE stops (
  id INTEGER PRIMARY KEY, scope TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL,
  asked_by TEXT, asked_at INTEGER, lifted INTEGER
) STRICT;
CREATE UNIQUE INDEX stops_in_force ON stops (scope) WHERE lifted IS NULL;
CREATE INDEX stops_of_scope ON stops (scope, lifted);
INSERT INTO stops (scope, reason, by, at) SELECT scope, reason, by, at FROM kills;
DROP TABLE kills;
", "
ALTER TABLE checkpoints ADD COLUMN cosigned INTEGER NOT NULL DEFAULT 0;
", "
CREATE TABLE leases_by_use (
  resource TEXT NOT NULL, run TEXT NOT NULL, jti TEXT NOT NULL, taken INTEGER NOT NULL, PRIMARY KEY (resource, run, jti)
) STRICT, WITHOUT ROWID;
INSERT INTO leases_by_use (resource, run, jti, taken) SELECT char(10) || resource, run, '', taken FROM leases;
DROP TABLE leases;
ALTER TABLE leases_by_use RENAME TO leases;
CREATE INDEX leases_of_run ON leases (run, jti);
", "
CREATE TABLE deployments (
  digest TEXT NOT NULL REFERENCES artifacts (digest), shadow INTEGER NOT NULL CHECK (shadow IN (0, 1)), name TEXT NOT NULL,
  deployed INTEGER NOT NULL, PRIMARY KEY (digest, shadow)
) STRICT, WITHOUT ROWID;
CREATE INDEX deployments_by_name ON deployments (name, shadow, deployed);
INSERT INTO deployments (digest, shadow, name, deployed) SELECT digest, 0, name, deployed FROM artifacts;
DROP INDEX artifacts_by_name;
"];

/// The `application_id` that marks a database of xpd.
const APPLICATION: i32 = 0x7870_6431;

/// Configures a connection.
pub(super) fn configure(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// Migrates the database to this program's version. Fails on a newer one.
pub(super) fn migrate(conn: &Connection) -> Result<(), StoreError> {
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Broken(format!("the file system gives journal mode `{mode}`, not `wal`")));
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    let synchronous: i64 = conn.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
    if synchronous != 2 {
        return Err(StoreError::Broken("the database does not synchronise every commit".to_owned()));
    }
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i32 = conn.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (tables != 0 || version != 0) {
        return Err(StoreError::Broken("the database belongs to another program".to_owned()));
    }
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        let text = format!("the database has version {version}, this program knows {known}");
        return Err(StoreError::Broken(text));
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(usize::try_from(version).unwrap_or(0)) {
        let to = index + 1;
        conn.execute_batch(&format!(
            "BEGIN IMMEDIATE; {sql} PRAGMA user_version = {to}; PRAGMA application_id = {APPLICATION}; COMMIT;"
        ))?;
    }
    let fault: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if fault == "ok" { Ok(()) } else { Err(StoreError::Broken(fault)) }
}
