//! Health conditions. Each part of the server reports under a name of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Severity of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Some function is unavailable.
    Degraded,
    /// No agent request can be fulfilled, for a reason other than an operator's decision.
    Failing,
}

/// A function that is unavailable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The part concerned, such as `disk` or `store`.
    pub name: &'static str,
    /// Severity.
    pub severity: Severity,
    /// What is unavailable, and why. Public, so without paths and names of principals.
    pub detail: String,
}

/// The current conditions. Each change is logged in the server's log.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<&'static str, Condition>>);

impl Health {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Condition>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the condition of this name.
    pub fn set(&self, name: &'static str, severity: Severity, detail: impl Into<String>) {
        let condition = Condition { name, severity, detail: detail.into() };
        let before = self.lock().insert(name, condition.clone());
        if before.map(|before| before.severity) != Some(severity) {
            tracing::warn!(condition = name, detail = %condition.detail, "something cannot be done");
        }
    }

    /// Removes the condition of this name.
    pub fn clear(&self, name: &'static str) {
        if self.lock().remove(name).is_some() {
            tracing::info!(condition = name, "it can be done again");
        }
    }

    /// Sets or removes the condition of this name.
    pub fn put(&self, name: &'static str, condition: Option<(Severity, String)>) {
        match condition {
            Some((severity, detail)) => self.set(name, severity, detail),
            None => self.clear(name),
        }
    }

    /// All conditions, sorted by name.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        self.lock().values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_remains_until_it_is_cleared() {
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
