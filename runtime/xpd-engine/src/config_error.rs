//! Errors in the operator's files.

use std::path::Path;

/// An error in a file of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct ConfigError {
    /// Path of the file.
    pub file: String,
    /// Key and description.
    pub what: String,
}

impl ConfigError {
    /// An error in a file.
    pub fn new(file: &Path, what: impl ToString) -> Self {
        Self { file: file.display().to_string(), what: what.to_string() }
    }
}

/// Text for a private key where a public one is expected.
pub const PRIVATE_KEY: &str = "is a private key: give the public one (`openssl pkey -in KEY -pubout -out KEY.pub.pem`) and keep this one to its owner";

/// Whether a text is a private key in PEM.
#[must_use]
pub fn is_private_key(pem: &str) -> bool {
    pem.contains("PRIVATE KEY-----")
}
