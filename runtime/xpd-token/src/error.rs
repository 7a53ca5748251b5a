//! Reasons for refusing a token. No variant carries any part of a token, so errors may be logged.

use xp_wire::proof::compact::CompactError;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a compact JWS.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The header has a member other than `alg`, `typ` and `kid`.
    #[error("token header has an unknown member")]
    UnknownHeader,
    /// `alg` is not the algorithm of the token class.
    #[error("token algorithm is not allowed")]
    Algorithm,
    /// `typ` is missing or names another token class.
    #[error("token is of the wrong type")]
    WrongType,
    /// No key with this `kid` is trusted for the token class.
    #[error("token key is unknown")]
    UnknownKey,
    /// The signature does not match.
    #[error("signature is wrong")]
    Signature,
    /// `iss` is not the expected issuer.
    #[error("issuer is wrong")]
    Issuer,
    /// `aud` is not exactly the expected audience.
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
    /// The token is bound to a key other than the one whose possession was proved.
    #[error("token is bound to another key")]
    Binding,
    /// Signing failed. No token was issued.
    #[error("signing failed")]
    Signing,
}
