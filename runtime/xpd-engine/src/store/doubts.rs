//! Doubts, and which of them are left to a person.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::grants::GrantRow;
use super::numbers::signed;
use super::tx::Tx;

impl Tx<'_> {
    /// Actions in doubt that are not left to a person, the oldest first.
    pub(crate) fn in_doubt(&self) -> Result<Vec<GrantRow>, StoreError> {
        self.grants_where(
            "phase = 'in_doubt' AND NOT EXISTS (SELECT 1 FROM left_to_person l WHERE l.jti = grants.jti)
             ORDER BY issued, jti",
            [],
        )
    }

    /// Whether a doubt is left to a person.
    pub(crate) fn left_to_person(&self, jti: &str) -> Result<bool, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT 1 FROM left_to_person WHERE jti = ?1")?;
        Ok(query.query_row([jti], |_| Ok(())).optional()?.is_some())
    }

    /// Leaves a doubt to a person. False if it was before.
    pub(crate) fn leave_to_person(&mut self, jti: &str) -> Result<bool, StoreError> {
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO left_to_person (jti, at) VALUES (?1, ?2)")?
            .execute(params![jti, signed(self.now)])?;
        Ok(added == 1)
    }
}
