//! An offer of the server: a step that is open to the caller, with its grants.

use serde_json::Value;

use crate::Done;

/// An offer.
#[derive(Clone)]
pub struct Offer(Value);

impl Offer {
    pub fn of(value: &Value) -> Self {
        Self(value.clone())
    }

    /// Name of the step.
    pub fn step(&self) -> &str {
        self.0["step"].as_str().unwrap_or_default()
    }

    /// Ordinal of the opening.
    pub fn opening(&self) -> u64 {
        self.0["opening"].as_u64().unwrap_or_default()
    }

    /// Identifies an opening of a step.
    pub fn key(&self) -> (String, u64) {
        (self.step().to_owned(), self.opening())
    }

    /// Notes of the judges who reopened the step.
    pub fn notes(&self) -> Vec<&str> {
        self.0["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The value to which a grant pins an argument of an action.
    pub fn pinned(&self, action: &str, argument: &str) -> Done<Value> {
        let grants = self.0["grants"].as_array().into_iter().flatten();
        let arguments =
            grants.filter(|grant| grant["action"] == action).flat_map(|grant| grant["args"].as_array());
        let found = arguments.flatten().find(|entry| entry[0] == argument).map(|entry| entry[2].clone());
        found
            .filter(|value| !value.is_null())
            .ok_or_else(|| format!("`{argument}` of `{action}` is not pinned"))
    }
}
