//! Who decides the values of keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who decides a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Chooser {
    /// An agent of the run.
    Agent,
    /// Whoever starts the run.
    Starter,
    /// The upstream, within its declaration.
    World,
    /// Nobody: how the upstream spells, folds or redirects names.
    Nobody,
    /// Nobody knows: a declaration is silent.
    Unsaid,
}

/// What an assignment is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Somebody can choose it against us: it refutes.
    Chosen,
    /// Nobody chooses it: what rests on it is conditional.
    Spelling,
    /// It exists only because a declaration is silent: unknown.
    Silent,
}

impl Chooser {
    /// What an assignment by this chooser is worth.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Agent | Self::Starter | Self::World => Class::Chosen,
            Self::Nobody => Class::Spelling,
            Self::Unsaid => Class::Silent,
        }
    }
}
