//! Appending to the audit log: the right edge of its tree, and checkpoints.

use std::path::{Path, PathBuf};

use tokio::sync::watch;
use xpd_audit::entry::{self, Body, Chain, Draft, Salt};
use xpd_audit::merkle::Frontier;
use xpd_store::{BlobRow, CheckpointRow, EntryRow, Read, StoreError, Tx};

use crate::checkpoint_file;
use crate::log_key::LogKey;

/// Number of entries after which a checkpoint is signed.
const CHECKPOINT_AFTER: u64 = 256;

/// The writer's view of the log.
pub(super) struct Log {
    key: LogKey,
    file: PathBuf,
    /// Read on first use, and again after a failed commit.
    edge: Option<Edge>,
    /// The tree as of the last commit.
    committed: Option<Frontier>,
    /// The checkpoint signed in the current commit.
    note: Option<(u64, Vec<u8>)>,
    /// The checkpoint file's contents, as last written.
    written: Option<Vec<u8>>,
    /// Size of the last committed checkpoint.
    signed: watch::Sender<u64>,
}

struct Edge {
    tree: Frontier,
    server: Chain,
    signed: u64,
    flushed: u64,
}

/// A state of the log to return to. `None` if its edge had not been read.
#[derive(Default)]
pub(super) struct Mark(Option<(Frontier, Chain)>);

impl Edge {
    fn read(rows: &dyn Read) -> Result<Self, StoreError> {
        let tree = match rows.remembered("tree")? {
            None => Frontier::default(),
            Some(bytes) => {
                Frontier::from_bytes(&bytes).ok_or_else(|| StoreError::broken("the log's edge is damaged"))?
            }
        };
        let server = match rows.remembered("chain")? {
            None => Chain::of_server(),
            Some(bytes) => serde_json::from_slice(&bytes)?,
        };
        if rows.log_size()? != tree.size() {
            return Err(StoreError::broken("the log's entries and its edge differ"));
        }
        let signed = rows.checkpoint(u64::MAX)?.map_or(0, |checkpoint| checkpoint.size);
        let flushed = tree.size();
        Ok(Self { tree, server, signed, flushed })
    }
}

impl Log {
    pub fn new(key: LogKey, file: &Path) -> Self {
        Self {
            key,
            file: file.to_owned(),
            edge: None,
            committed: None,
            note: None,
            written: None,
            signed: watch::Sender::new(0),
        }
    }

    fn edge(&mut self, rows: &dyn Read) -> Result<&mut Edge, StoreError> {
        match &mut self.edge {
            Some(edge) => Ok(edge),
            none => Ok(none.insert(Edge::read(rows)?)),
        }
    }

    /// Checks that the log extends the last published checkpoint.
    pub fn check(&mut self, rows: &dyn Read) -> Result<(), StoreError> {
        self.edge(rows)?;
        checkpoint_file::compare(rows, &checkpoint_file::published(&self.file, &self.key)?)?;
        self.written = std::fs::read(&self.file).ok();
        self.signed.send_replace(rows.checkpoint(u64::MAX)?.map_or(0, |checkpoint| checkpoint.size));
        Ok(())
    }

    /// Size of the last committed checkpoint.
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.signed.subscribe()
    }

    pub fn mark(&self) -> Mark {
        Mark(self.edge.as_ref().map(|edge| (edge.tree.clone(), edge.server.clone())))
    }

    pub fn rewind(&mut self, mark: Mark) {
        match (mark.0, &mut self.edge) {
            (Some((tree, server)), Some(edge)) => (edge.tree, edge.server) = (tree, server),
            // The edge was read by the failed command, so no other command of this commit has changed it.
            _ => self.edge = None,
        }
    }

    /// Discards everything appended since the last commit.
    pub fn forget(&mut self) {
        (self.edge, self.note) = (None, None);
    }

    /// Number of entries not covered by a checkpoint.
    pub fn unsigned(&self) -> u64 {
        self.edge.as_ref().map_or(0, |edge| edge.tree.size().saturating_sub(edge.signed))
    }

    /// Whether a checkpoint should be signed; `time` if the period has passed.
    pub fn is_due(&self, time: bool) -> bool {
        let unsigned = self.unsigned();
        // The first checkpoint is signed at once, so that a folder whose log has entries always has a
        // checkpoint.
        let first = self.edge.as_ref().is_some_and(|edge| edge.signed == 0);
        unsigned >= CHECKPOINT_AFTER || unsigned > 0 && (time || first)
    }

    /// Writes the edge if it changed.
    pub fn flush(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let edge = self.edge(tx.rows())?;
        if edge.tree.size() == edge.flushed {
            return Ok(());
        }
        tx.remember_value("tree", &edge.tree.to_bytes())?;
        tx.remember_value("chain", &serde_json::to_vec(&edge.server)?)?;
        edge.flushed = edge.tree.size();
        Ok(())
    }

    /// Signs a checkpoint of the whole log, in the current transaction.
    pub fn checkpoint(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        if self.unsigned() == 0 {
            return Ok(());
        }
        let Some(edge) = &mut self.edge else { return Ok(()) };
        let (size, note) = self.key.checkpoint(&edge.tree)?;
        tx.insert_checkpoint(&CheckpointRow { size, note: note.clone() })?;
        edge.signed = size;
        self.note = Some((size, note));
        Ok(())
    }

    /// Writes the committed checkpoint to the file beside the database, which is not part of a database
    /// backup.
    pub fn publish(&mut self) {
        if let Some(edge) = &self.edge {
            self.committed = Some(edge.tree.clone());
        }
        let Some((size, note)) = self.note.take() else { return };
        self.is_where_it_was();
        match checkpoint_file::write(&self.file, &note) {
            Ok(()) => self.written = Some(note),
            Err(error) => tracing::warn!(%error, "the checkpoint could not be written beside the database"),
        }
        self.signed.send_replace(size);
    }

    /// Writes a checkpoint of everything committed, when the database is abandoned. A database put in its
    /// place must then have all of it.
    pub fn publish_last(&mut self) {
        // The write of the previous checkpoint may have failed.
        let Some(tree) = self.committed.take() else { return };
        match self.key.checkpoint(&tree).and_then(|(_, note)| checkpoint_file::write(&self.file, &note)) {
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "the checkpoint could not be written beside the database"),
        }
    }

    /// Checks that the checkpoint file is as last written; otherwise logs the change and writes it again. A
    /// later process would not know what was written.
    pub fn is_where_it_was(&mut self) {
        let Some(written) = &self.written else { return };
        if std::fs::read(&self.file).is_ok_and(|found| found == *written) {
            return;
        }
        tracing::error!("the checkpoint beside the database was removed or changed; it is written again");
        if let Err(error) = checkpoint_file::write(&self.file, written) {
            tracing::warn!(%error, "the checkpoint could not be written beside the database");
        }
    }

    /// Appends to the chain of a run, or to the server's own, in the current transaction.
    pub fn append(
        &mut self,
        tx: &mut dyn Tx,
        chain: Option<&mut Chain>,
        body: Body,
    ) -> Result<Written, StoreError> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(StoreError::broken)?;
        let edge = self.edge(tx.rows())?;
        let draft = Draft { ts_ms: tx.now(), body };
        let chain = chain.unwrap_or(&mut edge.server);
        let done = entry::append(&mut edge.tree, chain, draft, Salt(salt)).map_err(StoreError::broken)?;
        let index = done.entry.index;
        tx.insert_entry(&EntryRow {
            index,
            run: done.entry.run,
            kind: done.entry.kind.as_str().to_owned(),
            salt: done.salt.0,
            bytes: done.bytes,
        })?;
        for node in &done.nodes {
            tx.insert_node(node.level, node.index, &node.hash)?;
        }
        for blob in done.blobs {
            tx.insert_blob(index, &BlobRow { digest: blob.digest.to_string(), bytes: blob.bytes })?;
        }
        Ok(Written { index })
    }
}

/// Position of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Index in the log.
    pub index: u64,
}
