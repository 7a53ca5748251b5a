//! Lists of what was expected, as text.

use crate::expected::{Wanted, wanted};
use crate::grammar::Rule;
use crate::words::Piece;

/// What rules stand for, each once, the end of the piece last.
pub(super) fn collect(rules: &[Rule]) -> Vec<Wanted> {
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
pub(super) fn wording(wants: &[Wanted], piece: Piece) -> String {
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
pub(super) fn join(parts: &[String]) -> String {
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// A word in backticks with its article, as it is spoken: "an `as`", "a `use`".
pub(super) fn a(word: &str) -> String {
    format!("{} `{word}`", article(word))
}

/// "a" or "an".
pub(super) fn article(word: &str) -> &'static str {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    // These begin with a consonant when spoken.
    let consonant = word.starts_with("one") || word.starts_with("use");
    if vowel && !consonant { "an" } else { "a" }
}
