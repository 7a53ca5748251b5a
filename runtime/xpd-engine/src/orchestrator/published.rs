//! The log as it is given out: its checkpoint and its tiles.

use std::time::Duration;

use tokio::sync::watch;
use xpd_audit::entry::{Salt, commitment, leaf_data};
use xpd_audit::merkle::{Hash, consistency_proof};
use xpd_audit::note::Checkpoint;
use xpd_audit::tiles::{TILE_WIDTH, Tile, bundle};
use xpd_proxy::Fault;
use xpd_store::{CheckpointRow, Read, StoreError};

use super::Orchestrator;
use crate::checkpoint_file;
use crate::log_key::Nodes;

/// How long evidence waits for witnesses.
const COSIGNING: Duration = Duration::from_secs(10);

impl Orchestrator {
    /// The latest signed checkpoint; nothing, where nothing was logged yet.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.store.read(|rows| rows.checkpoint(u64::MAX)).await?;
        Ok(found.map(|checkpoint| checkpoint.note))
    }

    /// Size of the checkpoint that was signed last, as it changes.
    #[must_use]
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.memory.signed()
    }

    /// That the log of one size continues that of a smaller one (RFC 6962).
    ///
    /// # Errors
    /// The store cannot.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
        let proof =
            move |rows: &dyn Read| consistency_proof(&Nodes(rows), old, new).map_err(StoreError::broken);
        self.store.read(proof).await
    }

    /// Compares a checkpoint that was kept elsewhere with the log, which must be that log or a longer one.
    ///
    /// # Errors
    /// It is an older log or another one, or the store cannot.
    pub async fn compare(&self, signed: Checkpoint) -> Result<(), StoreError> {
        self.store.read(move |rows| checkpoint_file::compare(rows, &signed)).await
    }

    /// Keeps a checkpoint with the cosignatures that it needs: it is what is given out, and what evidence rests on.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn keep_cosigned(&self, size: u64, note: Vec<u8>) -> Result<(), Fault> {
        let kept = self.write(move |tx| Ok(tx.cosign_checkpoint(&CheckpointRow { size, note })?)).await?;
        if kept {
            self.cosigned.send_if_modified(|largest| {
                let larger = size > *largest;
                *largest = size.max(*largest);
                larger
            });
        }
        Ok(())
    }

    /// Waits until the checkpoint signed last has the cosignatures it needs; not for long.
    pub(super) async fn until_cosigned(&self) {
        let size = *self.signed().borrow();
        let mut cosigned = self.cosigned.subscribe();
        let wait = cosigned.wait_for(|largest| *largest >= size);
        if tokio::time::timeout(COSIGNING, wait).await.is_err() {
            tracing::warn!(size, "the checkpoint has not been cosigned in time");
        }
    }

    /// A tile of hashes, or the bundle of entries under a tile of level 0. Nothing, where the checkpoint does not cover it.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn tile(&self, tile: Tile, entries: bool) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(move |rows| bytes(rows, &tile, entries)).await
    }
}

fn bytes(rows: &dyn Read, tile: &Tile, entries: bool) -> Result<Option<Vec<u8>>, StoreError> {
    let size = rows.checkpoint(u64::MAX)?.map_or(0, |checkpoint| checkpoint.size);
    let end = tile.index.saturating_mul(TILE_WIDTH).saturating_add(tile.width);
    if end > size >> (8 * u32::from(tile.level)) {
        return Ok(None);
    }
    if !entries {
        return tile.bytes(&Nodes(rows)).map(Some).map_err(StoreError::broken);
    }
    let found = rows.entries_from(tile.index * TILE_WIDTH, tile.width)?;
    let leaves: Vec<Vec<u8>> =
        found.iter().map(|entry| leaf_data(&commitment(&Salt(entry.salt), &entry.bytes))).collect();
    bundle(leaves.iter().map(Vec::as_slice)).map(Some).map_err(StoreError::broken)
}
