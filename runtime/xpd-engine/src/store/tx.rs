//! What a command sees of the store.

use rusqlite::{Connection, OptionalExtension};

use super::cache::Cache;
use super::edge::Log;
use super::error::StoreError;

/// What commands ask of the commit they are part of.
#[derive(Debug, Default)]
pub(super) struct Flags {
    /// Sign a checkpoint with it.
    pub checkpoint: bool,
    /// Die before it (tests).
    pub crash: bool,
}

/// The transaction a command runs in.
pub struct Tx<'a> {
    pub(super) conn: &'a Connection,
    /// Milliseconds since the Unix epoch; never goes back.
    pub(crate) now: u64,
    pub(super) log: &'a mut Log,
    pub(super) cache: &'a mut Cache,
    pub(super) flags: &'a mut Flags,
    /// A cached state was changed.
    pub(super) touched: bool,
}

impl Tx<'_> {
    /// Seconds since the Unix epoch.
    pub(crate) fn seconds(&self) -> i64 {
        i64::try_from(self.now / 1_000).unwrap_or(i64::MAX)
    }

    /// Signs a checkpoint with this commit.
    pub(crate) fn checkpoint(&mut self) {
        self.flags.checkpoint = true;
    }

    /// Ends the process before this commit, for the crash tests.
    pub(crate) fn crash(&mut self) {
        self.flags.crash = true;
    }
}

impl Tx<'_> {
    /// A small value of the server's own.
    pub(crate) fn remembered(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(query.query_row([key], |row| row.get(0)).optional()?)
    }

    /// Keeps a small value.
    pub(crate) fn remember_value(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut put = self.conn.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
        put.execute(rusqlite::params![key, value])?;
        Ok(())
    }
}
