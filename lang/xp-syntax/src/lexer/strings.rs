//! Strings, and those that never end.

use xp_diagnostics::{Diagnostic, Span, codes};

use super::{Kind, Lexer, quotes, shorten};

impl Lexer<'_> {
    pub(super) fn string(&mut self) {
        let rest = self.rest();
        let mut chars = rest.char_indices().skip(1);
        let mut sound = true;
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    sound &= !self.hidden(at, false);
                    self.push(if sound { Kind::Str } else { Kind::Bad }, at + 1);
                    return;
                }
                '\n' => return self.unclosed_string(at),
                '\\' => match chars.next() {
                    Some((_, '"' | '\\' | 'n' | 't')) => {}
                    Some((next, '\n')) => return self.unclosed_string(next),
                    None => break,
                    Some((next, other)) => {
                        sound = false;
                        let span =
                            Span::new(self.out.source, self.at + at, self.at + next + other.len_utf8());
                        self.out.faults.push(
                            Diagnostic::error(
                                codes::BAD_STRING,
                                format!("`\\{}` is no escape", other.escape_debug()),
                            )
                            .at(span)
                            .help("escapes are `\\\"`, `\\\\`, `\\n` and `\\t`"),
                        );
                    }
                },
                _ => {}
            }
        }
        self.unclosed_string(rest.len());
    }

    fn unclosed_string(&mut self, len: usize) {
        let written = self.rest().get(..len).unwrap_or("").trim_end();
        self.out.swallowed.0 += written.matches('{').count();
        self.out.swallowed.1 += written.matches('}').count();
        // With a quote too many or too few, inside and outside are swapped: other faults of the line come from that.
        let line = self.line_start();
        let here = |fault: &Diagnostic| fault.primary.is_some_and(|span| span.start as usize >= line);
        while self.out.faults.last().is_some_and(here) {
            self.out.faults.pop();
        }
        let fault = self.missing_quote(line, self.at + len);
        self.out.faults.push(fault);
        self.push(Kind::Bad, written.len());
    }

    /// A line has an odd number of quotes: says which one is missing, where that can be seen.
    fn missing_quote(&self, start: usize, end: usize) -> Diagnostic {
        let line = self.out.text.get(start..end).unwrap_or("");
        let span = |at: usize, len: usize| Span::new(self.out.source, start + at, start + at + len);
        let Some(quotes::Missing { partner, at }) = quotes::missing(line) else {
            return Diagnostic::error(codes::BAD_STRING, "this string is never closed")
                .at(span(self.at - start, 1))
                .help("a string ends with `\"` on the line it starts on; write a line break as `\\n`");
        };
        let (message, inside, side) = if partner < at {
            ("this string is never closed", line.get(partner + 1..at), "after")
        } else {
            ("this string is never opened", line.get(at..partner), "before")
        };
        Diagnostic::error(codes::BAD_STRING, message)
            .at(span(partner, 1))
            .help(format!("a `\"` is missing {side} `{}`", shorten(inside.unwrap_or(""))))
            .fix(span(at, 0), "\"", "insert `\"`")
    }
}
