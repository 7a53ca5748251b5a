//! An action with its arguments.

use std::collections::BTreeMap;

use xp_scope::{Digest, Value};

/// An action with its complete, typed arguments. Read-only; it authorizes nothing by itself.
#[derive(Debug)]
pub struct Call {
    pub(crate) action: String,
    pub(crate) args: BTreeMap<String, Value>,
    pub(crate) marker: String,
    pub(crate) since: u64,
    pub(crate) expected: Vec<Option<Value>>,
    pub(crate) declaration: Option<Digest>,
    pub(crate) repeated: bool,
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

    /// Digest of the declaration under which the action was granted. `None` for a call that nobody granted.
    #[must_use]
    pub fn declaration(&self) -> Option<&Digest> {
        self.declaration.as_ref()
    }

    /// Whether the action may have been performed before.
    #[must_use]
    pub fn is_repeat(&self) -> bool {
        self.repeated
    }

    /// Time of the grant, milliseconds since 1970. The effect, if any, is later.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.since
    }
}
