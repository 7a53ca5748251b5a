//! The writer of entries. It does no I/O: it returns the entry and its hashes, and the caller stores them in
//! the transaction of the decision.

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

use super::body::{Blob, Body};
use super::canonical::{EntryError, exact};
use super::commit::{Salt, commitment, leaf_data};
use super::kind::Kind;
use super::record::{LogEntry, VERSION};
use crate::merkle::{Frontier, Hash, Node, leaf_hash};

/// The head of one chain, of a run or of the server's own entries. Stored with the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    run: Option<String>,
    art: Option<Digest>,
    /// Whether the run is a shadow run. Fixed when the chain is made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
    next: u64,
    last: Option<Digest>,
    closed: bool,
}

/// An entry before it is given its place in chain and tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Milliseconds since 1970 by the server's clock.
    pub ts_ms: u64,
    /// Content.
    pub body: Body,
}

/// An entry with everything to store for it. It is part of the log once its transaction commits.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The entry, large parts moved out.
    pub entry: LogEntry,
    /// The entry's canonical bytes.
    pub bytes: Vec<u8>,
    /// Salt.
    pub salt: Salt,
    /// Commitment: the content of the leaf, and `prev` of the next entry.
    pub commitment: Digest,
    /// Data of the leaf, as a tlog-tiles bundle holds it.
    pub leaf: Vec<u8>,
    /// Hash of the leaf.
    pub leaf_hash: Hash,
    /// Every tree node that this entry completed, the leaf first. Storing all of them makes proofs
    /// logarithmic.
    pub nodes: Vec<Node>,
    /// Parts stored outside the entry.
    pub blobs: Vec<Blob>,
}

impl Chain {
    /// The empty chain of a run that is about to start.
    #[must_use]
    pub fn of_run(run: impl Into<String>, artifact: Digest) -> Self {
        Self { run: Some(run.into()), art: Some(artifact), shadow: false, next: 0, last: None, closed: false }
    }

    /// The empty chain of a shadow run that is about to start. Each of its entries says so.
    #[must_use]
    pub fn of_shadow_run(run: impl Into<String>, artifact: Digest) -> Self {
        Self { shadow: true, ..Self::of_run(run, artifact) }
    }

    /// The empty chain of the server's own entries.
    #[must_use]
    pub fn of_server() -> Self {
        Self { run: None, art: None, shadow: false, next: 0, last: None, closed: false }
    }

    /// Whether it is the chain of a shadow run.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.next
    }

    /// Whether the chain has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.next == 0
    }

    /// Whether the chain has `run.closed`.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The body of `run.closed` for the chain as it is; `status` is the machine's `Status`.
    pub fn closing(&self, status: &impl Serialize) -> Result<Body, EntryError> {
        let last = self.last.clone().ok_or(EntryError::Misplaced(Kind::RunClosed))?;
        Ok(Body::Closed { count: self.next + 1, last, status: exact(status)? })
    }

    fn admits(&self, body: &Body, kind: Kind) -> Result<(), EntryError> {
        if self.closed {
            return Err(EntryError::Closed);
        }
        let placed = match self.run {
            Some(_) => body.of_a_run() && (kind == Kind::RunOpened) == (self.next == 0),
            None => body.of_no_run(),
        };
        let counted = match body {
            Body::Closed { count, last, .. } => *count == self.next + 1 && self.last.as_ref() == Some(last),
            _ => true,
        };
        if placed && counted { Ok(()) } else { Err(EntryError::Misplaced(kind)) }
    }
}

/// Appends an entry to the chain and the tree. On an error neither is changed.
pub fn append(
    tree: &mut Frontier,
    chain: &mut Chain,
    draft: Draft,
    salt: Salt,
) -> Result<Appended, EntryError> {
    let Draft { ts_ms, mut body } = draft;
    let kind = body.kind()?;
    chain.admits(&body, kind)?;
    let blobs = body.move_out(&salt)?;
    let entry = LogEntry {
        v: VERSION,
        index: tree.size(),
        ts_ms,
        run: chain.run.clone(),
        run_seq: chain.next,
        prev: chain.last.clone(),
        art: chain.art.clone(),
        shadow: chain.shadow,
        kind,
        body,
    };
    let bytes = entry.canonical()?;
    let commitment = commitment(&salt, &bytes);
    let leaf = leaf_data(&commitment);
    let leaf_hash = leaf_hash(&leaf);
    let nodes = tree.push(leaf_hash);
    chain.next += 1;
    chain.last = Some(commitment.clone());
    chain.closed = kind == Kind::RunClosed;
    Ok(Appended { entry, bytes, salt, commitment, leaf, leaf_hash, nodes, blobs })
}
