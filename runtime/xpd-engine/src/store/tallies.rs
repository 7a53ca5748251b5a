//! Small counts that outlive the process: what was said how often, what was shown under which entry.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::numbers::{signed, unsigned};
use super::tx::Tx;

impl Tx<'_> {
    /// A number of a run under a name; of no run where that is empty.
    pub(crate) fn tally(&self, run: &str, what: &str) -> Result<Option<u64>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT number FROM tallies WHERE run = ?1 AND what = ?2")?;
        let found: Option<i64> = query.query_row([run, what], |row| row.get(0)).optional()?;
        Ok(found.map(unsigned))
    }

    /// Sets it.
    pub(crate) fn set_tally(&mut self, run: &str, what: &str, number: u64) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO tallies (run, what, number) VALUES (?1, ?2, ?3)")?
            .execute(params![run, what, signed(number)])?;
        Ok(())
    }

    /// Forgets those of a run.
    pub(crate) fn forget_tallies(&mut self, run: &str) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM tallies WHERE run = ?1")?.execute([run])?;
        Ok(())
    }
}
