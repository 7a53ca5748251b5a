//! Entries, and the lines in which they are exported.

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

use super::body::Body;
use super::canonical::{EntryError, canonical, exact};
use super::commit::Salt;
use super::kind::Kind;

/// Version of the entry format.
pub const VERSION: u32 = 1;
/// Exclusive upper bound on the length of an entry's canonical bytes.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// Length of `,"salt":"`, 64 hex digits and `"}`.
const SALT_BYTES: usize = 9 + 64 + 2;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// [`VERSION`].
    pub v: u32,
    /// Position in the log, from 0.
    pub index: u64,
    /// Milliseconds since 1970 by the server's clock.
    pub ts_ms: u64,
    /// Run id. Absent for the server's own entries.
    pub run: Option<String>,
    /// Position among the entries of its run, from 0.
    pub run_seq: u64,
    /// Commitment of the preceding entry of the run. Absent for the first.
    pub prev: Option<Digest>,
    /// Digest of the run's artifact.
    pub art: Option<Digest>,
    /// The run is a shadow run: nothing was enforced in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Kind, computed from the body.
    pub kind: Kind,
    /// Content.
    pub body: Body,
}

impl LogEntry {
    /// Canonical bytes, to which the commitment refers.
    pub fn canonical(&self) -> Result<Vec<u8>, EntryError> {
        exact(self)?;
        let bytes = canonical(self)?;
        if bytes.len() < MAX_ENTRY_BYTES { Ok(bytes) } else { Err(EntryError::TooLarge(bytes.len())) }
    }
}

/// An entry and its salt: one line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The entry.
    pub entry: LogEntry,
    /// Its salt.
    pub salt: Salt,
}

impl Line {
    /// Canonical bytes of the line, without a line feed.
    pub fn canonical(&self) -> Result<Vec<u8>, EntryError> {
        canonical(self)
    }

    /// The slice of a canonical line that holds the entry's canonical bytes.
    #[must_use]
    pub fn entry_bytes(line: &[u8]) -> Option<&[u8]> {
        let (entry, rest) = line.split_at_checked(line.len().checked_sub(SALT_BYTES)?)?;
        if rest.starts_with(b",\"salt\":\"") { entry.strip_prefix(b"{\"entry\":") } else { None }
    }
}
