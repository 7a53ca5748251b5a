//! The programs that the tests start from.

use xp_diagnostics::{Severity, SourceId};
use xp_syntax::{Parsed, parse};

pub const BUG_FIX: &str = include_str!("../data/bug_fix.xp");
pub const GITHUB: &str = include_str!("../data/github.xp");
/// Every form of a resource and of a clause.
pub const CLAUSES: &str = include_str!("../data/clauses.xp");

pub fn read(text: &str) -> Parsed {
    parse(SourceId(0), text)
}

/// Messages of errors, in order.
pub fn errors(text: &str) -> Vec<String> {
    read(text)
        .diagnostics
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .map(|fault| format!("{} {}", fault.code, fault.message))
        .collect()
}

/// The tree without places.
pub fn shape(text: &str) -> String {
    let tree = format!("{:#?}", read(text).tree);
    let lines: Vec<String> = tree
        .lines()
        .map(|line| match line.find("@0:") {
            Some(at) => line[..at].to_owned(),
            None => line.to_owned(),
        })
        .collect();
    lines.join("\n")
}

/// Bytes at which the tokens of a text start and end, comments left out. Cut anew here, without the lexer under test.
pub fn tokens(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b if b.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
                continue;
            }
            b'"' => {
                at += 1;
                while bytes[at] != b'"' {
                    at += 1;
                }
                at += 1;
            }
            b if b.is_ascii_alphanumeric() || b == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
            }
            b'-' => at += 2,
            _ => at += 1,
        }
        out.push((start, at));
    }
    out
}
