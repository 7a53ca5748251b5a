//! Entries, and the lines they are handed over in.

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

use super::body::Body;
use super::canonical::{EntryError, canonical, exact};
use super::commit::Salt;
use super::kind::Kind;

/// Version of the entry format.
pub const VERSION: u32 = 1;
/// An entry's canonical bytes are shorter than this.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// `,"salt":"` and 64 hex digits and `"}`.
const SALT_BYTES: usize = 9 + 64 + 2;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// [`VERSION`].
    pub v: u32,
    /// Position in the log, from 0.
    pub index: u64,
    /// Milliseconds since 1970 by the clock that decides.
    pub ts_ms: u64,
    /// The run; none for the server's own entries.
    pub run: Option<String>,
    /// Position among the entries of its run, from 0.
    pub run_seq: u64,
    /// Commitment of the entry before it in its run.
    pub prev: Option<Digest>,
    /// Digest of the artifact the run runs.
    pub art: Option<Digest>,
    /// What it records.
    pub kind: Kind,
    /// The rest.
    pub body: Body,
}

impl LogEntry {
    /// Its canonical bytes: what the commitment is about.
    pub fn canonical(&self) -> Result<Vec<u8>, EntryError> {
        exact(self)?;
        let bytes = canonical(self)?;
        if bytes.len() < MAX_ENTRY_BYTES { Ok(bytes) } else { Err(EntryError::TooLarge(bytes.len())) }
    }
}

/// An entry with what opens its commitment: a line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The entry.
    pub entry: LogEntry,
    /// Its salt.
    pub salt: Salt,
}

impl Line {
    /// The line, without a line feed.
    pub fn canonical(&self) -> Result<Vec<u8>, EntryError> {
        canonical(self)
    }

    /// The entry's canonical bytes in a canonical line.
    #[must_use]
    pub fn entry_bytes(line: &[u8]) -> Option<&[u8]> {
        let (entry, rest) = line.split_at_checked(line.len().checked_sub(SALT_BYTES)?)?;
        if rest.starts_with(b",\"salt\":\"") { entry.strip_prefix(b"{\"entry\":") } else { None }
    }
}
