//! Why something was not done, before it is put on any wire.

use crate::store::StoreError;

/// A refusal by any part of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Stable code, for programs.
    pub code: String,
    /// For people: lower case, no full stop.
    pub reason: String,
    /// The clause of the workflow that refused, as written.
    pub clause: Option<String>,
    /// Index of the log entry about it.
    pub index: Option<u64>,
}

impl Refused {
    /// A refusal without a clause.
    #[must_use]
    pub fn new(code: &str, reason: impl Into<String>) -> Self {
        Self { code: code.to_owned(), reason: reason.into(), clause: None, index: None }
    }
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was refused.
    Refused(Refused),
    /// The store could not.
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Fault {
    /// A refusal without a clause.
    #[must_use]
    pub fn refused(code: &str, reason: impl Into<String>) -> Self {
        Self::Refused(Refused::new(code, reason))
    }

    /// Unknown and forbidden look the same.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::refused("unknown", format!("there is no such {what} for you"))
    }
}
