//! What can go wrong below the decisions.

/// Why the store could not do its work. Nothing of the command was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More waits than there is room for.
    #[error("too much is waiting to be written")]
    Busy,
    /// The disk is full: no space, a quota, or the largest size of a file was reached; or the reserve is gone.
    #[error("the disk is full: {0}")]
    Full(String),
    /// The back end rolled the transaction back by itself.
    #[error("the transaction was rolled back: {0}")]
    RolledBack(String),
    /// Another command of the same commit failed after it had changed what is in memory, so the commit was given up.
    #[error("a command of the same commit failed half way")]
    Aborted,
    /// The disk failed to read or write, and is not full.
    #[error("the disk failed: {0}")]
    Io(String),
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// Another server works in the folder.
    #[error("another xpd works in this folder")]
    InUse,
    /// The folder lost something, or it came with another key.
    #[error("{0}")]
    Folder(String),
    /// The files of the database are gone, others stand in their place, or somebody else wrote to them: what this server
    /// committed is not what the next one would read.
    #[error("the database is no longer the one that this server wrote: {0}")]
    Replaced(String),
    /// The database says something that it must not.
    #[error("the store is damaged or of another version: {0}")]
    Broken(String),
}

impl StoreError {
    /// Something that must not be so.
    pub fn broken(why: impl ToString) -> Self {
        Self::Broken(why.to_string())
    }

    /// Whether the same command may succeed later, without anybody mending the store's contents.
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

/// What a command may end with instead of an answer.
pub trait CommandError: From<StoreError> + Send + 'static {
    /// The store's part in it, if it is the store's.
    fn storage(&self) -> Option<&StoreError>;
}

impl CommandError for StoreError {
    fn storage(&self) -> Option<&StoreError> {
        Some(self)
    }
}
