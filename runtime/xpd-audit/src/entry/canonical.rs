//! Canonical JSON (RFC 8785) without floats, and why an entry is refused.

use serde::Serialize;
use serde_json::Value;

/// Integers beyond this are not the same in every JSON parser.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why an entry is not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It does not serialise, or a value in it is none.
    #[error("entry cannot be written as JSON")]
    Json,
    /// It holds a float or an integer beyond 2^53 − 1.
    #[error("entry holds a number that is not exact in JSON")]
    Number,
    /// It is not shorter than [`super::MAX_ENTRY_BYTES`] even with its large parts outside.
    #[error("entry is too large: {0} bytes")]
    TooLarge(usize),
    /// The input of a decision is none of the machine's, or is not at hand.
    #[error("input of the decision is none of the machine's")]
    NoInput,
    /// The run is closed.
    #[error("run is closed")]
    Closed,
    /// A run begins with `run.opened` and has no second one; the server's own entries belong to no run.
    #[error("a {0} entry cannot stand here")]
    Misplaced(super::Kind),
}

/// The one serialisation that is hashed.
pub(crate) fn canonical(value: &impl Serialize) -> Result<Vec<u8>, EntryError> {
    serde_json_canonicalizer::to_vec(value).map_err(|_| EntryError::Json)
}

/// A value that every parser reads alike.
pub(crate) fn exact(value: &impl Serialize) -> Result<Value, EntryError> {
    let value = serde_json::to_value(value).map_err(|_| EntryError::Json)?;
    if numbers_are_exact(&value) { Ok(value) } else { Err(EntryError::Number) }
}

pub(crate) fn numbers_are_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(n), _) => n <= MAX_INTEGER,
            (None, Some(n)) => n.unsigned_abs() <= MAX_INTEGER,
            (None, None) => false,
        },
        Value::Array(items) => items.iter().all(numbers_are_exact),
        Value::Object(members) => members.values().all(numbers_are_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}
