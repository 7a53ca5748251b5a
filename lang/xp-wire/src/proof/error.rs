//! Why a token cannot be read or a proof is refused. Holds no part of any token, so it may be logged.

/// Why a token cannot be read. Holds no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompactError {
    /// Longer than [`MAX_TOKEN_BYTES`](super::compact::MAX_TOKEN_BYTES).
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
}

/// Why a proof is refused, or is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It cannot be read.
    #[error(transparent)]
    Compact(#[from] CompactError),
    /// The header has a member that is not ours.
    #[error("proof header has an unknown member")]
    UnknownHeader,
    /// Not one of the two algorithms, or not that of the key.
    #[error("proof algorithm is not allowed")]
    Algorithm,
    /// A token of a class, and no proof.
    #[error("proof is of the wrong type")]
    WrongType,
    /// The signature does not match.
    #[error("signature is wrong")]
    Signature,
    /// A claim is missing or of the wrong shape.
    #[error("claim `{0}` is missing or wrong")]
    Claim(&'static str),
    /// The key is not an Ed25519 or P-256 public key in canonical form.
    #[error("proof key is not usable")]
    Key,
    /// The header holds a private key; whoever sent it must replace that key.
    #[error("proof discloses a private key")]
    PrivateKey,
    /// For another method.
    #[error("proof is for another method")]
    Method,
    /// For another URL, or one of both is not a plain absolute http(s) URL.
    #[error("proof is for another url")]
    Url,
    /// Not made within the allowed seconds.
    #[error("proof is too old or from the future")]
    Time,
    /// For another token, or names none where one is used.
    #[error("proof is for another token")]
    Token,
    /// For another body, or names none where there is one.
    #[error("proof is for another body")]
    Body,
}
