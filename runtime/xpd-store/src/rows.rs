//! Rows, typed.

use std::collections::BTreeMap;

use xp_scope::Value;

use crate::phase::Phase;

/// A grant. The row is the truth about a token; the signature only carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantRow {
    /// Identity of the token.
    pub jti: String,
    /// The run.
    pub run: String,
    /// Name of the principal.
    pub principal: String,
    /// Thumbprint of its key.
    pub key: String,
    /// Name of the step.
    pub step: String,
    /// Its number in the artifact.
    pub step_id: u32,
    /// Opening of the step.
    pub opening: u32,
    /// Number of the attempt in it.
    pub attempt: u32,
    /// The connector instance.
    pub instance: String,
    /// Qualified, `tickets.issues.read`.
    pub action: String,
    /// The complete arguments.
    pub args: BTreeMap<String, Value>,
    /// Digest of declaration, instance and arguments.
    pub req: String,
    /// Milliseconds since 1970.
    pub issued: u64,
    /// Milliseconds since 1970.
    pub expires: u64,
    /// Where it stands.
    pub phase: Phase,
    /// The request id it was used under.
    pub request: Option<String>,
    /// What came back, once it is done.
    pub result: Option<Value>,
}

/// A run to be.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Its id.
    pub id: &'a str,
    /// Digest of its artifact, which must be here.
    pub artifact: &'a str,
    /// The rule it is counted under.
    pub rule: &'a str,
    /// Name of the principal.
    pub started_by: &'a str,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Digest of its artifact.
    pub artifact: String,
    /// The end of its chain of log entries, as whoever decides wrote it.
    pub chain: Vec<u8>,
    /// Its state, as whoever decides wrote it.
    pub state: Vec<u8>,
    /// When it was started, milliseconds since 1970.
    pub opened: u64,
    /// When it was over, milliseconds since 1970.
    pub closed: Option<u64>,
}

/// What is known of a request id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing.
    New,
    /// It was answered with this.
    Answered(Vec<u8>),
    /// It is under way, or its end was never recorded.
    UnderWay,
    /// It was used for something else.
    Other,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Place in the log.
    pub index: u64,
    /// Its run, if it is of one.
    pub run: Option<String>,
    /// Its kind.
    pub kind: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

/// A part of an entry that is kept outside it.
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
    /// Entries under it.
    pub size: u64,
    /// The signed note.
    pub note: Vec<u8>,
}

/// A kill in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopRow {
    /// What is stopped, in words.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Who stopped it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Who asked that it be lifted, and when.
    pub asked: Option<(String, u64)>,
}

/// Numbers for whoever watches the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Runs that are not over.
    pub open_runs: u64,
    /// Actions whose end nobody knows.
    pub in_doubt: u64,
    /// Entries of the log.
    pub log_entries: u64,
}
