//! The settings in force, which may be exchanged while the server works.

use std::sync::{Arc, PoisonError, RwLock};

use crate::rules::Rules;

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Live(RwLock<Arc<Rules>>);

impl Live {
    pub fn new(rules: Arc<Rules>) -> Self {
        Self(RwLock::new(rules))
    }

    /// As they are now. A decision reads them inside its transaction, so that it sees what was put in force before it.
    pub fn now(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in force: those before.
    pub fn put(&self, rules: Arc<Rules>) -> Arc<Rules> {
        std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), rules)
    }
}
