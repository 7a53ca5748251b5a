//! Where a piece ends: words, brackets and line breaks weighed against each other.

use std::ops::Range;

use pest::Parser;

use super::Splitter;
use crate::grammar::Grammar;
use crate::lexer::Kind;
use crate::words::{self, Piece};

impl Splitter<'_, '_> {
    /// Where the piece that starts at a token ends, and whether a block opens there.
    pub(super) fn piece_end(&self, piece: Piece, start: usize) -> (usize, bool) {
        let mut inner: Vec<char> = Vec::new();
        let mut at = start;
        // One look at whether a word in the middle of a line ends a complete piece: more would make long lines slow.
        let mut looked = false;
        while let Some(token) = self.lexed.token(at) {
            if at > start {
                match self.boundary(piece, start, at, inner.is_empty()) {
                    Boundary::Here => return (at, false),
                    Boundary::IfComplete if !looked => {
                        looked = true;
                        if self.complete(piece, start..at) {
                            return (at, false);
                        }
                    }
                    _ => {}
                }
            }
            match token.kind {
                Kind::Mark(open @ ('(' | '[')) => inner.push(open),
                Kind::Mark('{') => {
                    let record = at > start && self.record_brace(piece, at);
                    let last = !self.lexed.same_line_follows(at);
                    let heads = piece.has_block() || (piece == Piece::Unknown && at > start);
                    if record {
                        inner.push('{');
                    } else if heads && (last || (inner.is_empty() && self.body_follows(piece, at + 1))) {
                        return (at, true);
                    } else if heads && inner.is_empty() && !looked {
                        looked = true;
                        if self.complete(piece, start..at) {
                            return (at, true);
                        }
                    }
                }
                Kind::Mark(')') => close(&mut inner, '('),
                Kind::Mark(']') => close(&mut inner, '['),
                Kind::Mark('}') => {
                    let braces = inner.iter().filter(|open| **open == '{').count();
                    if braces > 0 {
                        if !self.stray_in_record(at, piece.is_record() && braces == 1) {
                            close(&mut inner, '{');
                        }
                    } else if !self.stray(at) && (!piece.is_record() || token.line_first) {
                        return (at, false);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        (at, false)
    }

    /// The grammar reads these tokens as a piece.
    fn complete(&self, piece: Piece, tokens: Range<usize>) -> bool {
        let (Some(rule), Some(first)) = (piece.rule(), self.lexed.token(tokens.start)) else {
            return false;
        };
        let end = tokens
            .end
            .checked_sub(1)
            .and_then(|last| self.lexed.token(last))
            .map_or(first.end, |last| last.end);
        self.lexed.text.get(first.start..end).is_some_and(|text| Grammar::parse(rule, text).is_ok())
    }

    /// A brace that opens a record type.
    fn record_brace(&self, piece: Piece, at: usize) -> bool {
        let named = self.lexed.is_mark(at + 2, ':');
        let clause = Piece::Action.member(self.lexed.word(at + 1)).is_some() && !named;
        let unnamed_type = piece == Piece::Unknown && self.piece(self.block()) == Piece::Connector && named;
        piece.is_record()
            || unnamed_type
            || (words::word(self.lexed.word(at - 1)).is_some_and(|word| word.before_type) && !clause)
    }

    /// What stands after a brace in its line can be the body of a block.
    fn body_follows(&self, piece: Piece, at: usize) -> bool {
        let word = self.lexed.word(at);
        word == "}"
            || piece.member(word).is_some()
            || (piece == Piece::Unknown
                && Piece::BLOCKS.into_iter().any(|block| block.member(word).is_some()))
    }

    /// A closing brace in the middle of a line: more likely a slip inside the member than the end of its block.
    fn stray(&self, at: usize) -> bool {
        let Some(token) = self.lexed.token(at) else { return false };
        let next = self.lexed.word(at + 1);
        !token.line_first && self.lexed.same_line_follows(at) && next != "}" && !self.starts_something(next)
    }

    /// A closing brace after which a record type, or the whole type, cannot go on as the line does.
    fn stray_in_record(&self, at: usize, whole: bool) -> bool {
        if !self.lexed.same_line_follows(at) {
            return false;
        }
        let next = self.lexed.word(at + 1);
        if whole && next == "}" {
            return false;
        }
        !words::word(next).is_some_and(|word| word.after_type) && !self.starts_something(next)
    }

    pub(super) fn starts_something(&self, word: &str) -> bool {
        self.stack.iter().any(|id| self.piece(*id).member(word).is_some())
    }

    /// Whether the token at hand belongs to the next piece.
    fn boundary(&self, piece: Piece, start: usize, at: usize, outside: bool) -> Boundary {
        let Some(token) = self.lexed.token(at) else { return Boundary::Here };
        let word = self.lexed.word(at);
        let last = self.lexed.word(at - 1);
        if token.kind == Kind::Word {
            let field = self.lexed.is_mark(at + 1, ':') && !outside;
            // Patterns of the piece at hand, or the role that a step declares.
            let role = (matches!(word, "agent" | "human") && last == "by")
                || (word == "within" && self.lexed.is_mark(at + 1, '['));
            let sibling = self.piece(self.block()).member(word).is_some();
            let child = piece.member(word).is_some();
            let clause = piece == Piece::Clause;
            if clause && self.is_name_in_clause(start, at) {
                return Boundary::No;
            }
            if token.line_first {
                let starts = child || self.starts_something(word) || self.resumes(word);
                if starts && !field && !role {
                    return Boundary::Here;
                }
            } else if outside && last != "." && !role {
                let second =
                    at > start + 1 && self.lexed.token(at - 1).is_some_and(|before| before.line_first);
                // A clause with a slip in its first word holds words that start others.
                let clauses = self.piece(self.block()) == Piece::Action;
                if (sibling && piece == Piece::Unknown && !clauses)
                    || (second && self.starts_something(word) && !clause)
                {
                    return Boundary::Here;
                }
                let next = self.lexed.word(at + 1);
                let named = self.lexed.kind(at + 1) == Some(Kind::Word);
                if (sibling && !piece.has_block() && (named || clause))
                    || (child && named && !words::continues(next))
                {
                    return Boundary::IfComplete;
                }
            }
        }
        let unknown = piece == Piece::Unknown && at == start + 1;
        // A string that is never closed may have swallowed the bracket that holds the next line.
        if self.lexed.kind(at - 1) == Some(Kind::Bad) && last.starts_with('"') && word != "}" {
            return Boundary::No;
        }
        // Nothing begins with a string, so a clause goes on.
        if piece == Piece::Clause && word.starts_with('"') {
            return Boundary::No;
        }
        if token.line_first && outside && !words::continues(word) && (unknown || !words::needs_more(last)) {
            return Boundary::Here;
        }
        Boundary::No
    }

    /// A word that could start a clause, and is a name, or the `about` of a field, in the clause at hand.
    fn is_name_in_clause(&self, start: usize, at: usize) -> bool {
        let word = self.lexed.word(at);
        let Some(member) = Piece::Action.member(word) else { return false };
        if word == "about" && self.lexed.word(start) == "result" && self.path_end(start) == at {
            return true;
        }
        let before = self.lexed.word(at - 1);
        // A word that needs more is itself a name after these.
        let named = at > start + 1
            && self.lexed.kind(at - 1) == Some(Kind::Word)
            && matches!(
                self.lexed.word(at - 2),
                "." | "," | "(" | "as" | "at" | "by" | "final" | "from" | "is" | "reports" | "shows"
            );
        if named || !words::needs_more(before) || member != Piece::Clause {
            return false;
        }
        if before == "." || !self.lexed.token(at).is_some_and(|token| token.line_first) {
            return true;
        }
        let after = self.path_end(at);
        match self.lexed.kind(after) {
            Some(Kind::Mark(',' | ')')) => true,
            _ if word == "result" => !matches!(self.lexed.word(after), "from" | "is" | "about"),
            // Alone in its line: a name, unless it says enough for a clause.
            _ => {
                after > at + 1
                    || (!self.lexed.same_line_follows(at) && !self.complete(Piece::Clause, at..after))
            }
        }
    }

    /// Where the path that starts with a word ends.
    fn path_end(&self, at: usize) -> usize {
        let mut end = at + 1;
        while self.lexed.is_mark(end, '.') && self.lexed.kind(end + 1) == Some(Kind::Word) {
            end += 2;
        }
        end
    }

    /// A word that would reopen a block closed before.
    fn resumes(&self, word: &str) -> bool {
        super::told_home(word).is_some() && !self.closed_home(word).is_empty()
    }
}

/// Whether a piece ends before a token.
enum Boundary {
    No,
    Here,
    IfComplete,
}

/// Closes the innermost bracket of the kind, and what was left open inside it. A bracket that closes nothing is left to the grammar.
fn close(inner: &mut Vec<char>, open: char) {
    if let Some(at) = inner.iter().rposition(|c| *c == open) {
        inner.truncate(at);
    }
}
