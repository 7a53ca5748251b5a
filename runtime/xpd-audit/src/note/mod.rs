//! Signed notes and checkpoints (C2SP signed-note v1, tlog-checkpoint v1).

mod checkpoint;
mod signed;
mod vkey;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use signed::{Note, NoteError, NoteSignature};
pub use vkey::{Vkey, VkeyError};
