//! URLs: absolute, of the web, in one canonical spelling, so that equal URLs are equal texts.
//!
//! The grammar is narrower than RFC 3986 and the URL standard: what two readers may take differently is refused. A URL that
//! passes is what the URL standard's parser and serialiser give back.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Characters that a URL may have.
pub const MAX_URL: usize = 2_048;
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// Why a text is no URL in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// More than [`MAX_URL`] characters.
    #[error("a URL of more than {MAX_URL} characters")]
    Long,
    /// It begins with something else.
    #[error("no URL that begins with `https://` or `http://`, in small letters")]
    Scheme,
    /// User information.
    #[error("a URL with user information (`@` before the host)")]
    User,
    /// No host, or none in canonical form.
    #[error("a URL whose host is not a name in small letters or a canonical IP address")]
    Host,
    /// Not 1 to 65535, with a leading zero, or the one that the scheme implies.
    #[error("a URL with a port that is out of range, not canonical, or implied by the scheme")]
    Port,
    /// No path.
    #[error("a URL without a path (at least `/`)")]
    NoPath,
    /// `.` or `..`.
    #[error("a URL with a `.` or `..` in its path")]
    Dots,
    /// A fragment.
    #[error("a URL with a fragment (`#`)")]
    Fragment,
    /// Nothing after `?`.
    #[error("a URL that ends with `?`")]
    EmptyQuery,
    /// A character that must be escaped.
    #[error("a URL with a character that must be percent-encoded")]
    Character,
    /// An escape that is incomplete, in small letters, or needless.
    #[error("a URL with an escape that is incomplete, in small letters or needless")]
    Escape,
}

/// Checks that a text is an absolute `https` or `http` URL in canonical form, without user information and fragment.
///
/// # Errors
/// The first fault found.
pub fn check(text: &str) -> Result<(), UrlError> {
    if text.len() > MAX_URL {
        return Err(UrlError::Long);
    }
    let (rest, implied) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, 443),
        (_, Some(rest)) => (rest, 80),
        (None, None) => return Err(UrlError::Scheme),
    };
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    authority_part(authority, implied)?;
    if tail.contains('#') {
        return Err(UrlError::Fragment);
    }
    let (path, query) = match tail.split_once('?') {
        Some((_, "")) => return Err(UrlError::EmptyQuery),
        Some((path, query)) => (path, query),
        None => (tail, ""),
    };
    let segments = path.strip_prefix('/').ok_or(UrlError::NoPath)?;
    if segments.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(UrlError::Dots);
    }
    characters(path, b"'")?;
    characters(query, b"?")
}

fn authority_part(authority: &str, implied: u16) -> Result<(), UrlError> {
    if authority.contains('@') {
        return Err(UrlError::User);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(inside) => {
            let (address, rest) = inside.split_once(']').ok_or(UrlError::Host)?;
            let parsed: Ipv6Addr = address.parse().map_err(|_| UrlError::Host)?;
            // Addresses that embed one of version 4 have two spellings.
            if address.contains('.') || parsed.to_string() != address {
                return Err(UrlError::Host);
            }
            match rest.strip_prefix(':') {
                Some(port) => (None, Some(port)),
                None if rest.is_empty() => (None, None),
                None => return Err(UrlError::Host),
            }
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(authority), None),
        },
    };
    if host.is_some_and(|host| !is_host(host)) {
        return Err(UrlError::Host);
    }
    let Some(port) = port else { return Ok(()) };
    let number: u16 = port.parse().map_err(|_| UrlError::Port)?;
    if number == 0 || number == implied || number.to_string() != port {
        return Err(UrlError::Port);
    }
    Ok(())
}

/// A name of the domain name system in small letters, or an address of version 4.
fn is_host(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > MAX_HOST || !host.split('.').all(is_label) {
        return false;
    }
    // A last label that reads as a number makes the host an address: `1`, `0x7f`.
    let last = host.rsplit('.').next().unwrap_or(host);
    let hexadecimal = |label: &str| {
        label.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    if last.bytes().all(|byte| byte.is_ascii_digit()) || hexadecimal(last) {
        return host.parse::<Ipv4Addr>().is_ok_and(|address| address.to_string() == host);
    }
    true
}

/// Characters of a path or query, with those that only this part may have.
fn characters(part: &str, also: &[u8]) -> Result<(), UrlError> {
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let code = hex(bytes.next()).zip(hex(bytes.next())).ok_or(UrlError::Escape)?;
            if is_unreserved(code.0 << 4 | code.1) {
                return Err(UrlError::Escape);
            }
        } else if !is_unreserved(byte) && !b"!$&()*+,;=:@/".contains(&byte) && !also.contains(&byte) {
            return Err(UrlError::Character);
        }
    }
    Ok(())
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn hex(digit: Option<u8>) -> Option<u8> {
    match digit? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
