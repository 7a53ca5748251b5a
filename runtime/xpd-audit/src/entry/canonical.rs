//! Canonical JSON (RFC 8785) restricted to integers, and the errors of writing an entry.

use serde::Serialize;
use serde_json::Value;

/// Largest integer that every JSON parser reads exactly: 2^53 − 1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why an entry cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// A value does not serialise to JSON.
    #[error("entry cannot be written as JSON")]
    Json,
    /// A value is a float or an integer beyond ±(2^53 − 1).
    #[error("entry holds a number that is not exact in JSON")]
    Number,
    /// The entry reaches [`super::MAX_ENTRY_BYTES`] although its large parts were moved out. Holds its size
    /// in bytes.
    #[error("entry is too large: {0} bytes")]
    TooLarge(usize),
    /// The input of a decision is not an `Input` of the machine, or is stored outside and not at hand.
    #[error("input of the decision is none of the machine's")]
    NoInput,
    /// The chain already has `run.closed`.
    #[error("run is closed")]
    Closed,
    /// The kind may not appear at this position: `run.opened` must be the first entry of a run and only that;
    /// the server's own kinds may not appear in a run, nor a run's kinds in the server's chain.
    #[error("a {0} entry cannot stand here")]
    Misplaced(super::Kind),
}

/// The canonical bytes of a value; hashes are taken over these only.
pub(crate) fn canonical(value: &impl Serialize) -> Result<Vec<u8>, EntryError> {
    serde_json_canonicalizer::to_vec(value).map_err(|_| EntryError::Json)
}

/// A value as JSON that every parser reads alike.
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
