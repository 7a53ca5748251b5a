//! How an action ended.

use serde::{Deserialize, Serialize};
use xp_scope::Value;
use xp_wire::RefusalCode;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was carried out and this came back.
    Done(Value),
    /// It was not carried out.
    Failed {
        /// Provably nothing was sent, or the answer is definitive: the use comes back.
        returned: bool,
        /// Why.
        reason: String,
        /// Status of the other side, if it answered.
        status: Option<u16>,
    },
    /// It was stopped before anything with an effect was sent: the use comes back.
    Stopped(String),
    /// Nobody knows.
    Unknown(String),
}

/// The answer to a use. Kept for its repetition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What came back.
    pub result: Option<Value>,
    /// It counts as evidence of the step's current opening.
    pub bound: bool,
    /// Why it was not carried out.
    pub failure: Option<Failure>,
    /// The entry about it.
    pub index: u64,
    /// The answer to an earlier request.
    #[serde(default)]
    pub replayed: bool,
}

/// Why an action was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `connector_failed`, `connector_refused`, `killed` or `in_doubt`.
    pub code: RefusalCode,
    /// In words.
    pub reason: String,
    /// Status of the other side, if it answered.
    pub status: Option<u16>,
}
