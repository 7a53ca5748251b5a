//! Repeats that are under way: one of a doubt at a time, and nobody says how it ended meanwhile.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The repeats under way in this process; another one's ended with it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<HashSet<String>>>);

/// A repeat under way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Flight {
    all: Flights,
    jti: String,
}

impl Flights {
    /// Begins one, if none of this token is under way.
    pub fn begin(&self, jti: &str) -> Option<Flight> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(jti.to_owned());
        new.then(|| Flight { all: self.clone(), jti: jti.to_owned() })
    }

    /// Whether one of this token is under way.
    pub fn has(&self, jti: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(jti)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.jti);
    }
}
