//! Something that starts no member of the block it stands in.

use std::ops::Range;

use pest::Parser;
use xp_diagnostics::{Diagnostic, Span, codes};

use super::wording::{a, article, join};
use crate::grammar::Grammar;
use crate::lexer::{Kind, Lexed, shorten};
use crate::nearest::nearest;
use crate::words::{Piece, planned};

pub(crate) fn unknown(lexed: &Lexed<'_>, block: Piece, tokens: &Range<usize>) -> Diagnostic {
    let word = lexed.word(tokens.start);
    let span = lexed.span(tokens.start);
    let shown = shorten(word);
    if lexed.kind(tokens.start) == Some(Kind::Word)
        && let Some(planned) = planned::starting(word)
    {
        return planned.fault(span);
    }
    if block == Piece::File && matches!(word, "import" | "include" | "require") {
        return Diagnostic::error(
            codes::UNKNOWN_START,
            format!("expected {}, found `{word}`", starts(block)),
        )
        .at(span)
        .help("a module is brought in with `use`")
        .fix(span, "use", "write `use`");
    }
    if block == Piece::Action
        && let Some(fault) = clause(lexed, tokens)
    {
        return fault;
    }
    let starters: Vec<&str> = block.starters().collect();
    let list = starts(block);
    if let Some(home) = Piece::BLOCKS.into_iter().find(|piece| piece.member(word).is_some())
        && lexed.kind(tokens.start) == Some(Kind::Word)
        && home != Piece::Action
    {
        let place = match home {
            Piece::File => "at the top of a file".to_owned(),
            other => format!("in {} {}", article(other.noun()), other.noun()),
        };
        return Diagnostic::error(
            codes::UNKNOWN_START,
            format!("`{word}` stands {place}, not in {} {}", article(block.noun()), block.noun()),
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
            return fault.help(format!("{} is missing", a(starter))).fix(
                at,
                format!("{starter} "),
                format!("insert `{starter}`"),
            );
        }
    }
    fault
}

/// The words that start the members of a block.
fn starts(block: Piece) -> String {
    let parts: Vec<String> = block.starters().map(|word| format!("`{word}`")).collect();
    join(&parts)
}

/// A clause of the former language, or one about a field of the result that does not begin with `result`.
fn clause(lexed: &Lexed<'_>, tokens: &Range<usize>) -> Option<Diagnostic> {
    let word = lexed.word(tokens.start);
    let span = lexed.span(tokens.start);
    let mut end = tokens.start + 1;
    while lexed.is_mark(end, '.') && lexed.kind(end + 1) == Some(Kind::Word) {
        end += 2;
    }
    let fault = |message: String| Diagnostic::error(codes::UNKNOWN_START, message).at(span);
    match (word, lexed.word(end)) {
        ("touches", _) => {
            Some(fault("there is no clause `touches`: what an action changes are things".to_owned()).help(
                "write `changes Kind(key)`, with a kind that a `resource` declares, or `changes nothing`",
            ))
        }
        (_, then @ ("from" | "is" | "about")) if lexed.kind(tokens.start) == Some(Kind::Word) => Some(
            fault(format!("`{word}` starts no clause"))
                .help(format!(
                    "a field of the result is named `result.{word}` here, as in `result.{word} {then} …`"
                ))
                .fix(Span { end: span.start, ..span }, "result.", "insert `result.`"),
        ),
        _ => None,
    }
}
