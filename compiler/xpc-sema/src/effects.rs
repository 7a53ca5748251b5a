//! The words of a declaration that this compiler knows.

use xp_artifact::workflow::{Effect, Repeat};

/// Every effect with its word.
pub const EFFECTS: [(&str, Effect); 9] = [
    ("read", Effect::Read),
    ("discuss", Effect::Discuss),
    ("write", Effect::Write),
    ("merge", Effect::Merge),
    ("deploy", Effect::Deploy),
    ("execute", Effect::Execute),
    ("delete", Effect::Delete),
    ("pay", Effect::Pay),
    ("publish", Effect::Publish),
];

/// Every way to resolve a repeat with its word.
pub const REPEATS: [(&str, Repeat); 3] =
    [("idempotent", Repeat::Idempotent), ("probe", Repeat::Probe), ("manual", Repeat::Manual)];

/// The effect a word names.
pub fn effect(word: &str) -> Option<Effect> {
    EFFECTS.iter().find(|(name, _)| *name == word).map(|(_, effect)| *effect)
}

/// The word of an effect.
pub fn effect_word(effect: Effect) -> &'static str {
    EFFECTS.iter().find(|(_, known)| *known == effect).map_or("", |(name, _)| name)
}

/// Grants of this effect must say how often.
pub fn needs_limit(effect: Effect) -> bool {
    matches!(effect, Effect::Publish | Effect::Pay | Effect::Merge | Effect::Deploy | Effect::Delete)
}
