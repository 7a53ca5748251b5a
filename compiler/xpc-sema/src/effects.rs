//! The words of a declaration that this compiler knows.

use xp_artifact::workflow::{Effect, Repeat};
use xp_diagnostics::{Diagnostic, codes};
use xp_syntax::ast;

use crate::problems::Problems;

/// Every effect with its word.
pub fn words() -> [(&'static str, Effect); 9] {
    Effect::ALL.map(|effect| (effect.as_str(), effect))
}

/// Every way to resolve a repeat with its word.
pub const REPEATS: [(&str, Repeat); 3] =
    [("idempotent", Repeat::Idempotent), ("probe", Repeat::Probe), ("manual", Repeat::Manual)];

/// The effect a word names.
pub fn effect(word: &str) -> Option<Effect> {
    Effect::ALL.into_iter().find(|effect| effect.as_str() == word)
}

/// Grants of this effect must say how often.
pub fn needs_limit(effect: Effect) -> bool {
    matches!(effect, Effect::Publish | Effect::Pay | Effect::Merge | Effect::Deploy | Effect::Delete)
}

/// What a word stands for, or none with the fault reported.
pub fn one_of<T: Copy>(
    word: &ast::Name,
    what: &str,
    table: &[(&str, T)],
    problems: &mut Problems,
) -> Option<T> {
    let found = table.iter().find(|(name, _)| *name == word.text).map(|(_, value)| *value);
    if found.is_none() {
        let fault =
            Diagnostic::error(codes::UNKNOWN_WORD, format!("`{}` is no {what}", word.text)).at(word.span);
        let known = table.iter().map(|(name, _)| *name);
        problems.push(problems.propose(fault, word.span, &word.text, "known", known));
    }
    found
}
