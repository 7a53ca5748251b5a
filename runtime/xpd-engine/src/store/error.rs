//! What can go wrong below the decisions.

use rusqlite::ErrorCode;

/// Why the store could not do its work. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// More waits than there is room for.
    #[error("too much is waiting to be written")]
    Busy,
    /// No space, or the disk failed while writing.
    #[error("the store cannot write: {0}")]
    Full(String),
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
    /// Another server works in the folder.
    #[error("another xpd works in this folder")]
    InUse,
    /// The folder lost something, or it came with another key.
    #[error("{0}")]
    Folder(String),
    /// The database says something that it must not.
    #[error("the store is damaged or of another version: {0}")]
    Broken(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::TooBig | ErrorCode::ReadOnly,
            ) => Self::Full(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Broken(error.to_string())
    }
}
