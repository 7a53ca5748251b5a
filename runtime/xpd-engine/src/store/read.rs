//! Reading beside the writer, on connections that cannot write.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use xpd_audit::entry::{Blob, Salt, commitment, leaf_data};

use super::edge::{Nodes, broken};
use super::error::StoreError;
use super::numbers::{signed, unsigned};
use super::schema;

/// Connections kept.
const MAX_IDLE: usize = 4;

/// A pool of reading connections.
#[derive(Clone)]
pub(crate) struct Reader {
    path: PathBuf,
    flags: OpenFlags,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Reader {
    pub fn new(path: &Path, flags: OpenFlags) -> Self {
        Self { path: path.to_owned(), flags, idle: Arc::default() }
    }

    /// Looks, on a thread that may block.
    pub async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&View<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let own = self.clone();
        tokio::task::spawn_blocking(move || own.look(look)).await.map_err(|_| StoreError::Closed)?
    }

    fn look<T>(&self, look: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => {
                let conn = Connection::open_with_flags(&self.path, self.flags)?;
                schema::configure(&conn)?;
                conn
            }
        };
        // One snapshot for all it looks at.
        let transaction = conn.unchecked_transaction()?;
        let found = look(&View { conn: &transaction });
        transaction.finish()?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(conn);
        }
        found
    }
}

/// A snapshot.
pub struct View<'a> {
    conn: &'a Connection,
}

impl View<'_> {
    /// The tree's nodes.
    pub fn nodes(&self) -> Nodes<'_> {
        Nodes(self.conn)
    }

    /// The latest checkpoint: size and note.
    pub fn checkpoint(&self) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1")?;
        Ok(query.query_row([], |row| Ok((unsigned(row.get(0)?), row.get(1)?))).optional()?)
    }

    /// Entries of a run, in order: index, salt, canonical bytes.
    pub fn entries(&self, run: &str) -> Result<Vec<(u64, Salt, Vec<u8>)>, StoreError> {
        let mut query =
            self.conn.prepare_cached("SELECT idx, salt, bytes FROM entries WHERE run = ?1 ORDER BY idx")?;
        let rows = query.query_map([run], |row| {
            Ok((unsigned(row.get(0)?), Salt(row.get::<_, [u8; 32]>(1)?), row.get(2)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The latest checkpoint of a size up to this: size and note.
    pub fn checkpoint_before(&self, size: u64) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT size, note FROM checkpoints WHERE size <= ?1 ORDER BY size DESC LIMIT 1",
        )?;
        Ok(query.query_row([signed(size)], |row| Ok((unsigned(row.get(0)?), row.get(1)?))).optional()?)
    }

    /// What was kept outside the entries of a run.
    pub fn blobs(&self, run: &str) -> Result<Vec<Blob>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT b.digest, b.bytes FROM blobs b JOIN entries e ON e.idx = b.idx WHERE e.run = ?1 ORDER BY b.digest",
        )?;
        let rows = query.query_map([run], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        rows.map(|row| {
            let (digest, bytes) = row?;
            Ok(Blob { digest: xp_scope::Digest::parse(&digest).map_err(broken)?, bytes })
        })
        .collect()
    }

    /// The file of the artifact a run runs.
    pub fn artifact_of(&self, run: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut query = self.conn.prepare_cached(
            "SELECT a.bytes FROM runs r JOIN artifacts a ON a.digest = r.artifact WHERE r.id = ?1",
        )?;
        Ok(query.query_row([run], |row| row.get(0)).optional()?)
    }

    /// Data of the leaves from `first`, at most `count`.
    pub fn leaves(&self, first: u64, count: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut query = self
            .conn
            .prepare_cached("SELECT salt, bytes FROM entries WHERE idx >= ?1 AND idx < ?2 ORDER BY idx")?;
        let rows = query.query_map(params![signed(first), signed(first.saturating_add(count))], |row| {
            let salt: [u8; 32] = row.get(0)?;
            let bytes: Vec<u8> = row.get(1)?;
            Ok(leaf_data(&commitment(&Salt(salt), &bytes)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Numbers for metrics and the admin: runs open, grants in doubt, log entries.
    pub fn figures(&self) -> Result<(u64, u64, u64), StoreError> {
        Ok(self.conn.query_row(
            "SELECT (SELECT count(*) FROM runs WHERE closed IS NULL),
                    (SELECT count(*) FROM grants WHERE phase = 'in_doubt'),
                    (SELECT coalesce(max(idx) + 1, 0) FROM entries)",
            [],
            |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?), unsigned(row.get(2)?))),
        )?)
    }
}
