//! Routing of a method and a path to an operation.

use std::collections::BTreeMap;

use crate::ops::{OPERATIONS, Operation};

/// The operation of a request, with the decoded variable parts of its path.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<(&'static Operation, BTreeMap<String, String>)> {
    OPERATIONS
        .iter()
        .filter(|operation| operation.method == method)
        .find_map(|operation| Some((operation, fits(operation.path, path)?)))
}

/// Matches a path against a template. The last part may contain slashes if it is a path, a ref or a branch.
fn fits(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let mut params = BTreeMap::new();
    let mut given = path.trim_start_matches('/').split('/');
    let mut parts = template.trim_start_matches('/').split('/').peekable();
    while let Some(part) = parts.next() {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let last = parts.peek().is_none();
        let spans = match name {
            Some("path" | "branch" | "basehead") => last,
            Some("ref") => last && template.contains("/git/"),
            _ => false,
        };
        match name {
            Some(name) if spans => {
                let rest: Option<Vec<String>> = given.map(decode).collect();
                let rest = rest?.join("/");
                if rest.is_empty() && name != "path" {
                    return None;
                }
                params.insert(name.to_owned(), rest);
                return Some(params);
            }
            Some(name) => {
                let segment = given.next().filter(|segment| !segment.is_empty())?;
                params.insert(name.to_owned(), decode(segment)?);
            }
            None if given.next() == Some(part) => {}
            None => return None,
        }
    }
    given.next().is_none().then_some(params)
}

/// The pairs of a query.
#[must_use]
pub fn query(text: &str) -> Option<Vec<(String, String)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        })
        .collect()
}

/// Percent-decoding; `None` if the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_and_paths_may_hold_slashes() {
        let (operation, params) = find("GET", "/repos/a/b/git/ref/heads/fix/one").expect("found");
        assert_eq!(operation.path, "/repos/{owner}/{repo}/git/ref/{ref}");
        assert_eq!(params.get("ref").map(String::as_str), Some("heads/fix/one"));
        let (_, params) = find("GET", "/repos/a/b/contents/src%2Flib.rs").expect("found");
        assert_eq!(params.get("path").map(String::as_str), Some("src/lib.rs"));
        assert!(find("GET", "/repos/a/b/contents").is_some_and(|(_, params)| params.contains_key("path")));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(find("DELETE", "/repos/a/b/issues/1").is_none());
        assert!(find("GET", "/repos/a").is_none());
        assert!(find("GET", "/repos/a/b/pulls/1/merge/more").is_none());
        assert!(find("GET", "/repos/a/%zz").is_none());
    }
}
