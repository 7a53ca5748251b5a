//! RFC 6962 Merkle trees: hashing, appending, proofs and their verification.

mod frontier;
mod proof;
mod reader;

use sha2::{Digest as _, Sha256};

pub use frontier::{Frontier, Node};
pub use proof::{verify_consistency, verify_inclusion};
pub use reader::{Leaves, MissingNode, NodeReader, consistency_proof, inclusion_proof, root};

/// A node of the tree: SHA-256.
pub type Hash = [u8; 32];

/// Hash of a leaf (RFC 6962 section 2.1).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of an inner node (RFC 6962 section 2.1).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Root of the tree without leaves.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Root over the roots of adjacent perfect subtrees, the largest first.
fn fold(peaks: &[Hash]) -> Hash {
    let mut from_right = peaks.iter().rev();
    match from_right.next() {
        Some(last) => from_right.fold(*last, |right, left| node_hash(left, &right)),
        None => empty_root(),
    }
}
