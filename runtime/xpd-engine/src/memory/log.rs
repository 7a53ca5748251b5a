//! The edge of the audit log: what appending to it needs, and its checkpoints.

use std::path::{Path, PathBuf};

use tokio::sync::watch;
use xpd_audit::entry::{self, Body, Chain, Draft, Salt};
use xpd_audit::merkle::Frontier;
use xpd_store::{BlobRow, CheckpointRow, EntryRow, Read, StoreError, Tx};

use crate::checkpoint_file;
use crate::log_key::LogKey;

/// Entries under one checkpoint at most.
const CHECKPOINT_AFTER: u64 = 256;

/// The log as the writer sees it.
pub(super) struct Log {
    key: LogKey,
    file: PathBuf,
    /// Read when it is needed, and again after a commit that failed.
    edge: Option<Edge>,
    /// The log as it was committed last.
    committed: Option<Frontier>,
    /// The checkpoint of this commit.
    note: Option<(u64, Vec<u8>)>,
    /// The one that was written beside the database last.
    written: Option<Vec<u8>>,
    /// Size of the one that was committed last.
    signed: watch::Sender<u64>,
}

struct Edge {
    tree: Frontier,
    server: Chain,
    signed: u64,
    flushed: u64,
}

/// Where the log stood, to go back to. Nothing, where its edge was not read yet.
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

    /// The log is the one whose checkpoint was given out last, or a longer one.
    pub fn check(&mut self, rows: &dyn Read) -> Result<(), StoreError> {
        self.edge(rows)?;
        checkpoint_file::compare(rows, &checkpoint_file::published(&self.file, &self.key)?)?;
        self.written = std::fs::read(&self.file).ok();
        self.signed.send_replace(rows.checkpoint(u64::MAX)?.map_or(0, |checkpoint| checkpoint.size));
        Ok(())
    }

    /// Size of the checkpoint that was committed last.
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.signed.subscribe()
    }

    pub fn mark(&self) -> Mark {
        Mark(self.edge.as_ref().map(|edge| (edge.tree.clone(), edge.server.clone())))
    }

    pub fn rewind(&mut self, mark: Mark) {
        match (mark.0, &mut self.edge) {
            (Some((tree, server)), Some(edge)) => (edge.tree, edge.server) = (tree, server),
            // It was read by the command that failed, so no other command of this commit has moved it.
            _ => self.edge = None,
        }
    }

    /// Nothing that was appended counts.
    pub fn forget(&mut self) {
        (self.edge, self.note) = (None, None);
    }

    /// Entries under no checkpoint yet.
    pub fn unsigned(&self) -> u64 {
        self.edge.as_ref().map_or(0, |edge| edge.tree.size().saturating_sub(edge.signed))
    }

    /// Whether a checkpoint should be signed, now that it is time or not.
    pub fn is_due(&self, time: bool) -> bool {
        let unsigned = self.unsigned();
        // The first one at once: a folder that has one is never taken for one whose log was not begun.
        let first = self.edge.as_ref().is_some_and(|edge| edge.signed == 0);
        unsigned >= CHECKPOINT_AFTER || unsigned > 0 && (time || first)
    }

    /// Writes the edge, if it moved.
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

    /// Signs a checkpoint of all there is, in the running transaction.
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

    /// Puts the committed checkpoint beside the database, where a restored backup does not reach it.
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

    /// Puts a checkpoint of all that was committed beside a database that is given up: whatever is put in its place must
    /// have all of it.
    pub fn publish_last(&mut self) {
        // Whatever was written last may not have got there.
        let Some(tree) = self.committed.take() else { return };
        match self.key.checkpoint(&tree).and_then(|(_, note)| checkpoint_file::write(&self.file, &note)) {
            Ok(()) => {}
            Err(error) => tracing::warn!(%error, "the checkpoint could not be written beside the database"),
        }
    }

    /// The file is as it was written last; if not, that is said and it is written again. This process knows what it wrote,
    /// the next one would not.
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

    /// Appends to a run's chain, or to the server's own, in the running transaction.
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

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// In the log.
    pub index: u64,
}
