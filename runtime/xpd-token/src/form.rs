//! Small forms that claims are written in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// The largest token or proof that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// `typ` of a grant.
pub const GRANT_TYPE: &str = "xp-grant+jwt";
/// `typ` of a session token (RFC 9068).
pub const SESSION_TYPE: &str = "at+jwt";
/// `typ` of a proof of possession (RFC 9449).
pub const PROOF_TYPE: &str = "dpop+jwt";

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

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Canonical base64url only: no padding, no stray trailing bits.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// 32 bytes, canonically.
pub(crate) fn key_bytes(text: &str) -> Option<[u8; 32]> {
    from_base64url(text)?.try_into().ok()
}

/// A SHA-256 thumbprint or digest in base64url.
pub(crate) fn is_thumbprint(text: &str) -> bool {
    key_bytes(text).is_some()
}

/// `sha256:` and 64 lower-case hex digits.
pub(crate) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && is_hex(hex))
}

/// 32 lower-case hex digits.
pub(crate) fn is_jti(text: &str) -> bool {
    text.len() == 32 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A name that may stand in a claim: not empty, short, nothing invisible.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 512 && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}
