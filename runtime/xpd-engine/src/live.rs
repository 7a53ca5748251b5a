//! The rules in force, which can be replaced while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use crate::rules::Rules;

/// The rules in force.
#[derive(Debug)]
pub(crate) struct Live(RwLock<Arc<Rules>>);

impl Live {
    pub fn new(rules: Arc<Rules>) -> Self {
        Self(RwLock::new(rules))
    }

    /// The current rules. A decision reads them inside its transaction, so it sees every replacement that was
    /// committed before.
    pub fn now(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the rules and returns the previous ones.
    pub fn put(&self, rules: Arc<Rules>) -> Arc<Rules> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), rules)
    }
}
