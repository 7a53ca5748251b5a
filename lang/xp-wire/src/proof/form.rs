//! Small forms that claims are written in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// 128 random bits as 32 lower-case hex digits: the `jti` of a token or proof.
#[must_use]
pub fn jti(random: [u8; 16]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from);
    random.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The `xp_body` claim: base64url of the SHA-256 of the body bytes.
#[must_use]
pub fn body_digest(body: &[u8]) -> String {
    base64url(&Sha256::digest(body))
}

/// The `ath` claim (RFC 9449 section 4.2): base64url of the SHA-256 of the token's characters.
#[must_use]
pub fn token_digest(token: &str) -> String {
    base64url(&Sha256::digest(token.as_bytes()))
}

/// Base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Canonical base64url only: no padding, no stray trailing bits.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The 32 bytes that a text is the canonical base64url of.
#[must_use]
pub fn key_bytes(text: &str) -> Option<[u8; 32]> {
    from_base64url(text)?.try_into().ok()
}
