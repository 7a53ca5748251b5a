//! Failures of an action.

/// Why an action was not, or may not have been, performed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// Nothing with an effect was sent.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The upstream refused definitively, or the connector refused because of the state it read there.
    /// Nothing was changed.
    #[error("refused ({status}): {reason}")]
    Refused {
        /// HTTP status: the upstream's, or the equivalent of the connector's refusal.
        status: u16,
        /// A constant text; never text from the upstream.
        reason: String,
    },
    /// Stopped before anything with an effect was sent.
    #[error("{0}")]
    Stopped(String),
    /// It may have been performed before, and a repetition could do it again. Nothing was sent; a person must decide.
    #[error("not repeated: {0}")]
    NotRepeated(String),
    /// It may have been performed.
    #[error("in doubt: {0}")]
    Unknown(String),
}
