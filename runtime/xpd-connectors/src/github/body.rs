//! The body of an issue: its text and the paths mentioned in it.

use xp_scope::{Value, path};

use crate::result::{record, text};

/// Upper bound on the paths of one text.
const MOST: usize = 100;

/// The value of type `Body` for a text.
pub(super) fn body(body: &str) -> Value {
    let paths = paths(body).into_iter().map(text).collect();
    record([("text", text(body)), ("paths", Value::List(paths))])
}

/// The paths mentioned in a text, without duplicates, in order of first mention, at most [`MOST`].
///
/// A mention is a maximal run of characters other than white space, brackets, quotes, backticks, commas and
/// semicolons, without sentence marks at its end and without a line reference (`:12`, `:12:3`, `#L12`). It
/// counts as a path if it is valid (`xp_scope::path`) and has a `/` or a file extension with a letter.
/// Mentions are not normalised: `./a.rs` and URLs are not paths. The file need not exist.
pub(super) fn paths(body: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for mention in body.split(|c: char| c.is_whitespace() || "()[]{}<>\"'`,;|*".contains(c)) {
        let named = place_cut(mention.trim_end_matches(['.', ':', '!', '?']));
        if found.len() < MOST && is_named(named) && !found.contains(&named) {
            found.push(named);
        }
    }
    found
}

/// The mention without its line reference.
fn place_cut(mention: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((file, line)) = mention.rsplit_once("#L")
        && line.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'L'))
    {
        return file;
    }
    let mut rest = mention;
    for _ in 0..2 {
        match rest.rsplit_once(':') {
            Some((before, line)) if digits(line) => rest = before,
            _ => break,
        }
    }
    rest
}

fn is_named(text: &str) -> bool {
    let extension = text.rsplit_once('.').is_some_and(|(stem, end)| {
        !stem.is_empty()
            && (1..=10).contains(&end.len())
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && end.bytes().any(|byte| byte.is_ascii_alphabetic())
    });
    (text.contains('/') || extension) && path::check(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_as_they_stand() {
        for (body, wanted) in [
            ("", vec![]),
            ("see `src/lib.rs`.", vec!["src/lib.rs"]),
            ("(tests/a.rs:12:3) and src/b.rs#L7-L9, README.md!", vec!["tests/a.rs", "src/b.rs", "README.md"]),
            ("src/lib.rs\r\nsrc/lib.rs\tsrc/x", vec!["src/lib.rs", "src/x"]),
            ("https://example.com/a/b.rs http://x", vec![]),
            ("../etc/passwd /etc/passwd ./a.rs a//b .git/config a\\b.rs -x/y", vec![]),
            ("version 1.2 and 3.14, e.g. plain words", vec!["e.g"]),
            (
                "**src/bold.rs** <src/angle.rs> \"src/quote.rs\"",
                vec!["src/bold.rs", "src/angle.rs", "src/quote.rs"],
            ),
            ("src/\u{202e}sr.bil", vec![]),
        ] {
            assert_eq!(paths(body), wanted, "{body:?}");
        }
    }

    #[test]
    fn there_is_an_end() {
        let many: String = (0..200).map(|n| format!("src/{n}.rs ")).collect();
        assert_eq!(paths(&many).len(), MOST);
    }
}
