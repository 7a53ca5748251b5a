//! The log as it is given out: its checkpoint and its tiles.

use xpd_audit::entry::{Salt, commitment, leaf_data};
use xpd_audit::tiles::{TILE_WIDTH, Tile, bundle};
use xpd_store::{Read, StoreError};

use super::Orchestrator;
use crate::memory::Nodes;

impl Orchestrator {
    /// The latest signed checkpoint; nothing, where nothing was logged yet.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn checkpoint(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.store.read(|rows| rows.checkpoint(u64::MAX)).await?;
        Ok(found.map(|checkpoint| checkpoint.note))
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
