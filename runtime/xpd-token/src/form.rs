//! Small forms that claims are written in.

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

/// Whether a text may name a principal, in a roster and in the claims of its tokens: one to 512 bytes, none of them a control
/// character, and no blanks but single spaces between words.
#[must_use]
pub fn is_principal_name(text: &str) -> bool {
    text.len() <= 512 && text.split(' ').all(is_name)
}

/// Whether a text may name anything else in a claim: not empty, 512 bytes at most, no blanks, no control characters.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 512 && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}
