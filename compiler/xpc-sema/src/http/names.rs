//! Names in a request: headers, pairs and pointers.

use xp_artifact::http;
use xp_artifact::http::rules::{MAX_NAME, is_pair, is_pointer, is_reserved_header, is_token};
use xp_diagnostics::codes;
use xp_syntax::ast;

use super::bad;
use crate::problems::Problems;

/// The name of something in a place.
pub(crate) fn of(place: http::Place, text: &ast::Text, problems: &mut Problems) -> Option<String> {
    match place {
        http::Place::Query | http::Place::Form => pair(text, problems),
        http::Place::Header => header(text, problems),
        http::Place::Json => pointer(text, problems),
    }
}

/// The name of a pair: visible ASCII characters.
pub(crate) fn pair(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let value = &text.value;
    if !is_pair(value) {
        problems.push(bad(text.span, format!("a name has 1 to {MAX_NAME} visible ASCII characters")));
        return None;
    }
    Some(value.clone())
}

/// The name of a header that a request may have.
pub(crate) fn header(text: &ast::Text, problems: &mut Problems) -> Option<String> {
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

/// A token.
pub(crate) fn token(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let value = &text.value;
    if !is_token(value) {
        problems.push(bad(text.span, "this is no name of a header"));
        return None;
    }
    Some(value.clone())
}

/// A JSON pointer.
pub(crate) fn pointer(text: &ast::Text, problems: &mut Problems) -> Option<String> {
    let value = &text.value;
    if is_pointer(value) {
        return Some(value.clone());
    }
    let fault =
        xp_diagnostics::Diagnostic::error(codes::BAD_REQUEST, "this is no JSON pointer").at(text.span);
    let cure = format!("/{}", value.trim_start_matches('$').trim_start_matches('.').replace('.', "/"));
    let fault = fault.because(
        "a pointer begins with `/` before each name (RFC 6901); `~0` stands for `~` and `~1` for `/`; `\"\"` is the whole",
    );
    problems.push(if is_pointer(&cure) {
        fault.fix(text.span, format!("\"{cure}\""), format!("write `{cure}`"))
    } else {
        fault
    });
    None
}

/// Why pointers do not make one tree, where they do not.
pub(crate) fn tree(pointers: &[&str]) -> Option<String> {
    let all: Vec<Vec<String>> = pointers.iter().filter_map(|text| xp_json::pointer(text)).collect();
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
        let mut numbers: Vec<usize> = children.iter().filter_map(|child| xp_json::index(child)).collect();
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
