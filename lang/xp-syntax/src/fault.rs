//! From where the generated parser gave up to a message for people: what was expected, what stands there, what would cure it.

use std::ops::Range;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use xp_diagnostics::{Diagnostic, Span, codes};

use crate::expected::{Wanted, wanted};
use crate::grammar::{Grammar, Rule};
use crate::lexer::{Kind, Lexed, shorten};
use crate::nearest::nearest;
use crate::words::{self, Piece};

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

fn collect(rules: &[Rule]) -> Vec<Wanted> {
    let mut wants: Vec<Wanted> = Vec::new();
    for rule in rules {
        let want = wanted(*rule);
        if want != Wanted::Hidden && !wants.contains(&want) {
            wants.push(want);
        }
    }
    wants.sort_by_key(|want| *want == Wanted::End);
    if wants.is_empty() && rules.contains(&Rule::dot) {
        wants.push(Wanted::Exactly("."));
    }
    wants
}

/// "`,` or `)`".
fn wording(wants: &[Wanted], piece: Piece) -> String {
    let parts: Vec<String> = wants
        .iter()
        .map(|want| match want {
            Wanted::Exactly(word) => format!("`{word}`"),
            Wanted::Choice(phrase) => (*phrase).to_owned(),
            Wanted::End if piece.has_block() => "`{`".to_owned(),
            Wanted::End | Wanted::Hidden => format!("the end of the {}", piece.noun()),
        })
        .collect();
    join(&parts)
}

/// "a, b or c".
pub(crate) fn join(parts: &[String]) -> String {
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Points at the bracket that is still open where its end was expected.
fn bracket(
    slice: &Slice<'_, '_>,
    wants: &[Wanted],
    found: usize,
    start: usize,
    mut fault: Diagnostic,
) -> Diagnostic {
    let mut open = Vec::new();
    for token in slice.tokens.start..found {
        match slice.lexed.kind(token) {
            Some(Kind::Mark('(' | '[' | '{')) => open.push(token),
            Some(Kind::Mark(')' | ']' | '}')) => {
                open.pop();
            }
            _ => {}
        }
    }
    let Some(token) = open.pop() else { return fault };
    let closer = match slice.lexed.word(token) {
        "(" => ")",
        "[" => "]",
        _ => "}",
    };
    if !wants.contains(&Wanted::Exactly(closer)) {
        return fault;
    }
    if found >= slice.tokens.end || slice.reads_with(start, 0, &format!("{closer} ")) {
        fault.code = codes::UNCLOSED;
    }
    fault.label(slice.lexed.span(token), format!("this `{}` is still open", slice.lexed.word(token)))
}

/// Looks for one edit after which the piece reads: another spelling, something inserted, the token removed.
fn cure(
    slice: &Slice<'_, '_>,
    wants: &[Wanted],
    found: usize,
    start: usize,
    fault: Diagnostic,
) -> Diagnostic {
    let here = found < slice.tokens.end;
    let word = if here { slice.lexed.word(found) } else { "" };
    let exact: Vec<&str> = wants
        .iter()
        .filter_map(|want| match want {
            Wanted::Exactly(word) => Some(*word),
            _ => None,
        })
        .collect();
    if here && slice.lexed.kind(found) == Some(Kind::Word) {
        let first_words = exact.iter().filter_map(|words| words.split(' ').next());
        if let Some(near) = nearest(word, first_words) {
            let fault = fault.help(format!("did you mean `{near}`?"));
            return fault.fix(slice.span(start, word.len()), near, format!("write `{near}`"));
        }
    }
    // After what stands before, so that an inserted bracket does not follow a space.
    let end_before = found
        .checked_sub(1)
        .and_then(|before| slice.lexed.token(before))
        .map_or(start, |before| before.end.saturating_sub(slice.base));
    for option in exact.iter().copied().chain([":"]) {
        if slice.reads_with(start, 0, &format!(" {option} ")) {
            let insert = match option {
                "," | ":" => option.to_owned() + if start == end_before { " " } else { "" },
                ")" | "]" => option.to_owned(),
                _ => format!(" {option}"),
            };
            let at =
                slice.span(end_before.max(usize::from(found == slice.tokens.start)).min(slice.text.len()), 0);
            let other =
                |other: &&&str| ***other != *option && slice.reads_with(start, 0, &format!(" {other} "));
            if let Some(other) = exact.iter().find(other) {
                // Each means something else: which one is for the author to say.
                return fault.help(format!("a `{option}` or a `{other}` is missing"));
            }
            return fault.help(format!("a `{option}` is missing")).fix(
                at,
                insert,
                format!("insert `{option}`"),
            );
        }
    }
    if word == "not" {
        return fault
            .help("`not` stands in the conditions of outcomes only: `outcome NAME auto when not DATUM`");
    }
    if here && matches!(word, "." | ",") && between_digits(slice, found) {
        return fault.help("a number has digits only, without marks");
    }
    if here && slice.reads_with(start, word.len(), "") {
        let shown = shorten(word);
        let fault = fault.help(format!("it reads without the `{shown}`"));
        // A bracket too many and a repetition say nothing; anything else may have been meant.
        let repeated = found > slice.tokens.start && slice.lexed.word(found - 1) == word;
        let says_nothing =
            matches!(word, ")" | "]" | "}") || (repeated && slice.lexed.kind(found) != Some(Kind::Int));
        if !says_nothing {
            return fault;
        }
        return fault.fix(slice.span(start, word.len()), "", format!("remove `{shown}`"));
    }
    if word == "=" && slice.reads_with(start, 1, ":") {
        return fault.help("an argument is named with `:`").fix(slice.span(start, 1), ":", "write `:`");
    }
    hints(slice, wants, word, fault)
}

/// A mark such as the one in `1.000` or `1,5`.
fn between_digits(slice: &Slice<'_, '_>, mark: usize) -> bool {
    let digits = |at: usize| slice.lexed.kind(at) == Some(Kind::Int);
    mark > slice.tokens.start && digits(mark - 1) && digits(mark + 1)
}

/// Cures that are no edits.
fn hints(slice: &Slice<'_, '_>, wants: &[Wanted], word: &str, fault: Diagnostic) -> Diagnostic {
    let wants = |word| wants.contains(&Wanted::Exactly(word));
    match slice.piece {
        Piece::Grant if wants("per") => {
            fault.help("`once` says of what: `once per opening` or `once per run`")
        }
        Piece::Prove if wants("per") => fault.help("a count is over the run: `at most N per run`"),
        Piece::Outcome if word == "when" => {
            fault.help("an outcome that comes by itself: `auto when CONDITION`; one that the agent may choose: `if CONDITION`")
        }
        Piece::Outcome if wants("end") && !word.is_empty() => {
            fault.help("an outcome goes on with `-> end` or `-> reopen STEP (max N, then OUTCOME)`")
        }
        Piece::Outcome if slice.text.contains("reopen") => {
            fault.help("a loop has a bound and an end: `-> reopen STEP (max N, then OUTCOME)`")
        }
        _ => fault,
    }
}

/// Something that starts no member of the block it stands in.
pub(crate) fn unknown(lexed: &Lexed<'_>, block: Piece, tokens: &Range<usize>) -> Diagnostic {
    let word = lexed.word(tokens.start);
    let span = lexed.span(tokens.start);
    let shown = shorten(word);
    let starters: Vec<&str> = block.starters().collect();
    let parts: Vec<String> = starters.iter().map(|word| format!("`{word}`")).collect();
    let list = join(&parts);
    if let Some(home) = Piece::BLOCKS.into_iter().find(|piece| piece.member(word).is_some())
        && lexed.kind(tokens.start) == Some(Kind::Word)
        && home != Piece::Action
    {
        let place = match home {
            Piece::File => "at the top of a file".to_owned(),
            Piece::Action => "in an action".to_owned(),
            other => format!("in a {}", other.noun()),
        };
        return Diagnostic::error(
            codes::UNKNOWN_START,
            format!("`{word}` stands {place}, not in a {}", block.noun()),
        )
        .at(span)
        .help(format!("here {} can stand", list.replace(" or ", " and ")));
    }
    let tail = if block == Piece::File { String::new() } else { ", or `}`".to_owned() };
    let fault =
        Diagnostic::error(codes::UNKNOWN_START, format!("expected {list}{tail}, found `{shown}`")).at(span);
    if lexed.kind(tokens.start) == Some(Kind::Word)
        && let Some(near) = nearest(word, starters.iter().copied())
    {
        return fault.help(format!("did you mean `{near}`?")).fix(span, near, format!("write `{near}`"));
    }
    let end = tokens
        .end
        .checked_sub(1)
        .and_then(|last| lexed.token(last))
        .map_or(span.end as usize, |last| last.end);
    let text = lexed.text.get(span.start as usize..end).unwrap_or("");
    for starter in starters {
        let Some(rule) = block.member(starter).and_then(Piece::rule) else { continue };
        if Grammar::parse(rule, &format!("{starter} {text}")).is_ok() {
            let at = Span { end: span.start, ..span };
            return fault.help(format!("a `{starter}` is missing")).fix(
                at,
                format!("{starter} "),
                format!("insert `{starter}`"),
            );
        }
    }
    fault
}
