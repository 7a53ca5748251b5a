//! An action with its arguments.

use std::collections::BTreeMap;

use xp_scope::Value;

/// An action with its complete, typed arguments. Read-only; it authorizes nothing by itself.
#[derive(Debug)]
pub struct Call {
    pub(crate) action: String,
    pub(crate) args: BTreeMap<String, Value>,
    pub(crate) marker: String,
    pub(crate) since: u64,
    pub(crate) expected: Vec<Option<Value>>,
}

impl Call {
    /// Name of the action within the connector, such as `issues.create`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// All arguments by name, defaults included.
    #[must_use]
    pub fn args(&self) -> &BTreeMap<String, Value> {
        &self.args
    }

    /// An identifier of this use. Connectors leave it at the upstream where possible, so that a probe can
    /// find the effect.
    #[must_use]
    pub fn marker(&self) -> &str {
        &self.marker
    }

    /// The version that the `number`-th thing of the declaration's `expects` clauses must have. `None` if the
    /// run has not observed the thing; its current version is then accepted.
    #[must_use]
    pub fn expected(&self, number: usize) -> Option<&Value> {
        self.expected.get(number)?.as_ref()
    }

    /// Time of the grant, milliseconds since 1970. The effect, if any, is later.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.since
    }
}
