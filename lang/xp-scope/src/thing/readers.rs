//! Who can read the things of a kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who can read the things of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Anybody.
    Public,
    /// Each of these groups.
    Groups(Vec<Readers>),
}

/// A group of readers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readers {
    /// Its name, `readers`.
    pub group: String,
    /// Qualified name of the enclosing kind whose thing they are readers of; none for a group of the whole upstream.
    pub of: Option<String>,
}
