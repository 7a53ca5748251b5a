//! Refusals and failures, independent of any wire format.

use xp_wire::RefusalCode;
use xpd_store::{CommandError, Store, StoreError, Tx};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Code for programs.
    pub code: RefusalCode,
    /// Text for people: lower case, no full stop.
    pub reason: String,
    /// The clause of the workflow that led to the refusal, in source form.
    pub clause: Option<String>,
    /// Index of the log entry on the refusal.
    pub index: Option<u64>,
}

impl Refused {
    /// A refusal without a clause or an entry.
    #[must_use]
    pub fn new(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), clause: None, index: None }
    }
}

/// Why a request was not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It was refused.
    Refused(Refused),
    /// The store failed.
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
    /// A refusal without a clause or an entry.
    #[must_use]
    pub fn refused(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self::Refused(Refused::new(code, reason))
    }

    /// Refusal of a request for an object that does not exist or that the caller may not see. The two cases
    /// are indistinguishable.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::refused(RefusalCode::Unknown, format!("there is no such {what} for you"))
    }
}

/// Why a command ends without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Refused, with its transaction committed: the refusal is logged and the proof of possession is used up.
    Refuse(Refused),
    /// Its transaction is rolled back.
    Abort(Fault),
}

impl<E: Into<Fault>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Abort(error.into())
    }
}

/// Runs a command in the writer and commits it even if it refuses; see [`Store::write`].
///
/// # Errors
/// The refusal, or the reason for the rollback.
pub async fn write<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, Stop> + Send + 'static,
) -> Result<T, Fault> {
    store.write(|tx| committed(work(tx))).await.and_then(answered)
}

/// As [`write`], through [`Store::write_past_reserve`].
///
/// # Errors
/// The refusal, or the reason for the rollback.
pub async fn write_past_reserve<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, Stop> + Send + 'static,
) -> Result<T, Fault> {
    store.write_past_reserve(|tx| committed(work(tx))).await.and_then(answered)
}

/// As [`write`], through [`Store::write_urgent`].
///
/// # Errors
/// The refusal, or the reason for the rollback.
pub async fn write_urgent<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut dyn Tx) -> Result<T, Stop> + Send + 'static,
) -> Result<T, Fault> {
    store.write_urgent(|tx| committed(work(tx))).await.and_then(answered)
}

/// Turns a refusal into a success of the command, so that the store commits it.
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
