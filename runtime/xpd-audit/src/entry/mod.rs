//! What the log records: kinds, bodies, entries, commitments, and the pure writer.
//!
//! A leaf of the log is `{"c":"sha256:…"}`, a commitment to an entry under a random salt, so a public log says nothing
//! about what happened. Whoever may read an entry gets entry and salt and can compute its leaf.

mod body;
mod canonical;
mod commit;
mod kind;
mod record;
mod writer;

pub use body::{Blob, Body, Decision, Facts, Part, Verdict};
pub use canonical::EntryError;
pub use commit::{Salt, commitment, leaf_data};
pub use kind::Kind;
pub use record::{Line, LogEntry, MAX_ENTRY_BYTES, VERSION};
pub use writer::{Appended, Chain, Draft, append};
