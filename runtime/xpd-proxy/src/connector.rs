//! What the proxy acts through: one trait, one folder per connector.

use std::collections::BTreeMap;

use async_trait::async_trait;
use xp_scope::Value;

/// One action with its complete, typed arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Name inside the connector, `issues.create`.
    pub action: String,
    /// Every argument by name, defaults filled in.
    pub args: BTreeMap<String, Value>,
    /// What this one use is known by, from the grant's `jti`: left at the upstream where it can be, so that a probe finds it.
    pub marker: String,
    /// When the right to it was granted, in milliseconds since 1970: it happened later, or not at all.
    pub since: u64,
}

/// Why an action did not, or may not, have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// Provably nothing with an effect left us.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The upstream's definitive no, or the connector's after what it read there: nothing was changed.
    #[error("refused ({status}): {reason}")]
    Refused {
        /// Status of HTTP, the upstream's or the one that fits.
        status: u16,
        /// A fixed text of ours, never the upstream's.
        reason: String,
    },
    /// It may have happened.
    #[error("in doubt: {0}")]
    Unknown(String),
}

/// An upstream.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Name in the language, `github`.
    fn name(&self) -> &str;

    /// Acts. Idempotent actions may be repeated; others are followed by [`Connector::probe`] when in doubt.
    async fn act(&self, call: &Call) -> Result<Value, ActError>;

    /// Looks whether a call happened: its result if it did, nothing if it provably did not.
    ///
    /// Only after whoever acted is known to be gone: a request still on its way may arrive later.
    async fn probe(&self, call: &Call) -> Result<Option<Value>, ActError>;
}
