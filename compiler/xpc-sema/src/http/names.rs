//! Names in a request: headers, pairs and pointers.

use xp_artifact::http;
use xp_diagnostics::codes;
use xp_syntax::ast;

use super::bad;
use crate::problems::Problems;

/// Longest name of a place.
const MAX_NAME: usize = 256;

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
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

/// As [`RESERVED`], with all that begin so.
const RESERVED_PREFIXES: &[&str] = &["content-", "proxy-", "sec-", "x-forwarded"];

/// The name of something in a place.
pub(super) fn of(place: http::Place, text: &ast::Text, problems: &mut Problems) -> Option<String> {
    match place {
        http::Place::Query | http::Place::Form => pair(text, problems),
        http::Place::Header => header(text, problems),
        http::Place::Json => {
            let at = pointer(text, problems)?;
            Some(at)
        }
    }
}

/// A text that can be the name of a pair.
#[must_use]
pub fn is_pair(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The name of a pair: visible ASCII characters.
pub(super) fn pair(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let value = &text.value;
    if !is_pair(value) {
        problems.push(bad(text.span, format!("a name has 1 to {MAX_NAME} visible ASCII characters")));
        return None;
    }
    Some(value.clone())
}

/// A header that no declaration sets.
#[must_use]
pub fn is_reserved_header(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    RESERVED.contains(&folded.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| folded.starts_with(prefix))
}

/// The name of a header that a request may have.
pub(super) fn header(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let name = token(text, problems)?;
    if is_reserved_header(&name) {
        problems.push(
            bad(text.span, format!("a declaration does not set the header `{name}`"))
                .because("the server sets it, or it would change where the request goes, what it is, or who sends it")
                .help("credentials are the operator's: they stand in the table of the instance"),
        );
        return None;
    }
    Some(name)
}

/// A text that can be the name of a header: a token (RFC 9110, section 5.6.2).
#[must_use]
pub fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(fits)
}

/// A token.
pub(super) fn token(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let value = &text.value;
    if !is_token(value) {
        problems.push(bad(text.span, "this is no name of a header"));
        return None;
    }
    Some(value.clone())
}

/// A text that can be a pointer into a body.
#[must_use]
pub fn is_pointer(text: &str) -> bool {
    text.len() <= MAX_NAME && http::pointer(text).is_some()
}

/// A JSON pointer.
pub(super) fn pointer(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let value = &text.value;
    if is_pointer(value) {
        return Some(value.clone());
    }
    let fault = xp_diagnostics::Diagnostic::error(codes::BAD_HTTP, "this is no JSON pointer").at(text.span);
    let cure = format!("/{}", value.trim_start_matches('$').trim_start_matches('.').replace('.', "/"));
    let fault = fault.because(
        "a pointer begins with `/` before each name (RFC 6901); `~0` stands for `~` and `~1` for `/`; `\"\"` is the whole",
    );
    problems.push(if value.len() <= MAX_NAME && is_pointer(&cure) {
        fault.fix(text.span, format!("\"{cure}\""), format!("write `{cure}`"))
    } else {
        fault
    });
    None
}

/// Why pointers do not make one tree, where they do not.
pub(super) fn tree(pointers: &[&str]) -> Option<String> {
    let all: Vec<Vec<String>> = pointers.iter().filter_map(|text| http::pointer(text)).collect();
    for (number, one) in all.iter().enumerate() {
        for other in all.iter().take(number) {
            if one.starts_with(other) || other.starts_with(one) {
                let text = pointers.get(number).copied().unwrap_or_default();
                return Some(format!("`{text}` stands in, or beside, another value of the body"));
            }
        }
    }
    for node in all.iter().flat_map(|pointer| (0..pointer.len()).filter_map(|length| pointer.get(..length))) {
        let mut children: Vec<&str> = all
            .iter()
            .filter(|pointer| pointer.starts_with(node))
            .filter_map(|pointer| pointer.get(node.len()).map(String::as_str))
            .collect();
        children.sort_unstable();
        children.dedup();
        let mut numbers: Vec<usize> = children.iter().filter_map(|child| http::index(child)).collect();
        numbers.sort_unstable();
        let is_array = !numbers.is_empty();
        if is_array && (numbers.len() < children.len() || !numbers.iter().copied().eq(0..numbers.len())) {
            return Some(format!(
                "`/{}` holds elements of an array, which are numbered from 0 without a gap, and nothing else",
                node.join("/")
            ));
        }
    }
    None
}
