//! Proofs of possession that were seen: each is good for one request.

use rusqlite::params;

use super::error::StoreError;
use super::tx::Tx;

impl Tx<'_> {
    /// Remembers a proof. False if it was seen before.
    pub(crate) fn burn(&mut self, key: &str, jti: &str, until: i64) -> Result<bool, StoreError> {
        let now = self.seconds();
        self.conn.prepare_cached("DELETE FROM proofs WHERE until < ?1")?.execute([now])?;
        let added = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO proofs (key, jti, until) VALUES (?1, ?2, ?3)")?
            .execute(params![key, jti, until])?;
        Ok(added == 1)
    }
}
