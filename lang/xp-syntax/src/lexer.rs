//! Text to tokens, with what stands between them. Cuts for `split.rs`, points for messages, and material for the formatter;
//! the grammar reads the text itself.

mod foreign;
mod quotes;
mod strings;

use xp_diagnostics::{Diagnostic, SourceId, Span, codes};

use crate::hidden;
use crate::number;
use crate::words::planned;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Int,
    Str,
    /// A mark: `{ } ( ) [ ] , : . = | <` by its character, `->` as `→`, `>`, and `<=` and `>=` as `≤` and `≥`.
    Mark(char),
    /// Already reported.
    Bad,
}

/// A token and how it stands in its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    /// First token of its line.
    pub line_first: bool,
}

/// A comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment {
    /// `///`.
    pub doc: bool,
    pub start: usize,
    pub end: usize,
    /// Index of the token that follows.
    pub before: usize,
    /// Nothing but space precedes it in its line.
    pub own_line: bool,
}

/// A file cut into tokens.
#[derive(Debug)]
pub(crate) struct Lexed<'t> {
    pub source: SourceId,
    pub text: &'t str,
    pub tokens: Vec<Token>,
    pub comments: Vec<Comment>,
    pub faults: Vec<Diagnostic>,
    /// Braces inside strings that are never closed: opening ones, whose blocks seem to have no head, and closing ones,
    /// whose blocks seem to stay open.
    pub swallowed: (usize, usize),
    /// A line ends where other tools see it end and we do not: what was meant may be in a comment.
    pub torn: bool,
}

impl<'t> Lexed<'t> {
    pub(crate) fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).copied()
    }

    /// Text of a token; empty beyond the end.
    pub(crate) fn word(&self, at: usize) -> &'t str {
        self.token(at).and_then(|token| self.text.get(token.start..token.end)).unwrap_or("")
    }

    pub(crate) fn kind(&self, at: usize) -> Option<Kind> {
        self.token(at).map(|token| token.kind)
    }

    pub(crate) fn is_mark(&self, at: usize, mark: char) -> bool {
        self.kind(at) == Some(Kind::Mark(mark))
    }

    pub(crate) fn span(&self, at: usize) -> Span {
        match self.token(at) {
            Some(token) => Span::new(self.source, token.start, token.end),
            None => Span::new(self.source, self.text.len(), self.text.len()),
        }
    }

    /// The next token exists and stands on the same line.
    pub(crate) fn same_line_follows(&self, at: usize) -> bool {
        self.token(at + 1).is_some_and(|next| !next.line_first)
    }
}

/// Cuts a text. Linear, never fails.
pub(crate) fn lex(source: SourceId, text: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        out: Lexed {
            source,
            text,
            tokens: Vec::new(),
            comments: Vec::new(),
            faults: Vec::new(),
            swallowed: (0, 0),
            torn: false,
        },
        at: 0,
        fresh_line: true,
    };
    while lexer.step() {}
    lexer.out
}

struct Lexer<'t> {
    out: Lexed<'t>,
    at: usize,
    fresh_line: bool,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.out.text.get(self.at..).unwrap_or("")
    }

    /// Length of the longest run of characters that satisfy the test, in bytes.
    fn run(&self, from: usize, test: impl Fn(char) -> bool) -> usize {
        let rest = self.out.text.get(from..).unwrap_or("");
        rest.find(|c| !test(c)).unwrap_or(rest.len())
    }

    fn push(&mut self, kind: Kind, len: usize) {
        let token = Token { kind, start: self.at, end: self.at + len, line_first: self.fresh_line };
        self.out.tokens.push(token);
        self.fresh_line = false;
        self.at += len;
    }

    fn span(&self, len: usize) -> Span {
        Span::new(self.out.source, self.at, self.at + len)
    }

    /// Text of the token before; empty at the start.
    fn last_word(&self) -> &'t str {
        self.out.tokens.len().checked_sub(1).map_or("", |last| self.out.word(last))
    }

    /// Byte at which the line begins.
    fn line_start(&self) -> usize {
        self.out.text.get(..self.at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
    }

    fn step(&mut self) -> bool {
        let rest = self.rest();
        let mut chars = rest.chars();
        let Some(first) = chars.next() else { return false };
        let second = chars.next();
        match first {
            '\n' => {
                self.fresh_line = true;
                self.at += 1;
            }
            '\r' if second != Some('\n') => self.stray_break(),
            ' ' | '\t' | '\r' => self.at += 1,
            '/' if second == Some('/') => self.comment(rest),
            '"' => self.string(),
            'a'..='z' | 'A'..='Z' | '_' => {
                let len = self.run(self.at, is_word);
                self.push(Kind::Word, len);
            }
            '0'..='9' => self.number(0),
            '-' if second == Some('>') => self.push(Kind::Mark('→'), 2),
            '-' if second.is_some_and(|c| c.is_ascii_digit()) => self.number(1),
            '=' if matches!(second, Some('>' | '=')) => self.foreign(),
            '<' | '>' if second == Some('=') => {
                self.push(Kind::Mark(if first == '<' { '≤' } else { '≥' }), 2)
            }
            '<' if second == Some('-') || self.after_collection() => self.foreign(),
            '<' | '>' => self.push(Kind::Mark(first), 1),
            '{' | '}' | '(' | ')' | '[' | ']' | ',' | ':' | '.' | '=' | '|' => {
                self.push(Kind::Mark(first), 1)
            }
            _ => self.foreign(),
        }
        true
    }

    fn comment(&mut self, rest: &str) {
        let line = rest.find('\n').unwrap_or(rest.len());
        let body = rest.get(..line).unwrap_or(rest).trim_end();
        // Four slashes draw a line, they document nothing.
        let doc = body.starts_with("///") && !body.starts_with("////");
        self.out.comments.push(Comment {
            doc,
            start: self.at,
            end: self.at + body.len(),
            before: self.out.tokens.len(),
            own_line: self.fresh_line,
        });
        self.hidden(line, true);
        self.at += line;
    }

    /// Reports characters in a comment or string that hide text or end a line for other tools: a reader would review another
    /// program than the one that runs (CVE-2021-42574).
    fn hidden(&mut self, len: usize, comment: bool) -> bool {
        let (text, after) = self.rest().split_at_checked(len).unwrap_or((self.rest(), ""));
        let before_break = |at: usize| at + 1 == len && after.starts_with('\n');
        let found = text.char_indices().find(|(at, c)| hidden::is(*c) && !(*c == '\r' && before_break(*at)));
        let Some((at, c)) = found else { return false };
        let span = Span::new(self.out.source, self.at + at, self.at + at + c.len_utf8());
        let fault = hidden::fault(c).at(span);
        // What a string holds is part of the program, and what follows a break may be meant as one: nothing is cured unasked.
        self.out.torn |= hidden::breaks(c);
        let harmless = comment && !hidden::breaks(c);
        self.out.faults.push(if harmless { fault.fix(span, "", "remove the character") } else { fault });
        true
    }

    /// A carriage return on its own, once for a file: the lines that it ends are many.
    fn stray_break(&mut self) {
        if !std::mem::replace(&mut self.out.torn, true) {
            self.out.faults.push(hidden::fault('\r').at(self.span(1)));
        }
        self.fresh_line = true;
        self.at += 1;
    }

    /// Length of a point with digits after it.
    fn fraction(&self, from: usize) -> usize {
        let point = self.out.text.get(from..).is_some_and(|rest| rest.starts_with('.'));
        match self.run(from + 1, |c| c.is_ascii_digit()) {
            digits if point && digits > 0 => digits + 1,
            _ => 0,
        }
    }

    fn number(&mut self, sign: usize) {
        let digits = self.run(self.at + sign, |c| c.is_ascii_digit()) + sign;
        let digits = digits + self.fraction(self.at + digits);
        let all = digits + self.run(self.at + digits, is_word);
        let written = self.out.text.get(self.at..self.at + all).unwrap_or("");
        let whole = written.split_once('.').map_or(written, |(whole, _)| whole);
        let fault = if let Some(fault) = planned::time_limit(written, self.last_word()) {
            Some(fault)
        } else if number::is_duration(written) {
            number::seconds(written).is_none().then(|| {
                Diagnostic::error(
                    codes::BAD_NUMBER,
                    format!("the duration `{}` is too long", shorten(written)),
                )
            })
        } else if all > digits {
            Some(
                Diagnostic::error(
                    codes::BAD_NUMBER,
                    format!("`{}` is neither a number nor a name", shorten(written)),
                )
                .help("a number has digits only, a duration one of `s`, `m`, `h` and `d` after them; a name starts with a letter"),
            )
        } else if whole.parse::<i64>().is_err() {
            Some(
                Diagnostic::error(
                    codes::BAD_NUMBER,
                    format!("the number `{}` is too large", shorten(written)),
                )
                .help(format!("the largest is {}", i64::MAX)),
            )
        } else {
            None
        };
        match fault {
            Some(fault) => {
                self.out.faults.push(fault.at(self.span(all)));
                self.push(Kind::Bad, all);
            }
            None => self.push(Kind::Int, all),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Characters that nobody sees are shown by number.
fn show(c: char) -> Vec<char> {
    let unseen = matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}');
    if hidden::is(c) || unseen || (c.is_whitespace() && c != ' ') {
        format!("U+{:04X}", u32::from(c)).chars().collect()
    } else {
        vec![c]
    }
}

/// At most 40 characters of it.
pub(crate) fn shorten(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(37).chain("...".chars()).collect()
}
