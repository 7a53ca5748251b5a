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
    let starters: Vec<&str> = block.starters().collect();
    let parts: Vec<String> = starters.iter().map(|word| format!("`{word}`")).collect();
    let list = join(&parts);
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
