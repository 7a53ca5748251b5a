//! Failures of the store.

/// Why a command failed in the store. The command changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The queue of the writer is full.
    #[error("too much is waiting to be written")]
    Busy,
    /// The disk is full (no space, a quota, or the file size limit of the process), or the reserve has been
    /// released.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The back end rolled the transaction back of its own accord.
    #[error("the transaction was rolled back: {0}")]
    RolledBack(String),
    /// Another command of the same commit failed and its changes in memory could not be undone, so the whole
    /// commit was rolled back.
    #[error("a command of the same commit failed half way")]
    Aborted,
    /// A read or write failed although the disk is not full.
    #[error("the disk failed: {0}")]
    Io(String),
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// Another server holds the lock of the data folder.
    #[error("another xpd works in this folder")]
    InUse,
    /// The data folder lost a file, or was moved here with another key.
    #[error("{0}")]
    Folder(String),
    /// Database files were removed or replaced, or another process wrote to them. What this server committed
    /// is not what the next server would read.
    #[error("the database is no longer the one that this server wrote: {0}")]
    Replaced(String),
    /// A row violates an invariant.
    #[error("the store is damaged or of another version: {0}")]
    Broken(String),
}

impl StoreError {
    /// An invariant is violated, for the reason `why`.
    pub fn broken(why: impl ToString) -> Self {
        Self::Broken(why.to_string())
    }

    /// Whether the same command may succeed later without repair of the store's contents.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Busy | Self::Full(_) | Self::RolledBack(_) | Self::Aborted | Self::Io(_) => true,
            Self::Closed | Self::InUse | Self::Folder(_) | Self::Replaced(_) | Self::Broken(_) => false,
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// An error of a command; it must be able to carry a failure of the store.
pub trait CommandError: From<StoreError> + Send + 'static {
    /// The failure of the store, if that is the cause.
    fn storage(&self) -> Option<&StoreError>;
}

impl CommandError for StoreError {
    fn storage(&self) -> Option<&StoreError> {
        Some(self)
    }
}
