//! What is wrong with a file of the operator's.

use std::path::Path;

/// What is wrong with a file of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// The key and what is wrong with it.
    pub what: String,
}

impl ConfigError {
    /// About a file.
    pub fn new(file: &Path, what: impl ToString) -> Self {
        Self { file: file.display().to_string(), what: what.to_string() }
    }
}

/// What is said of a private key where a public one belongs.
pub const PRIVATE_KEY: &str = "is a private key: give the public one (`openssl pkey -in KEY -pubout -out KEY.pub.pem`) and keep this one to its owner";

/// Whether a text is a private key in PEM.
#[must_use]
pub fn is_private_key(pem: &str) -> bool {
    pem.contains("PRIVATE KEY-----")
}
