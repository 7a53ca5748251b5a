//! One action with its arguments, to be read.

use std::collections::BTreeMap;

use xp_scope::Value;

/// One action with its complete, typed arguments. It can be read; what it is good for is the type around it.
#[derive(Debug)]
pub struct Call {
    pub(crate) action: String,
    pub(crate) args: BTreeMap<String, Value>,
    pub(crate) marker: String,
    pub(crate) since: u64,
    pub(crate) expected: Vec<Option<Value>>,
}

impl Call {
    /// Name inside the connector, `issues.create`.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// Every argument by name, defaults filled in.
    #[must_use]
    pub fn args(&self) -> &BTreeMap<String, Value> {
        &self.args
    }

    /// What this one use is known by: left at the upstream where it can be, so that a probe finds it.
    #[must_use]
    pub fn marker(&self) -> &str {
        &self.marker
    }

    /// The version at which the n-th thing that the declaration expects not to have moved must be. None where the run has
    /// not seen one: then whatever is there is built upon.
    #[must_use]
    pub fn expected(&self, number: usize) -> Option<&Value> {
        self.expected.get(number)?.as_ref()
    }

    /// When the right to it was granted, in milliseconds since 1970: it happened later, or not at all.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.since
    }
}
