//! Strings: escapes, and `{datum}` in those that are templates.

use pest::iterators::Pair;
use xp_diagnostics::{Diagnostic, Span, codes};

use super::cx::Cx;
use crate::ast::{ExprKind, Name, Path, TemplatePart, Text};
use crate::grammar::Rule;
use crate::words;

impl Cx<'_, '_> {
    /// A string in which braces mean nothing.
    pub(super) fn text(&self, pair: &Pair<'_, Rule>) -> Text {
        let mut value = String::new();
        let mut chars = inside(pair.as_str()).chars();
        while let Some(c) = chars.next() {
            value.push(if c == '\\' { escape(chars.next()) } else { c });
        }
        Text { value, span: self.span(pair) }
    }

    /// A string in which `{a.b}` stands for a datum and `{{` for a brace. None with the faults reported: what it was to say
    /// is not known.
    pub(super) fn template(&mut self, pair: &Pair<'_, Rule>) -> Option<ExprKind> {
        let body = inside(pair.as_str());
        let offset = self.base + pair.as_span().start() + 1;
        let mut parts = Vec::new();
        let mut text = String::new();
        let (mut at, mut sound) = (0, true);
        while let Some(c) = body.get(at..).and_then(|rest| rest.chars().next()) {
            let rest = body.get(at..).unwrap_or("");
            if c == '\\' {
                text.push(escape(rest.chars().nth(1)));
                at += 2;
            } else if rest.starts_with("{{") {
                text.push('{');
                at += 2;
            } else if c == '{' {
                let len = rest.find('}').map_or(rest.len(), |end| end + 1);
                match self.datum(rest.get(..len).unwrap_or(rest), offset + at) {
                    Some(path) => {
                        if !text.is_empty() {
                            parts.push(TemplatePart::Text(std::mem::take(&mut text)));
                        }
                        parts.push(TemplatePart::Datum(path));
                    }
                    None => sound = false,
                }
                at += len;
            } else {
                text.push(c);
                at += c.len_utf8();
            }
        }
        if !sound {
            return None;
        }
        if parts.is_empty() {
            return Some(ExprKind::Literal(crate::ast::LiteralKind::Text(text)));
        }
        if !text.is_empty() {
            parts.push(TemplatePart::Text(text));
        }
        Some(ExprKind::Template(parts))
    }

    /// `{a.b.c}` with its braces.
    fn datum(&mut self, written: &str, start: usize) -> Option<Path> {
        let span = |from: usize, to: usize| Span::new(self.lexed.source, start + from, start + to);
        let Some(inner) = written.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            self.faults.push(
                Diagnostic::error(codes::BAD_STRING, "this `{` is never closed in the string")
                    .at(span(0, 1))
                    .help("a datum is written `{step.result.field}`, a brace `{{`"),
            );
            return None;
        };
        let mut segments = Vec::new();
        let mut at = 1;
        for (index, word) in inner.split('.').enumerate() {
            let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let starts = word.bytes().next().is_some_and(|b| !b.is_ascii_digit());
            if !plain || !starts || (index == 0 && words::is_reserved(word)) {
                let whole = span(0, written.len());
                self.faults.push(
                    Diagnostic::error(codes::BAD_STRING, format!("`{}` names no datum", crate::lexer::shorten(written)))
                        .at(whole)
                        .help("between braces stand names with dots, as in `{triage.ticket.number}`; a brace is written `{{`"),
                );
                return None;
            }
            segments.push(Name { text: word.to_owned(), span: span(at, at + word.len()) });
            at += word.len() + 1;
        }
        Some(Path { segments, span: span(1, written.len() - 1) })
    }
}

fn inside(written: &str) -> &str {
    written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(written)
}

/// What follows a backslash; the lexer has refused others.
fn escape(c: Option<char>) -> char {
    match c {
        Some('n') => '\n',
        Some('t') => '\t',
        Some(other) => other,
        None => '\\',
    }
}
