//! Values: what arguments, results and parameters are made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer, ser};

use crate::digest::Digest;

/// The largest integer of a value, 2^53 − 1; the smallest is its negative. Beyond it JSON readers disagree.
pub const MAX_INT: i64 = (1 << 53) - 1;

/// A value: what arguments, results and parameters are made of. No null, no floats.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// An integer within ±(2^53 − 1).
    Int(
        #[serde(serialize_with = "safe_integer")]
        #[schemars(range(min = -9_007_199_254_740_991_i64, max = 9_007_199_254_740_991_i64))]
        i64,
    ),
    /// Text; also paths, refs, commits and enum members.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A record.
    Record(BTreeMap<String, Value>),
}

fn safe_integer<S: Serializer>(integer: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    if integer.unsigned_abs() > MAX_INT.unsigned_abs() {
        return Err(ser::Error::custom("an integer beyond 2^53 − 1"));
    }
    serializer.serialize_i64(*integer)
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

    /// The canonical bytes of RFC 8785.
    ///
    /// An integer out of range, which only code can make, has no canonical form: the bytes then are no JSON at all and
    /// equal those of no other value.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(self).unwrap_or_else(|_| format!("!{self:?}").into_bytes())
    }

    /// SHA-256 over `xp-value-v1`, a zero byte and the canonical bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_parts(&[b"xp-value-v1\0", &self.canonical()])
    }

    /// The Boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }

    /// The elements, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(value) = self { Some(value) } else { None }
    }

    /// The members, if it is a record.
    #[must_use]
    pub fn as_record(&self) -> Option<&BTreeMap<String, Self>> {
        if let Self::Record(value) = self { Some(value) } else { None }
    }

    /// What it is, in a word: `bool`, `int`, `text`, `list` or `record`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Record(_) => "record",
        }
    }
}
