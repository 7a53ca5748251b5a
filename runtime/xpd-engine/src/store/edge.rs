//! The edge of the audit log: what appending to it needs, and its checkpoints.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use xpd_audit::entry::{self, Body, Chain, Draft, Salt};
use xpd_audit::merkle::{Frontier, Hash, MissingNode, NodeReader};
use xpd_audit::note::{Checkpoint, CheckpointError, NoteError, Vkey};
use xpd_token::KeyPair;

use super::error::StoreError;
use super::numbers::{signed, unsigned};

/// Entries under one checkpoint at most.
const CHECKPOINT_AFTER: u64 = 256;

/// Signs checkpoints.
#[derive(Clone)]
pub struct LogKey {
    key: Arc<KeyPair>,
    vkey: Vkey,
}

impl LogKey {
    /// The log's key under the log's name.
    ///
    /// # Errors
    /// The name cannot stand in a checkpoint.
    pub fn new(origin: &str, key: Arc<KeyPair>) -> Result<Self, StoreError> {
        let vkey = Vkey::new(origin, key.public().bytes()).map_err(broken)?;
        Ok(Self { key, vkey })
    }

    /// What the log is checked against.
    #[must_use]
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }
}

/// The writer's view of the log.
pub(super) struct Log {
    tree: Frontier,
    server: Chain,
    signed: u64,
    flushed: u64,
    key: LogKey,
    file: PathBuf,
    note: Option<Vec<u8>>,
}

/// Where the log stood, to go back to.
pub(super) struct Mark(Frontier, Chain);

/// The last checkpoint given out, if there is one: signed with this key.
pub(super) fn published(file: &Path, key: &LogKey) -> Result<Option<Checkpoint>, StoreError> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(broken(format!("{}: {error}", file.display()))),
    };
    match Checkpoint::open(&bytes, key.vkey()) {
        Ok(checkpoint) => Ok(Some(checkpoint)),
        Err(CheckpointError::Note(NoteError::Unsigned)) => Err(StoreError::Folder(format!(
            "log.pem is another key than the one that signed {}, or `server.name` was another then: put the right one back",
            file.display()
        ))),
        Err(error) => Err(broken(format!("{}: {error}", file.display()))),
    }
}

impl Log {
    /// Reads the log's edge, and refuses a database that is older than the last checkpoint given out.
    pub fn open(conn: &Connection, key: LogKey, file: &Path) -> Result<Self, StoreError> {
        let mut log = Self {
            tree: Frontier::default(),
            server: Chain::of_server(),
            signed: 0,
            flushed: 0,
            key,
            file: file.to_owned(),
            note: None,
        };
        log.reload(conn)?;
        log.compare_with_published(conn)?;
        Ok(log)
    }

    /// Reads the edge again, after a commit that failed.
    pub fn reload(&mut self, conn: &Connection) -> Result<(), StoreError> {
        let meta = |key: &str| -> Result<Option<Vec<u8>>, StoreError> {
            let mut query = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
            Ok(query.query_row([key], |row| row.get(0)).optional()?)
        };
        self.tree = match meta("tree")? {
            None => Frontier::default(),
            Some(bytes) => Frontier::from_bytes(&bytes).ok_or_else(|| broken("the log's edge is damaged"))?,
        };
        self.server = match meta("chain")? {
            None => Chain::of_server(),
            Some(bytes) => serde_json::from_slice(&bytes)?,
        };
        let entries: i64 =
            conn.query_row("SELECT coalesce(max(idx) + 1, 0) FROM entries", [], |row| row.get(0))?;
        if unsigned(entries) != self.tree.size() {
            return Err(broken("the log's entries and its edge differ"));
        }
        let signed_: i64 =
            conn.query_row("SELECT coalesce(max(size), 0) FROM checkpoints", [], |row| row.get(0))?;
        self.signed = unsigned(signed_);
        self.flushed = self.tree.size();
        Ok(())
    }

    fn compare_with_published(&self, conn: &Connection) -> Result<(), StoreError> {
        let Some(published) = published(&self.file, &self.key)? else { return Ok(()) };
        let size = self.tree.size();
        if published.size > size {
            return Err(broken(format!(
                "the last signed checkpoint is of {} entries, the log has {size}: an older database was put back",
                published.size
            )));
        }
        let root = xpd_audit::merkle::root(&Nodes(conn), published.size).map_err(broken)?;
        if root == published.root { Ok(()) } else { Err(broken("the log is not the one that was signed")) }
    }

    pub fn mark(&self) -> Mark {
        Mark(self.tree.clone(), self.server.clone())
    }

    pub fn rewind(&mut self, mark: Mark) {
        (self.tree, self.server) = (mark.0, mark.1);
    }

    /// Entries under no checkpoint yet.
    pub fn unsigned(&self) -> u64 {
        self.tree.size().saturating_sub(self.signed)
    }

    pub fn full(&self) -> bool {
        self.unsigned() >= CHECKPOINT_AFTER
    }

    /// Writes the edge, if it moved.
    pub fn flush(&mut self, conn: &Connection) -> Result<(), StoreError> {
        if self.tree.size() == self.flushed {
            return Ok(());
        }
        let mut put = conn.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
        put.execute(params!["tree", self.tree.to_bytes()])?;
        put.execute(params!["chain", serde_json::to_vec(&self.server)?])?;
        self.flushed = self.tree.size();
        Ok(())
    }

    /// Signs a checkpoint of all there is, in the running transaction.
    pub fn checkpoint(&mut self, conn: &Connection, now: u64) -> Result<(), StoreError> {
        if self.unsigned() == 0 {
            return Ok(());
        }
        let checkpoint = Checkpoint::of(self.key.vkey().name(), &self.tree);
        let note =
            checkpoint.sign(self.key.vkey(), |text| self.key.key.sign(text)).map_err(broken)?.to_bytes();
        conn.prepare_cached("INSERT INTO checkpoints (size, at, note) VALUES (?1, ?2, ?3)")?
            .execute(params![signed(checkpoint.size), signed(now), note])?;
        self.signed = checkpoint.size;
        self.note = Some(note);
        Ok(())
    }

    /// Puts the committed checkpoint beside the database, where a restored backup does not reach it.
    pub fn publish(&mut self) {
        let Some(note) = self.note.take() else { return };
        let written = (|| -> std::io::Result<()> {
            let folder = self.file.parent().unwrap_or(Path::new("."));
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&note)?;
            file.as_file().sync_data()?;
            file.persist(&self.file)?;
            Ok(())
        })();
        if let Err(error) = written {
            tracing::warn!(%error, "the checkpoint could not be written beside the database");
        }
    }

    /// Appends to a run's chain, or to the server's own, in the running transaction.
    pub fn append(
        &mut self,
        conn: &Connection,
        chain: Option<&mut Chain>,
        now: u64,
        body: Body,
    ) -> Result<Written, StoreError> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(broken)?;
        let server = chain.is_none();
        let mut own = self.server.clone();
        let chain = chain.unwrap_or(&mut own);
        let done =
            entry::append(&mut self.tree, chain, Draft { ts_ms: now, body }, Salt(salt)).map_err(broken)?;
        if server {
            self.server = own;
        }
        let index = signed(done.entry.index);
        conn.prepare_cached("INSERT INTO entries (idx, run, kind, salt, bytes) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![index, done.entry.run, done.entry.kind.as_str(), done.salt.0, done.bytes])?;
        for node in &done.nodes {
            conn.prepare_cached("INSERT INTO nodes (level, idx, hash) VALUES (?1, ?2, ?3)")?
                .execute(params![node.level, signed(node.index), node.hash])?;
        }
        for blob in &done.blobs {
            conn.prepare_cached("INSERT INTO blobs (digest, idx, bytes) VALUES (?1, ?2, ?3)")?
                .execute(params![blob.digest.to_string(), index, blob.bytes])?;
        }
        Ok(Written { index: done.entry.index, run_seq: done.entry.run_seq })
    }
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// In the log.
    pub index: u64,
    /// In its run.
    pub run_seq: u64,
}

/// The tree's stored nodes.
pub struct Nodes<'a>(pub(super) &'a Connection);

impl NodeReader for Nodes<'_> {
    type Error = MissingNode;

    fn leaf(&self, index: u64) -> Result<Hash, MissingNode> {
        self.node(0, index)
    }

    fn node(&self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        let found = self
            .0
            .prepare_cached("SELECT hash FROM nodes WHERE level = ?1 AND idx = ?2")
            .and_then(|mut query| query.query_row(params![level, signed(index)], |row| row.get(0)));
        found.map_err(|_| MissingNode { level, index })
    }
}

pub(super) fn broken(why: impl ToString) -> StoreError {
    StoreError::Broken(why.to_string())
}
