//! Why a token is refused. Holds no part of any token, so it may be logged.

use xp_wire::proof::compact::CompactError;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It cannot be read.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The header has a member that is not ours.
    #[error("token header has an unknown member")]
    UnknownHeader,
    /// Not the one algorithm of its class.
    #[error("token algorithm is not allowed")]
    Algorithm,
    /// Another class of token, or none.
    #[error("token is of the wrong type")]
    WrongType,
    /// No key of this id is trusted for this class.
    #[error("token key is unknown")]
    UnknownKey,
    /// The signature does not match.
    #[error("signature is wrong")]
    Signature,
    /// Issued by somebody else.
    #[error("issuer is wrong")]
    Issuer,
    /// For somebody else, or for more than one audience.
    #[error("audience is wrong")]
    Audience,
    /// At or after `exp`.
    #[error("token has expired")]
    Expired,
    /// Before `nbf` or `iat`.
    #[error("token is not valid yet")]
    NotYet,
    /// A claim is missing, of the wrong shape, or contradicts another.
    #[error("claim `{0}` is missing or wrong")]
    Claim(&'static str),
    /// The token is bound to another key than the proof's.
    #[error("token is bound to another key")]
    Binding,
    /// The signer failed; nothing was issued.
    #[error("signing failed")]
    Signing,
}
