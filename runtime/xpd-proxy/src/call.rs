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

    /// When the right to it was granted, in milliseconds since 1970: it happened later, or not at all.
    #[must_use]
    pub fn since(&self) -> u64 {
        self.since
    }
}
