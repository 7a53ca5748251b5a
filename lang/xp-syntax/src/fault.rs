//! From where the generated parser gave up to a message for people: what was expected, what stands there, what would cure it.

mod bracket;
mod cure;
mod hints;
mod unknown;
mod wording;

use std::ops::Range;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use xp_diagnostics::{Diagnostic, Span, codes};

use crate::expected::{Wanted, wanted};
use crate::grammar::{Grammar, Rule};
use crate::lexer::{Kind, Lexed, shorten};
use crate::nearest::nearest;
use crate::words::{self, Piece, planned};
use bracket::bracket;
use cure::cure;
use wording::{collect, wording};

pub(crate) use unknown::unknown;

/// A piece of the text on its own.
pub(crate) struct Slice<'a, 't> {
    pub lexed: &'a Lexed<'t>,
    pub piece: Piece,
    pub rule: Rule,
    /// Its tokens.
    pub tokens: Range<usize>,
    /// Byte at which it starts.
    pub base: usize,
    pub text: &'t str,
}

impl Slice<'_, '_> {
    /// Whether the piece would be read with some of its bytes replaced.
    fn reads_with(&self, at: usize, len: usize, replacement: &str) -> bool {
        let (Some(before), Some(after)) = (self.text.get(..at), self.text.get(at + len..)) else {
            return false;
        };
        Grammar::parse(self.rule, &format!("{before}{replacement}{after}")).is_ok()
    }

    /// The word stands among its tokens.
    fn says(&self, word: &str) -> bool {
        self.tokens.clone().any(|token| self.lexed.word(token) == word)
    }

    fn span(&self, at: usize, len: usize) -> Span {
        Span::new(self.lexed.source, self.base + at, self.base + at + len)
    }
}

/// Explains why a piece was not read.
pub(crate) fn explain(slice: &Slice<'_, '_>, error: &Error<Rule>) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rules: &[Rule] = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => &[],
    };
    let lexed = slice.lexed;
    let wants = collect(rules);
    // The token at which it gave up.
    let found = slice
        .tokens
        .clone()
        .find(|token| lexed.token(*token).is_some_and(|token| token.end > slice.base + at));
    if let Some(fault) = earlier(slice, found.unwrap_or(slice.tokens.end)) {
        return fault;
    }
    let list = wording(&wants, slice.piece);
    let Some(found) = found else { return at_end(slice, &wants, &list) };

    let word = lexed.word(found);
    let span = lexed.span(found);
    let start = (span.start as usize).saturating_sub(slice.base);
    let shown = shorten(word);
    if words::is_reserved(word)
        && wants.iter().any(|want| matches!(want, Wanted::Choice(_)))
        && slice.reads_with(start, word.len(), &"z".repeat(word.len()))
    {
        return Diagnostic::error(codes::RESERVED_WORD, format!("`{word}` is a word of the language and cannot be a name"))
            .at(span)
            .help("choose another name")
            .because("words that start a member or a clause are kept free, so that a fault in one line cannot hide the next");
    }
    let before = found.checked_sub(1).map_or("", |before| lexed.word(before));
    if let Some(planned) = planned::inside(slice.piece, before, word) {
        return planned.fault(span);
    }
    let missing = |what| wants.contains(&what);
    let kind = lexed.kind(found);
    if word == "=" && slice.piece == Piece::Workflow && missing(Wanted::Exactly(",")) {
        return planned::default_value().at(span);
    }
    if kind == Some(Kind::Int) && lexed.word(found + 1) == "of" && missing(wanted(Rule::formula)) {
        return planned::quorum().at(span);
    }
    if kind == Some(Kind::Word)
        && slice.piece == Piece::Grant
        && before == "max"
        && cure::in_digits(word).is_none()
    {
        return planned::limit_of_data().at(span);
    }
    if before == "fresh" && slice.piece == Piece::Action {
        let fresh = lexed.span(found - 1);
        return Diagnostic::error(
            codes::UNEXPECTED,
            "a result is not called `fresh`: a clause says what an action makes",
        )
        .at(fresh)
        .help("write `makes Kind(key)` among the clauses, with a kind that a `resource` declares")
        .fix(Span { end: span.start, ..fresh }, "", "remove `fresh`");
    }
    let message = if list.is_empty() {
        format!("`{shown}` is not expected here")
    } else {
        format!("expected {list}, found `{shown}`")
    };
    let fault = Diagnostic::error(codes::UNEXPECTED, message).at(span);
    let fault = bracket(slice, &wants, found, start, fault);
    cure(slice, &wants, found, start, fault)
}

/// The piece ended too early: point at its last token.
fn at_end(slice: &Slice<'_, '_>, wants: &[Wanted], list: &str) -> Diagnostic {
    let last = slice.tokens.end.saturating_sub(1);
    let list = if list.is_empty() { "more" } else { list };
    let message = format!("expected {list} after `{}`", shorten(slice.lexed.word(last)));
    let fault = Diagnostic::error(codes::UNEXPECTED, message).at(slice.lexed.span(last));
    let fault = bracket(slice, wants, slice.tokens.end, slice.text.len(), fault);
    cure(slice, wants, slice.tokens.end, slice.text.len(), fault)
}

/// What is better said of a token shortly before the one at which reading gave up: a slip in a word that could be read as a
/// name, or a construct that is planned.
fn earlier(slice: &Slice<'_, '_>, found: usize) -> Option<Diagnostic> {
    let lexed = slice.lexed;
    let before = |token: usize| token.checked_sub(1).map_or("", |before| lexed.word(before));
    for token in (slice.tokens.start + 1..found).rev().take(2) {
        let word = lexed.word(token);
        // `nothing` is a slip of no other word.
        if lexed.kind(token) != Some(Kind::Word) || before(token) == "." || word == "nothing" {
            continue;
        }
        let all = words::words().iter().map(words::Word::text).filter(|text| text.len() > 1);
        if let Some(near) = nearest(word, all) {
            let span = lexed.span(token);
            let start = (span.start as usize).saturating_sub(slice.base);
            if slice.reads_with(start, word.len(), near) {
                let message = format!("expected `{near}`, found `{}`", shorten(word));
                return Some(
                    Diagnostic::error(codes::UNEXPECTED, message)
                        .at(span)
                        .help(format!("did you mean `{near}`?"))
                        .fix(span, near, format!("write `{near}`")),
                );
            }
        }
        if token + 1 == found
            && lexed.kind(found) == Some(Kind::Word)
            && let Some(planned) = planned::inside(slice.piece, before(token), word)
            && planned.needs_word_before()
        {
            return Some(planned.fault(lexed.span(token)));
        }
    }
    None
}
