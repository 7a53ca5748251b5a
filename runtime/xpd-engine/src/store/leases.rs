//! Leases: while a run goes on, no other run acts on what it acted on.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::numbers::signed;
use super::tx::Tx;

impl Tx<'_> {
    /// Another run that holds one of the resources.
    pub(crate) fn leased_by(&self, run: &str, resources: &[String]) -> Result<Option<String>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT run FROM leases WHERE resource = ?1 AND run <> ?2")?;
        for resource in resources {
            let holder = query.query_row(params![resource, run], |row| row.get(0)).optional()?;
            if holder.is_some() {
                return Ok(holder);
            }
        }
        Ok(None)
    }

    /// Takes the resources for a run.
    pub(crate) fn lease(&mut self, run: &str, resources: &[String]) -> Result<(), StoreError> {
        let mut put = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO leases (resource, run, taken) VALUES (?1, ?2, ?3)")?;
        for resource in resources {
            put.execute(params![resource, run, signed(self.now)])?;
        }
        Ok(())
    }

    /// Gives back all a run holds.
    pub(crate) fn release(&mut self, run: &str) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM leases WHERE run = ?1")?.execute([run])?;
        Ok(())
    }
}
