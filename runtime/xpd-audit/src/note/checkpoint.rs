//! Checkpoints: the signed statement of a log's size and root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::signed::{Note, NoteError};
use super::vkey::Vkey;
use crate::merkle::{Frontier, Hash};

/// Name, size and root of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's origin; also the name of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Why a checkpoint is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The enclosing note is refused.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size and root, each in a line of its own.
    #[error("not a checkpoint")]
    Form,
    /// The checkpoint belongs to another log.
    #[error("checkpoint is of another log")]
    Origin,
}

impl Checkpoint {
    /// The checkpoint of a tree.
    #[must_use]
    pub fn of(origin: &str, tree: &Frontier) -> Self {
        Self { origin: origin.to_owned(), size: tree.size(), root: tree.root() }
    }

    /// Signs the checkpoint with the log's key. The name of the key must equal the origin.
    pub fn sign(&self, key: &Vkey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Result<Note, CheckpointError> {
        if key.name() != self.origin {
            return Err(CheckpointError::Origin);
        }
        Ok(Note::sign(&self.text(), key, sign)?)
    }

    /// Verifies a checkpoint against the log's key and reads it.
    pub fn open(bytes: &[u8], key: &Vkey) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Self::parse(note.verify(key)?)?;
        if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(CheckpointError::Origin) }
    }

    /// The signed text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// Reads the signed text. Extension lines are accepted and ignored.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Form)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Form);
        };
        let number: u64 = size.parse().map_err(|_| CheckpointError::Form)?;
        let root = STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok());
        // The size must be written canonically; an empty line would end the note's text.
        if origin.is_empty() || number.to_string() != size || lines.any(str::is_empty) {
            return Err(CheckpointError::Form);
        }
        Ok(Self { origin: origin.to_owned(), size: number, root: root.ok_or(CheckpointError::Form)? })
    }
}
