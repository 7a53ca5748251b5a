//! Why an act failed.

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
    /// It was stopped before anything with an effect left us.
    #[error("{0}")]
    Stopped(String),
    /// It may have happened.
    #[error("in doubt: {0}")]
    Unknown(String),
}
