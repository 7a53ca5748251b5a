//! Entries of the log: kinds, bodies, commitments, and the writer, which does no I/O.
//!
//! A leaf of the log is `{"c":"sha256:…"}`, a commitment to an entry under a random salt, so a published log
//! reveals nothing about the entries. A reader who is given an entry and its salt can compute the leaf.

mod body;
mod canonical;
mod commit;
mod kind;
mod record;
mod writer;

pub use body::{Blob, Body, Decision, Facts, Part, PersonEvent, Verdict};
pub use canonical::EntryError;
pub use commit::{Salt, commitment, leaf_data};
pub use kind::Kind;
pub use record::{Line, LogEntry, MAX_ENTRY_BYTES, VERSION};
pub use writer::{Appended, Chain, Draft, append};
