//! Repeats under way. At most one per doubt, which cannot be resolved by a person meanwhile.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The repeats under way in this process. Those of an earlier process ended with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<HashSet<String>>>);

/// A repeat under way, until dropped.
#[derive(Debug)]
pub(crate) struct Flight {
    all: Flights,
    jti: String,
}

impl Flights {
    /// Registers a repeat, unless one of this grant is under way.
    pub fn begin(&self, jti: &str) -> Option<Flight> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(jti.to_owned());
        new.then(|| Flight { all: self.clone(), jti: jti.to_owned() })
    }

    /// Whether a repeat of this grant is under way.
    pub fn has(&self, jti: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(jti)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.jti);
    }
}
