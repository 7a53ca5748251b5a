//! Why a token or a proof is refused. Holds no part of any token, so it may be logged.

/// Why a token or a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than `MAX_TOKEN_BYTES`.
    #[error("token is too large")]
    TooLarge,
    /// Not three base64url parts with JSON objects in the first two.
    #[error("token is malformed")]
    Malformed,
    /// A member occurs twice in one object of the header or payload.
    #[error("token names a member twice")]
    DuplicateMember,
    /// The header has a member that may smuggle in a key, or that we would have to understand.
    #[error("token header has a forbidden member `{0}`")]
    ForbiddenHeader(&'static str),
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
    /// The grant is for other argument bytes.
    #[error("grant is for other arguments")]
    Arguments,
    /// The proof's key is not an Ed25519 or P-256 public key in canonical form.
    #[error("proof key is not usable")]
    ProofKey,
    /// The proof's header holds a private key; whoever sent it must replace that key.
    #[error("proof discloses a private key")]
    PrivateKey,
    /// The proof is for another method.
    #[error("proof is for another method")]
    ProofMethod,
    /// The proof is for another URL, or one of both is not a plain absolute http(s) URL.
    #[error("proof is for another url")]
    ProofUrl,
    /// The proof was not made within the allowed seconds.
    #[error("proof is too old or from the future")]
    ProofTime,
    /// The proof is for another token, or names none where one is used.
    #[error("proof is for another token")]
    ProofToken,
    /// The proof is for another body, or names none where there is one.
    #[error("proof is for another body")]
    ProofBody,
    /// The signer failed; nothing was issued.
    #[error("signing failed")]
    Signing,
}
