//! The published log: checkpoints and tiles.

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

/// How long a request for evidence waits for cosignatures.
const COSIGNING: Duration = Duration::from_secs(10);

impl Orchestrator {
    /// The latest signed checkpoint; `None` while the log is empty.
    ///
    /// # Errors
    /// The store failed.
    pub async fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.store.read(|rows| rows.checkpoint(u64::MAX)).await?;
        Ok(found.map(|checkpoint| checkpoint.note))
    }

    /// Size of the last signed checkpoint, as a watch channel.
    #[must_use]
    pub fn signed(&self) -> watch::Receiver<u64> {
        self.memory.signed()
    }

    /// The consistency proof between two sizes of the log (RFC 6962).
    ///
    /// # Errors
    /// The store failed.
    pub async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, StoreError> {
        let proof =
            move |rows: &dyn Read| consistency_proof(&Nodes(rows), old, new).map_err(StoreError::broken);
        self.store.read(proof).await
    }

    /// Checks that the log extends a checkpoint that was stored elsewhere.
    ///
    /// # Errors
    /// It does not, or the store failed.
    pub async fn compare(&self, signed: Checkpoint) -> Result<(), StoreError> {
        self.store.read(move |rows| checkpoint_file::compare(rows, &signed)).await
    }

    /// Stores a checkpoint with the required cosignatures. From then on it is the published one, and evidence
    /// uses it.
    ///
    /// # Errors
    /// The store failed.
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

    /// Waits for up to [`COSIGNING`] until the last signed checkpoint is cosigned.
    pub(super) async fn until_cosigned(&self) {
        let size = *self.signed().borrow();
        let mut cosigned = self.cosigned.subscribe();
        let wait = cosigned.wait_for(|largest| *largest >= size);
        if tokio::time::timeout(COSIGNING, wait).await.is_err() {
            tracing::warn!(size, "the checkpoint has not been cosigned in time");
        }
    }

    /// A tile of hashes, or the entry bundle under a tile of level 0; `None` if the checkpoint does not cover
    /// it.
    ///
    /// # Errors
    /// The store failed.
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
