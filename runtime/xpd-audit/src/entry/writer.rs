//! The writer, pure: state in, entry and hashes out. The caller stores all of it in the transaction of the decision.

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

use super::body::{Blob, Body};
use super::canonical::{EntryError, exact};
use super::commit::{Salt, commitment, leaf_data};
use super::kind::Kind;
use super::record::{LogEntry, VERSION};
use crate::merkle::{Frontier, Hash, Node, leaf_hash};

/// The end of the chain of one run, or of the server's own entries. Stored with the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    run: Option<String>,
    art: Option<Digest>,
    next: u64,
    last: Option<Digest>,
    closed: bool,
}

/// An entry to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Milliseconds since 1970 by the clock that decides.
    pub ts_ms: u64,
    /// What it says.
    pub body: Body,
}

/// An entry that is part of the log once its transaction commits.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// The entry, large parts outside.
    pub entry: LogEntry,
    /// The entry's canonical bytes.
    pub bytes: Vec<u8>,
    /// The salt it was given.
    pub salt: Salt,
    /// The commitment the log shows; `prev` of the next entry.
    pub commitment: Digest,
    /// The leaf's data, as a tlog-tiles bundle holds it.
    pub leaf: Vec<u8>,
    /// The leaf's hash.
    pub leaf_hash: Hash,
    /// Every tree node this entry completed, the leaf first; store all of them to make proofs quickly.
    pub nodes: Vec<Node>,
    /// Parts kept outside the entry.
    pub blobs: Vec<Blob>,
}

impl Chain {
    /// The chain of a run that is about to be opened.
    #[must_use]
    pub fn of_run(run: impl Into<String>, artifact: Digest) -> Self {
        Self { run: Some(run.into()), art: Some(artifact), next: 0, last: None, closed: false }
    }

    /// The chain of the server's own entries.
    #[must_use]
    pub fn of_server() -> Self {
        Self { run: None, art: None, next: 0, last: None, closed: false }
    }

    /// Entries so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.next
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.next == 0
    }

    /// Whether `run.closed` was written.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The body of `run.closed` as it would be now; `status` is the machine's.
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

/// Appends an entry to its chain and to the tree. On an error nothing has changed.
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
