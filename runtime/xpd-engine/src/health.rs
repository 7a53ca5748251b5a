//! What a server cannot do now. Any part of it may say so, each under a name of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is not done, the rest goes on.
    Degraded,
    /// Nothing that agents ask for is done, and no operator decided so.
    Failing,
}

/// Something that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Of which part: `disk`, `store`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is not done, and why. Anybody may read it: no paths, no names of principals.
    pub detail: String,
}

/// The conditions in force. Each change is a line in the server's log.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<&'static str, Condition>>);

impl Health {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Condition>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something cannot be done, in place of what was said under the same name.
    pub fn set(&self, name: &'static str, severity: Severity, detail: impl Into<String>) {
        let condition = Condition { name, severity, detail: detail.into() };
        let before = self.lock().insert(name, condition.clone());
        if before.map(|before| before.severity) != Some(severity) {
            tracing::warn!(condition = name, detail = %condition.detail, "something cannot be done");
        }
    }

    /// It can be done again.
    pub fn clear(&self, name: &'static str) {
        if self.lock().remove(name).is_some() {
            tracing::info!(condition = name, "it can be done again");
        }
    }

    /// What is said under this name from now on.
    pub fn put(&self, name: &'static str, condition: Option<(Severity, String)>) {
        match condition {
            Some((severity, detail)) => self.set(name, severity, detail),
            None => self.clear(name),
        }
    }

    /// All of them, by name.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        self.lock().values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_stands_under_its_name_until_it_is_cleared() {
        let health = Health::default();
        health.set("store", Severity::Failing, "a");
        health.put("disk", Some((Severity::Degraded, "b".to_owned())));
        health.set("disk", Severity::Failing, "c");
        let found = health.conditions();
        let found: Vec<_> = found.iter().map(|one| (one.name, one.severity, one.detail.as_str())).collect();
        assert_eq!(found, [("disk", Severity::Failing, "c"), ("store", Severity::Failing, "a")]);
        health.put("disk", None);
        health.clear("clock");
        assert_eq!(health.conditions().len(), 1);
    }
}
