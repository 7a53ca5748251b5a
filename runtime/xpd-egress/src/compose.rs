//! The URL of a request: encoded here, parsed as the HTTP client parses it, and decoded again.

use percent_encoding::percent_decode_str;
use reqwest::Url;

use crate::encoding::{decode, encode};
use crate::unsendable::{Fault, Unsendable};

/// Upper bound on a URL, in bytes.
const LONGEST: usize = 32 * 1024;

/// The URL of a request: `base` with these path segments and query pairs. Every value arrives identical, or
/// there is an error and nothing may be sent.
///
/// A segment is one segment at the server: it is neither empty, `.` nor `..`, and holds no control character,
/// `/`, `\` or `;`. The same holds for the segment percent-decoded once more, since servers exist that
/// decode twice. Names and values of the query hold no control character. A slash at the end of the path of
/// `base` is dropped.
///
/// # Errors
/// A value cannot be sent, or `base` is not an http or https URL without user, password, query and fragment.
pub fn compose(base: &Url, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, Unsendable> {
    if !is_base(base) {
        return Err(Unsendable::Base);
    }
    let root = base.as_str().strip_suffix('/').unwrap_or(base.as_str());
    let mut text = root.to_owned();
    for (number, segment) in (1..).zip(segments) {
        check_segment(segment).map_err(|fault| Unsendable::Segment(number, fault))?;
        text.push('/');
        text.push_str(&encode(segment));
    }
    for (number, (name, value)) in (1..).zip(query) {
        check_pair(name, value).map_err(|fault| Unsendable::Query(number, fault))?;
        text.push(if number == 1 { '?' } else { '&' });
        text.push_str(&encode(name));
        text.push('=');
        text.push_str(&encode(value));
    }
    if text.len() > LONGEST {
        return Err(Unsendable::TooLong);
    }
    let url = Url::parse(&text).map_err(|_| Unsendable::Altered)?;
    if is_as_given(&url, base, segments, query) { Ok(url) } else { Err(Unsendable::Altered) }
}

/// Whether a text can be one segment of a path (see [`compose`]).
///
/// # Errors
/// It cannot; why.
pub fn check_segment(text: &str) -> Result<(), Fault> {
    check_decoded(text)?;
    check_decoded(&percent_decode_str(text).decode_utf8_lossy())
}

fn check_decoded(text: &str) -> Result<(), Fault> {
    match text {
        "" => return Err(Fault::Empty),
        "." | ".." => return Err(Fault::Dots),
        _ => {}
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::Control);
    }
    match text.chars().find(|c| matches!(c, '/' | '\\' | ';')) {
        Some(delimiter) => Err(Fault::Delimiter(delimiter)),
        None => Ok(()),
    }
}

fn check_pair(name: &str, value: &str) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::Empty);
    }
    let control = name.chars().chain(value.chars()).any(char::is_control);
    if control { Err(Fault::Control) } else { Ok(()) }
}

fn is_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

/// Whether a URL, decoded, consists of exactly these parts.
fn is_as_given(url: &Url, base: &Url, segments: &[&str], query: &[(&str, &str)]) -> bool {
    let same_origin = url.scheme() == base.scheme()
        && url.host() == base.host()
        && url.port() == base.port()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    same_origin && has_segments(url, base, segments) && has_pairs(url, query)
}

fn has_segments(url: &Url, base: &Url, segments: &[&str]) -> bool {
    let root = base.path().strip_suffix('/').unwrap_or(base.path());
    let Some(rest) = url.path().strip_prefix(root) else { return false };
    if segments.is_empty() {
        return rest.is_empty() || rest == "/" && root.is_empty();
    }
    let Some(rest) = rest.strip_prefix('/') else { return false };
    let found: Option<Vec<String>> = rest.split('/').map(decode).collect();
    found.is_some_and(|found| found == segments)
}

fn has_pairs(url: &Url, query: &[(&str, &str)]) -> bool {
    let Some(text) = url.query() else { return query.is_empty() };
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decode(name)?, decode(value)?))
    };
    let found: Option<Vec<(String, String)>> = text.split('&').map(pair).collect();
    let wanted = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    found.is_some_and(|found| wanted.eq(found))
}
