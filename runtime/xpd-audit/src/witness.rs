//! The checks of a witness before it cosigns (C2SP tlog-witness, `add-checkpoint`). Does no I/O: the caller
//! stores the latest checkpoint of each log, and must check and store atomically.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::merkle::{Hash, empty_root, verify_consistency};
use crate::note::{Checkpoint, CheckpointError, Note, NoteError, Vkey};

/// Upper bound on the hashes of a proof.
const MAX_PROOF: usize = 63;

/// An `add-checkpoint` request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Size of the checkpoint that the witness cosigned last, as the client believes.
    pub old: u64,
    /// Consistency proof from that size to the new checkpoint, [`crate::merkle::consistency_proof`].
    pub proof: Vec<Hash>,
    /// The new checkpoint, a signed note.
    pub checkpoint: Vec<u8>,
}

/// Why a witness refuses to cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The request is malformed, or its checkpoint is smaller than `old`.
    #[error("the request is not one of this protocol")]
    Malformed,
    /// The log is not configured at the witness.
    #[error("the log is not known here")]
    UnknownLog,
    /// The checkpoint has no valid signature by the log's key.
    #[error("the checkpoint is not signed by the log's key")]
    Unsigned,
    /// `old` is not the size the witness cosigned last, which is this one.
    #[error("the latest cosigned checkpoint has size {0}")]
    Conflict(u64),
    /// The consistency proof does not verify.
    #[error("the checkpoint does not continue the one that was cosigned last")]
    Inconsistent,
}

impl Rejection {
    /// The HTTP status of the answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::UnknownLog => 404,
            Self::Unsigned => 403,
            Self::Conflict(_) => 409,
            Self::Inconsistent => 422,
        }
    }
}

impl AddCheckpoint {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// The body is malformed.
    pub fn parse(body: &[u8]) -> Result<Self, Rejection> {
        let at = body.windows(2).position(|pair| pair == b"\n\n").ok_or(Rejection::Malformed)?;
        let (head, rest) = body.split_at(at);
        let head = std::str::from_utf8(head).map_err(|_| Rejection::Malformed)?;
        let mut lines = head.split('\n');
        let number = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(Rejection::Malformed)?;
        let old: u64 = number.parse().map_err(|_| Rejection::Malformed)?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.filter(|proof| proof.len() <= MAX_PROOF).ok_or(Rejection::Malformed)?;
        if old.to_string() != number {
            return Err(Rejection::Malformed);
        }
        Ok(Self { old, proof, checkpoint: rest.strip_prefix(b"\n\n").unwrap_or_default().to_vec() })
    }

    /// The body of a request.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = format!("old {}\n", self.old);
        for hash in &self.proof {
            body += &format!("{}\n", STANDARD.encode(hash));
        }
        let mut body = body.into_bytes();
        body.push(b'\n');
        body.extend(&self.checkpoint);
        body
    }

    /// The origin in the checkpoint, without verification.
    ///
    /// # Errors
    /// The checkpoint is malformed.
    pub fn origin(&self) -> Result<String, Rejection> {
        let note = Note::parse(&self.checkpoint).map_err(|_| Rejection::Malformed)?;
        let checkpoint = Checkpoint::parse(note.unverified_text()).map_err(|_| Rejection::Malformed)?;
        Ok(checkpoint.origin)
    }

    /// The checkpoint, if it may be cosigned: it is signed by the log and consistent with `known`, the
    /// checkpoint that was cosigned last.
    ///
    /// # Errors
    /// The reason for refusing it.
    pub fn admit(&self, log: &Vkey, known: Option<&Checkpoint>) -> Result<Checkpoint, Rejection> {
        let checkpoint = Checkpoint::open(&self.checkpoint, log).map_err(|error| match error {
            CheckpointError::Note(NoteError::Unsigned | NoteError::Signature) => Rejection::Unsigned,
            CheckpointError::Note(NoteError::Form) | CheckpointError::Form => Rejection::Malformed,
            CheckpointError::Origin => Rejection::UnknownLog,
        })?;
        if self.old > checkpoint.size {
            return Err(Rejection::Malformed);
        }
        let (size, root) = known.map_or((0, empty_root()), |known| (known.size, known.root));
        if self.old != size {
            return Err(Rejection::Conflict(size));
        }
        if verify_consistency(size, &root, checkpoint.size, &checkpoint.root, &self.proof) {
            Ok(checkpoint)
        } else {
            Err(Rejection::Inconsistent)
        }
    }
}

/// The name under which a witness serves the latest checkpoint of a log: SHA-256 of the origin, in lower-case hex.
#[must_use]
pub fn origin_hash(origin: &str) -> String {
    Sha256::digest(origin).iter().map(|byte| format!("{byte:02x}")).collect()
}
