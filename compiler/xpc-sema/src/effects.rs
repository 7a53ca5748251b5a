//! The words of a declaration that this compiler knows.

use xp_artifact::workflow::{Effect, Repeat};

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
