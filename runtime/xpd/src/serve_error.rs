//! Why a server does not start or stopped.

use xpd_engine::ConfigError;
use xpd_proxy::Fault;
use xpd_store::StoreError;

/// Why a server does not start or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A file of the operator's.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// A listener.
    #[error("{0}: {1}")]
    Listen(String, std::io::Error),
    /// What the last process left cannot be read.
    #[error("recovery: {0:?}")]
    Recovery(Fault),
}
