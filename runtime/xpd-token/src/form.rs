//! Lexical forms of claim values.

use xp_wire::proof::key_bytes;

/// `typ` of a grant.
pub const GRANT_TYPE: &str = "xp-grant+jwt";
/// `typ` of a session token (RFC 9068).
pub const SESSION_TYPE: &str = "at+jwt";

/// A SHA-256 thumbprint or digest in base64url.
pub(crate) fn is_thumbprint(text: &str) -> bool {
    key_bytes(text).is_some()
}

/// 32 lower-case hex digits.
pub(crate) fn is_jti(text: &str) -> bool {
    text.len() == 32 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether `text` is a valid principal name, in rosters and in claims: 1 to 512 bytes, no control characters,
/// no white space other than single spaces between words.
#[must_use]
pub fn is_principal_name(text: &str) -> bool {
    text.len() <= 512 && text.split(' ').all(is_name)
}

/// Whether `text` is a valid name of anything other than a principal: 1 to 512 bytes, no white space, no
/// control characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 512 && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}
