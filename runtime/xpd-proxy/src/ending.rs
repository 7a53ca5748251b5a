//! The end of an action.

use serde::{Deserialize, Serialize};
use xp_scope::Value;
use xp_wire::RefusalCode;

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was performed, with this result.
    Done(Value),
    /// It was not performed.
    Failed {
        /// Whether the use is returned: nothing was sent, or the upstream's answer is definitive.
        returned: bool,
        /// Why.
        reason: String,
        /// HTTP status of the upstream, if it answered.
        status: Option<u16>,
    },
    /// It was stopped before anything with an effect was sent. The use is returned.
    Stopped(String),
    /// It is unknown whether it was performed.
    Unknown(String),
}

/// The answer to a use. Stored, so that a repeated request gets the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Result, if performed.
    pub result: Option<Value>,
    /// Whether the result counts as evidence in the step's current opening.
    pub bound: bool,
    /// Why the action was not performed.
    pub failure: Option<Failure>,
    /// Index of the log entry on the end.
    pub index: u64,
    /// Whether this is the stored answer to an earlier request.
    #[serde(default)]
    pub replayed: bool,
}

/// Why an action was not performed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `connector_failed`, `connector_refused`, `killed` or `in_doubt`.
    pub code: RefusalCode,
    /// Description for people.
    pub reason: String,
    /// HTTP status of the upstream, if it answered.
    pub status: Option<u16>,
}
