//! Requests that may be repeated: same id and bytes, the stored answer; same id and other bytes, refused.

use rusqlite::{OptionalExtension, params};

use super::error::StoreError;
use super::tx::Tx;

/// What is known of a request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing.
    New,
    /// It was answered with this.
    Answered(Vec<u8>),
    /// It is under way, or its end was never recorded.
    UnderWay,
    /// It was used for something else.
    Other,
}

impl Tx<'_> {
    /// What is known of a request.
    pub(crate) fn seen(&self, run: &str, key: &str, id: &str, digest: &str) -> Result<Seen, StoreError> {
        let row: Option<(String, Option<Vec<u8>>)> = self
            .conn
            .prepare_cached("SELECT digest, answer FROM requests WHERE run = ?1 AND key = ?2 AND id = ?3")?
            .query_row(params![run, key, id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(match row {
            None => Seen::New,
            Some((known, _)) if known != digest => Seen::Other,
            Some((_, Some(answer))) => Seen::Answered(answer),
            Some((_, None)) => Seen::UnderWay,
        })
    }

    /// Remembers a request, with its answer once there is one.
    pub(crate) fn remember(
        &mut self,
        run: &str,
        key: &str,
        id: &str,
        digest: &str,
        answer: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO requests (run, key, id, digest, answer) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (run, key, id) DO UPDATE SET answer = excluded.answer",
            )?
            .execute(params![run, key, id, digest, answer])?;
        Ok(())
    }

    /// Forgets a request that came to nothing, so that it can be repeated.
    pub(crate) fn forget_request(&mut self, run: &str, key: &str, id: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("DELETE FROM requests WHERE run = ?1 AND key = ?2 AND id = ?3")?
            .execute(params![run, key, id])?;
        Ok(())
    }
}
