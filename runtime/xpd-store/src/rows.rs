//! Row types.

use std::collections::BTreeMap;

use xp_scope::Value;

use crate::phase::Phase;

/// A grant. The row, not the token, is authoritative for the grant's phase.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantRow {
    /// Id of the grant and of its token.
    pub jti: String,
    /// Run id.
    pub run: String,
    /// Name of the principal.
    pub principal: String,
    /// Thumbprint of the principal's key.
    pub key: String,
    /// Name of the step.
    pub step: String,
    /// Index of the step in the artifact.
    pub step_id: u32,
    /// Ordinal of the step's opening.
    pub opening: u32,
    /// Ordinal of the attempt in the opening.
    pub attempt: u32,
    /// The connector instance.
    pub instance: String,
    /// Qualified action, such as `tickets.issues.read`.
    pub action: String,
    /// The complete arguments.
    pub args: BTreeMap<String, Value>,
    /// Digest of declaration, instance and arguments.
    pub req: String,
    /// Time of issue, milliseconds since 1970.
    pub issued: u64,
    /// Expiry, milliseconds since 1970.
    pub expires: u64,
    /// Phase.
    pub phase: Phase,
    /// Id of the request that claimed it.
    pub request: Option<String>,
    /// Result of the action, once done.
    pub result: Option<Value>,
}

/// How an artifact is deployed. A run has the mode of the deployment under which it was started, until its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Decisions are enforced.
    #[default]
    Enforced,
    /// Decisions are recorded, and nothing is sent but what the operator lists.
    Shadow,
}

/// A run to insert.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Run id.
    pub id: &'a str,
    /// Digest of its artifact, which must be stored.
    pub artifact: &'a str,
    /// The start rule under which the run is counted.
    pub rule: &'a str,
    /// Principal who starts it.
    pub started_by: &'a str,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Digest of its artifact.
    pub artifact: String,
    /// Head of the run's chain of log entries, as serialised by the engine.
    pub chain: Vec<u8>,
    /// State of the run's machine, as serialised by the engine.
    pub state: Vec<u8>,
    /// Start time, milliseconds since 1970.
    pub opened: u64,
    /// End time, milliseconds since 1970, if it ended.
    pub closed: Option<u64>,
}

/// What the store knows of a request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was not used before.
    New,
    /// It was answered, with this answer.
    Answered(Vec<u8>),
    /// The request is under way, or its end was never recorded.
    UnderWay,
    /// It was used for a different request.
    Other,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Index in the log.
    pub index: u64,
    /// Run id; `None` for the server's own entries.
    pub run: Option<String>,
    /// Its kind.
    pub kind: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

/// A part of an entry that is stored outside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobRow {
    /// Its digest.
    pub digest: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A signed checkpoint of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Number of entries it covers.
    pub size: u64,
    /// The signed note.
    pub note: Vec<u8>,
}

/// A kill in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopRow {
    /// Scope as text.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// The administrator.
    pub by: String,
    /// Time, milliseconds since 1970.
    pub at: u64,
    /// Who asked to lift it, and when (milliseconds since 1970).
    pub asked: Option<(String, u64)>,
}

/// Counters for monitoring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Runs that are not over.
    pub open_runs: u64,
    /// Grants in phase `in_doubt`.
    pub in_doubt: u64,
    /// Entries of the log.
    pub log_entries: u64,
}
