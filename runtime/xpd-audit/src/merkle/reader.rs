//! Proofs from stored hashes.

use super::{Hash, fold, node_hash};

/// Access to the stored hashes of a tree.
pub trait NodeReader {
    /// Error of a lookup.
    type Error;

    /// Hash of the leaf at this index.
    fn leaf(&self, index: u64) -> Result<Hash, Self::Error>;

    /// Hash of the perfect subtree over the leaves `index << level .. (index + 1) << level`, all of which
    /// must exist. An implementation that stores the nodes of [`super::Frontier::push`] looks it up; this
    /// default computes it from the leaves.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        match level.checked_sub(1) {
            None => self.leaf(index),
            Some(below) => Ok(node_hash(&self.node(below, index * 2)?, &self.node(below, index * 2 + 1)?)),
        }
    }
}

/// A hash is not stored, or lies outside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no node at level {level}, index {index}")]
pub struct MissingNode {
    /// Level of the requested node.
    pub level: u8,
    /// Its position in the level.
    pub index: u64,
}

/// Leaf hashes in memory.
#[derive(Clone, Debug, Default)]
pub struct Leaves(pub Vec<Hash>);

impl NodeReader for Leaves {
    type Error = MissingNode;

    fn leaf(&self, index: u64) -> Result<Hash, MissingNode> {
        let found = usize::try_from(index).ok().and_then(|at| self.0.get(at));
        found.copied().ok_or(MissingNode { level: 0, index })
    }
}

/// Root of the first `size` leaves.
pub fn root<R: NodeReader>(reader: &R, size: u64) -> Result<Hash, R::Error> {
    range(reader, 0, size)
}

/// Inclusion path of a leaf in the tree of the first `size` leaves (RFC 6962 section 2.1.1), lowest hash
/// first. Empty if the index is outside the tree.
pub fn inclusion_proof<R: NodeReader>(reader: &R, index: u64, size: u64) -> Result<Vec<Hash>, R::Error> {
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    if index >= size {
        return Ok(path);
    }
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range(reader, middle, high)?);
            high = middle;
        } else {
            path.push(range(reader, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Consistency proof between the trees of the first `old` and the first `new` leaves (RFC 6962 section
/// 2.1.2). Empty if `old` is 0 or not less than `new`.
pub fn consistency_proof<R: NodeReader>(reader: &R, old: u64, new: u64) -> Result<Vec<Hash>, R::Error> {
    let (mut low, mut high) = (0, new);
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range(reader, middle, high)?);
            high = middle;
        } else {
            path.push(range(reader, low, middle)?);
            low = middle;
        }
    }
    // A subtree that begins at 0 is the old tree, whose root the verifier already has.
    if low != 0 {
        path.push(range(reader, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// Root over the leaves `low .. high`, where `low` is a multiple of the largest power of two in their number.
fn range<R: NodeReader>(reader: &R, mut low: u64, high: u64) -> Result<Hash, R::Error> {
    let mut peaks = Vec::new();
    while low < high {
        let level = (high - low).ilog2();
        // The level is at most 63.
        peaks.push(reader.node(level as u8, low >> level)?);
        low += 1 << level;
    }
    Ok(fold(&peaks))
}

/// Largest power of two below `n`, for `n` of at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}
