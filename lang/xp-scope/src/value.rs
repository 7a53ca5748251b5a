//! Values and their types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value: what arguments, results and parameters are made of. No null, no floats.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer within ±(2^53 − 1).
    Int(i64),
    /// Text; also paths, refs, commits and enum members.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A record.
    Record(BTreeMap<String, Value>),
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// True or false.
    Bool,
    /// An integer within ±(2^53 − 1).
    Int,
    /// Text of bounded length.
    Text,
    /// A path inside a repository.
    Path,
    /// The short name of a branch.
    Branch,
    /// A full object id of a commit (40 or 64 lower-case hex digits).
    Commit,
    /// A full object id of a tree.
    Tree,
    /// One of these words.
    Enum(Vec<String>),
    /// A list.
    List(Box<Type>),
    /// A record, by qualified name.
    Record(String),
}

impl Value {
    /// The value at a path of record fields.
    #[must_use]
    pub fn at(&self, fields: &[String]) -> Option<&Self> {
        fields.iter().try_fold(self, |value, field| match value {
            Self::Record(map) => map.get(field),
            _ => None,
        })
    }
}
