//! The edge of the audit log: what appending to it needs, and its checkpoints.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xpd_audit::entry::{self, Body, Chain, Draft, Salt};
use xpd_audit::merkle::{Frontier, Hash, MissingNode, NodeReader};
use xpd_audit::note::{Checkpoint, CheckpointError, NoteError, Vkey};
use xpd_store::{BlobRow, CheckpointRow, EntryRow, Read, StoreError, Tx};
use xpd_token::KeyPair;

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
        let vkey = Vkey::new(origin, key.public().bytes()).map_err(StoreError::broken)?;
        Ok(Self { key, vkey })
    }

    /// What the log is checked against.
    #[must_use]
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }
}

/// The log as the writer sees it.
pub(super) struct Log {
    key: LogKey,
    file: PathBuf,
    /// Read when it is needed, and again after a commit that failed.
    edge: Option<Edge>,
    /// The checkpoint of this commit.
    note: Option<Vec<u8>>,
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

/// The last checkpoint given out, if there is one: signed with this key.
///
/// # Errors
/// It cannot be read, or was signed with another key.
pub fn published(file: &Path, key: &LogKey) -> Result<Option<Checkpoint>, StoreError> {
    let wrong = |why: &dyn std::fmt::Display| StoreError::Broken(format!("{}: {why}", file.display()));
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error)),
    };
    match Checkpoint::open(&bytes, key.vkey()) {
        Ok(checkpoint) => Ok(Some(checkpoint)),
        Err(CheckpointError::Note(NoteError::Unsigned)) => Err(StoreError::Folder(format!(
            "log.pem is another key than the one that signed {}, or `server.name` was another then: put the right one back",
            file.display()
        ))),
        Err(error) => Err(wrong(&error)),
    }
}

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
        Self { key, file: file.to_owned(), edge: None, note: None }
    }

    fn edge(&mut self, rows: &dyn Read) -> Result<&mut Edge, StoreError> {
        match &mut self.edge {
            Some(edge) => Ok(edge),
            none => Ok(none.insert(Edge::read(rows)?)),
        }
    }

    /// The log is the one whose checkpoint was given out last, or a longer one.
    pub fn check(&mut self, rows: &dyn Read) -> Result<(), StoreError> {
        let size = self.edge(rows)?.tree.size();
        let Some(published) = published(&self.file, &self.key)? else { return Ok(()) };
        if published.size > size {
            return Err(StoreError::Broken(format!(
                "the last signed checkpoint is of {} entries, the log has {size}: an older database was put back",
                published.size
            )));
        }
        let root = xpd_audit::merkle::root(&Nodes(rows), published.size).map_err(StoreError::broken)?;
        if root == published.root {
            Ok(())
        } else {
            Err(StoreError::broken("the log is not the one that was signed"))
        }
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
        unsigned >= CHECKPOINT_AFTER || time && unsigned > 0
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
        let key = &self.key;
        let checkpoint = Checkpoint::of(key.vkey().name(), &edge.tree);
        let note = checkpoint.sign(key.vkey(), |text| key.key.sign(text)).map_err(StoreError::broken)?;
        let row = CheckpointRow { size: checkpoint.size, note: note.to_bytes() };
        tx.insert_checkpoint(&row)?;
        edge.signed = row.size;
        self.note = Some(row.note);
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

/// The tree's stored nodes.
pub(crate) struct Nodes<'a>(pub &'a dyn Read);

impl NodeReader for Nodes<'_> {
    type Error = MissingNode;

    fn leaf(&self, index: u64) -> Result<Hash, MissingNode> {
        self.node(0, index)
    }

    fn node(&self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        self.0.node(level, index).ok().flatten().ok_or(MissingNode { level, index })
    }
}
