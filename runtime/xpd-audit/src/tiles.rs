//! The C2SP tlog-tiles layout: names and contents of the files of a log of a given size.

use crate::merkle::{Hash, NodeReader};

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;

/// A tile: `width` nodes of tree level `8 * level`, starting at node `256 * index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// Level of the tile, 0 at the leaves.
    pub level: u8,
    /// Position in its level.
    pub index: u64,
    /// Number of hashes, 1 to 256. A tile with fewer than 256 is partial.
    pub width: u64,
}

impl Tile {
    /// `tile/<level>/<index>[.p/<width>]`.
    #[must_use]
    pub fn path(&self) -> String {
        path(&self.level.to_string(), self.index, self.width)
    }

    /// The bundle with the entries under a level 0 tile: `tile/entries/<index>[.p/<width>]`.
    #[must_use]
    pub fn entries_path(&self) -> String {
        path("entries", self.index, self.width)
    }

    /// The tile's bytes.
    pub fn bytes<R: NodeReader>(&self, reader: &R) -> Result<Vec<u8>, R::Error> {
        let first = self.index * TILE_WIDTH;
        let mut bytes = Vec::with_capacity(32 * usize::try_from(self.width).unwrap_or_default());
        for index in first..first + self.width {
            let hash: Hash = reader.node(self.level * 8, index)?;
            bytes.extend_from_slice(&hash);
        }
        Ok(bytes)
    }
}

/// An entry does not fit the two-byte length prefix of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log entry is longer than 65,535 bytes")]
pub struct EntryTooLong;

/// An entry bundle: each entry preceded by its length in two bytes, big-endian.
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, EntryTooLong> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).map_err(|_| EntryTooLong)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle; `None` if it is malformed.
#[must_use]
pub fn entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

/// Tile indices are written in groups of three digits, all but the last prefixed with `x`: `x001/x234/067`.
fn path(level: &str, index: u64, width: u64) -> String {
    let mut groups = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        groups = format!("x{:03}/{groups}", rest % 1000);
        rest /= 1000;
    }
    let partial = if width < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{groups}{partial}")
}
