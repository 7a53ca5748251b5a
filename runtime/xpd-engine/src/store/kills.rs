//! What was stopped. A kill stays: nothing here takes one back.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::numbers::signed;
use super::tx::Tx;

/// The scope of a kill that stops all.
pub(crate) const EVERYTHING: &str = "everything";

/// The scope of a kill of one principal.
pub(crate) fn of_principal(name: &str) -> String {
    format!("principal {name}")
}

impl Tx<'_> {
    /// Stops something. False if it was stopped already.
    pub(crate) fn kill(&mut self, scope: &str, reason: &str, by: &str) -> Result<bool, StoreError> {
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO kills (scope, reason, by, at) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![scope, reason, by, signed(self.now)])?;
        Ok(added == 1)
    }

    /// The kill in force that covers a principal, or everything: its scope.
    pub(crate) fn killed(&self, principal: Option<&str>) -> Result<Option<String>, StoreError> {
        let theirs = principal.map(of_principal);
        let found = self
            .conn
            .prepare_cached("SELECT scope FROM kills WHERE scope = ?1 OR scope = ?2 LIMIT 1")?
            .query_row(params![EVERYTHING, theirs], |row| row.get(0))
            .optional()?;
        Ok(found)
    }
}
