//! The log's key, and access to the log's tree in the store.

use std::sync::Arc;

use xpd_audit::merkle::{Frontier, Hash, MissingNode, NodeReader};
use xpd_audit::note::{Checkpoint, Vkey};
use xpd_store::{Read, StoreError};
use xpd_token::KeyPair;

/// The log's key pair and verifier key; signs checkpoints.
#[derive(Clone)]
pub struct LogKey {
    key: Arc<KeyPair>,
    vkey: Vkey,
}

impl LogKey {
    /// The key under the log's name (its origin).
    ///
    /// # Errors
    /// The name is not valid in a checkpoint.
    pub fn new(origin: &str, key: Arc<KeyPair>) -> Result<Self, StoreError> {
        let vkey = Vkey::new(origin, key.public().bytes()).map_err(StoreError::broken)?;
        Ok(Self { key, vkey })
    }

    /// The verifier key.
    #[must_use]
    pub fn vkey(&self) -> &Vkey {
        &self.vkey
    }

    /// The signed checkpoint of a tree: its size and the note.
    pub(crate) fn checkpoint(&self, tree: &Frontier) -> Result<(u64, Vec<u8>), StoreError> {
        let checkpoint = Checkpoint::of(self.vkey.name(), tree);
        let note = checkpoint.sign(&self.vkey, |text| self.key.sign(text)).map_err(StoreError::broken)?;
        Ok((checkpoint.size, note.to_bytes()))
    }
}

/// The tree's nodes in the store.
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
