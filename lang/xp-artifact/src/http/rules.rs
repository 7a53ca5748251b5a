//! What may stand in a declared request, for the compiler and for whoever reads a declaration.

use std::ops::RangeInclusive;

use xp_json::pointer;

/// Longest name of a place.
pub const MAX_NAME: usize = 256;

/// Statuses of a success.
pub const SUCCESS: RangeInclusive<u16> = 200..=299;
/// Seconds for which keys can be said to be kept.
pub const KEPT: RangeInclusive<u64> = 1..=366 * 86_400;

/// Headers that say where a request goes, how long it is, who sends it, or that it is another request than its method says. The
/// server sets them or leaves them out.
const RESERVED: &[&str] = &[
    "accept",
    "accept-encoding",
    "age",
    "authorization",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "impersonate-group",
    "impersonate-user",
    "private-token",
    "range",
    "remote-user",
    "sudo",
    "true-client-ip",
    "x-auth-token",
    "x-client-ip",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-real-ip",
    "x-remote-user",
    "x-rewrite-url",
];

/// As [`RESERVED`], with all that begin so.
const RESERVED_PREFIXES: &[&str] = &["content-", "proxy-", "sec-", "x-forwarded"];

/// Headers that set a session.
const UNREADABLE: &[&str] = &["set-cookie", "set-cookie2"];

/// Pairs that frameworks read as another method, or as who sends the request.
const RESERVED_PAIRS: &[&str] = &["_method", "access_token"];

/// A text that can be the name of a pair.
#[must_use]
pub fn is_pair(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_NAME
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !RESERVED_PAIRS.contains(&text.to_ascii_lowercase().as_str())
}

/// A header that no declaration sets.
#[must_use]
pub fn is_reserved_header(name: &str) -> bool {
    // Gateways fold both marks to one.
    let folded = name.to_ascii_lowercase().replace('_', "-");
    RESERVED.contains(&folded.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| folded.starts_with(prefix))
}

/// A text that can be the name of a header: a token (RFC 9110, section 5.6.2).
#[must_use]
pub fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(fits)
}

/// A text that can be a pointer into a body.
#[must_use]
pub fn is_pointer(text: &str) -> bool {
    text.len() <= MAX_NAME && pointer(text).is_some()
}

/// A text that can be a segment of a path.
#[must_use]
pub fn is_segment(piece: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte);
    !piece.is_empty() && !matches!(piece, "." | "..") && piece.bytes().all(fits)
}

/// A header of an answer that a result can be read from: none that sets a session.
#[must_use]
pub fn is_readable_header(name: &str) -> bool {
    is_token(name) && !UNREADABLE.contains(&name.to_ascii_lowercase().as_str())
}
