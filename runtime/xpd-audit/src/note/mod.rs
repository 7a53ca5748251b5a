//! Signed notes, checkpoints and their cosignatures (C2SP signed-note v1, tlog-checkpoint v1, tlog-cosignature v1,
//! tlog-policy).

mod checkpoint;
mod cosignature;
mod policy;
mod signed;
mod vkey;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{cosign, cosigned_at};
pub use policy::{Cosigned, Policy, PolicyError, PolicyLog, PolicyWitness, QuorumError};
pub use signed::{Note, NoteError, NoteSignature};
pub use vkey::{CosignerKey, NamedKey, Vkey, VkeyError};
