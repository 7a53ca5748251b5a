//! Deployed artifacts.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::numbers::signed;
use super::tx::Tx;

impl Tx<'_> {
    /// The file of an artifact.
    pub(crate) fn artifact_bytes(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut query = self.conn.prepare_cached("SELECT bytes FROM artifacts WHERE digest = ?1")?;
        Ok(query.query_row([digest], |row| row.get(0)).optional()?)
    }

    /// Digest and name of an artifact, by its digest or (the latest) by the name of its workflow.
    pub(crate) fn find_artifact(&self, named: &str) -> Result<Option<(String, String)>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT digest, name FROM artifacts WHERE digest = ?1 OR name = ?1 ORDER BY deployed DESC, digest LIMIT 1",
        )?;
        Ok(query.query_row([named], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// Adds an artifact. False if it is there already.
    pub(crate) fn insert_artifact(
        &mut self,
        digest: &str,
        name: &str,
        signer: &str,
        bytes: &[u8],
    ) -> Result<bool, StoreError> {
        let added = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO artifacts (digest, name, signer, deployed, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![digest, name, signer, signed(self.now), bytes])?;
        Ok(added == 1)
    }
}
