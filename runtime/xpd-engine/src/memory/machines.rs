//! Cache of the machines of deployed artifacts. Bounded, since a machine is as large as its workflow; an
//! evicted one is rebuilt from the artifact.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xp_artifact::{Envelope, Trust};
use xp_machine::Machine;
use xpd_store::{Read, StoreError};

/// Capacity of the cache.
const MAX_MACHINES: usize = 128;

/// The most recently used machines.
#[derive(Default)]
pub(crate) struct Machines(Mutex<Kept<Machine>>);

struct Kept<M> {
    by_artifact: HashMap<String, (Arc<M>, u64)>,
    /// Number of uses so far, as a clock for eviction.
    uses: u64,
    /// Whether a machine was evicted since [`Machines::dropped`] was called.
    dropped: bool,
}

impl Machines {
    fn lock(&self) -> MutexGuard<'_, Kept<Machine>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine of a deployed artifact.
    pub fn of(&self, rows: &dyn Read, artifact: &str) -> Result<Option<Arc<Machine>>, StoreError> {
        if let Some(machine) = self.lock().used(artifact) {
            return Ok(Some(machine));
        }
        let Some(bytes) = rows.artifact_bytes(artifact)? else { return Ok(None) };
        // The signature was verified at deployment.
        let (_, opened) = Envelope::open(&bytes, Trust::FormOnly).map_err(StoreError::broken)?;
        let machine = Arc::new(Machine::new(opened.workflow).map_err(StoreError::broken)?);
        self.lock().keep(artifact, &machine, MAX_MACHINES);
        Ok(Some(machine))
    }

    /// Whether a machine was evicted since the last call; objects that refer to evicted machines should be
    /// dropped too.
    pub fn dropped(&self) -> bool {
        std::mem::take(&mut self.lock().dropped)
    }

    /// Whether this machine (not only an equal one) is in the cache.
    pub fn has(&self, machine: &Arc<Machine>) -> bool {
        self.lock().by_artifact.values().any(|(kept, _)| Arc::ptr_eq(kept, machine))
    }
}

impl<M> Default for Kept<M> {
    fn default() -> Self {
        Self { by_artifact: HashMap::new(), uses: 0, dropped: false }
    }
}

impl<M> Kept<M> {
    fn used(&mut self, artifact: &str) -> Option<Arc<M>> {
        self.uses += 1;
        let (machine, last) = self.by_artifact.get_mut(artifact)?;
        *last = self.uses;
        Some(Arc::clone(machine))
    }

    fn keep(&mut self, artifact: &str, machine: &Arc<M>, most: usize) {
        self.uses += 1;
        self.by_artifact.insert(artifact.to_owned(), (Arc::clone(machine), self.uses));
        while self.by_artifact.len() > most {
            let oldest = self.by_artifact.iter().min_by_key(|(_, (_, last))| *last);
            let Some(oldest) = oldest.map(|(artifact, _)| artifact.clone()) else { return };
            self.by_artifact.remove(&oldest);
            self.dropped = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_machine_is_evicted() {
        let mut kept = Kept::default();
        for name in ["a", "b"] {
            kept.keep(name, &Arc::new(name.to_owned()), 2);
        }
        assert!(kept.used("a").is_some() && !kept.dropped);
        kept.keep("c", &Arc::new("c".to_owned()), 2);
        assert!(kept.dropped && kept.used("b").is_none());
        assert_eq!(kept.used("a").map(|machine| machine.as_str().to_owned()), Some("a".to_owned()));
        assert_eq!((kept.by_artifact.len(), kept.used("c").is_some()), (2, true));
    }
}
