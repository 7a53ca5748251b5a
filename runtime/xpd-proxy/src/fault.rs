//! Why something was not done, before it is put on any wire.

use xp_wire::RefusalCode;
use xpd_store::{CommandError, Store, StoreError, Tx};

/// A refusal by any part of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// For programs.
    pub code: RefusalCode,
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
    pub fn new(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), clause: None, index: None }
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

impl CommandError for Fault {
    fn storage(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

impl Fault {
    /// A refusal without a clause.
    #[must_use]
    pub fn refused(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self::Refused(Refused::new(code, reason))
    }

    /// Unknown and forbidden look the same.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::refused(RefusalCode::Unknown, format!("there is no such {what} for you"))
    }
}

/// How a command ends without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is refused and its transaction committed: the refusal is on the record, the proof of possession used up.
    Refuse(Refused),
    /// Its transaction is rolled back.
    Abort(Fault),
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Abort(error.into())
    }
}

/// Runs a command in the writer, and commits it even where it refuses. Without the reserve it is refused.
///
/// # Errors
/// The refusal, or why it was rolled back.
pub async fn write<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, Stop> + Send + 'static,
) -> Result<T, Fault> {
    store.write(|tx| committed(work(tx))).await.and_then(answered)
}

/// The same for what stops things or ends what was begun: it may use what the reserve left.
///
/// # Errors
/// The refusal, or why it was rolled back.
pub async fn insist<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, Stop> + Send + 'static,
) -> Result<T, Fault> {
    store.insist(|tx| committed(work(tx))).await.and_then(answered)
}

/// The same for what stops things: it goes before all that waits.
///
/// # Errors
/// The refusal, or why it was rolled back.
pub async fn urge<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, Stop> + Send + 'static,
) -> Result<T, Fault> {
    store.urge(|tx| committed(work(tx))).await.and_then(answered)
}

/// For the store, a refusal is a success: it commits.
fn committed<T>(outcome: Result<T, Stop>) -> Result<Result<T, Refused>, Fault> {
    match outcome {
        Ok(answer) => Ok(Ok(answer)),
        Err(Stop::Refuse(refused)) => Ok(Err(refused)),
        Err(Stop::Abort(fault)) => Err(fault),
    }
}

fn answered<T>(answer: Result<T, Refused>) -> Result<T, Fault> {
    answer.map_err(Fault::Refused)
}
