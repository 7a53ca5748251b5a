//! One edit after which a piece reads.

use xp_diagnostics::Diagnostic;

use super::Slice;
use super::hints::hints;
use super::wording::a;
use crate::expected::{NUMBER, Wanted};
use crate::lexer::{Kind, shorten};
use crate::nearest::nearest;
use crate::words::Piece;

/// Looks for one edit after which the piece reads: another spelling, something inserted, the token removed.
pub(super) fn cure(
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
    if here && word == "|" && slice.lexed.word(found + 1) == "|" && slice.reads_with(start, 2, "or") {
        return fault.help("write `or`").fix(slice.span(start, 2), "or", "write `or`");
    }
    if wants.contains(&Wanted::Choice(NUMBER)) {
        return number(slice, word, start, fault);
    }
    // After what stands before, so that an inserted bracket does not follow a space.
    let end_before = found
        .checked_sub(1)
        .and_then(|before| slice.lexed.token(before))
        .map_or(start, |before| before.end.saturating_sub(slice.base));
    if slice.piece == Piece::Grant
        && matches!(word, "times" | "time")
        && found.checked_sub(1).and_then(|before| slice.lexed.kind(before)) == Some(Kind::Int)
        && slice.reads_with(end_before, start + word.len() - end_before, "")
    {
        let number = found.checked_sub(1).map_or("", |before| slice.lexed.word(before));
        let whole = slice.span(end_before, start + word.len() - end_before);
        return fault.help(format!("`max {number}` counts times already")).fix(
            whole,
            "",
            format!("remove `{word}`"),
        );
    }
    if here
        && slice.piece == Piece::Step
        && exact.contains(&"by")
        && slice.reads_with(start, word.len(), "by")
    {
        return hints(slice, wants, word, fault).fix(slice.span(start, word.len()), "by", "write `by`");
    }
    // That nothing is changed or read is for the author to say.
    // So is that a comparison stands for itself: `and` joins it to the formula.
    let exact: Vec<&str> = exact.iter().copied().filter(|option| *option != "when").collect();
    for option in exact.iter().copied().filter(|option| *option != "nothing").chain([":"]) {
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
                return fault.help(format!("{} or {} is missing", a(option), a(other)));
            }
            return fault.help(format!("{} is missing", a(option))).fix(
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

/// A small number that is written as a word.
pub(super) fn in_digits(word: &str) -> Option<usize> {
    const WORDS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.iter().position(|one| *one == word).map(|at| at + 1)
}

/// What is to be said where a number is missing.
fn number(slice: &Slice<'_, '_>, word: &str, start: usize, fault: Diagnostic) -> Diagnostic {
    let claim = matches!(slice.piece, Piece::Prove | Piece::Guard);
    let number = match in_digits(word) {
        Some(number) => number.to_string(),
        None if word == "once" && claim => "1".to_owned(),
        None if claim => return fault.help("a number is missing: `at most 1 per run`"),
        None if word.is_empty() => return fault.help("a number is missing, as in `max 5`"),
        None => return fault.help("a number is written in digits, as in `max 5`"),
    };
    if !slice.reads_with(start, word.len(), &number) {
        return fault.help("a number is written in digits");
    }
    let title = format!("write `{number}`");
    fault.help(title.clone()).fix(slice.span(start, word.len()), number, title)
}

/// A mark such as the one in `1.000` or `1,5`.
fn between_digits(slice: &Slice<'_, '_>, mark: usize) -> bool {
    let digits = |at: usize| slice.lexed.kind(at) == Some(Kind::Int);
    mark > slice.tokens.start && digits(mark - 1) && digits(mark + 1)
}
