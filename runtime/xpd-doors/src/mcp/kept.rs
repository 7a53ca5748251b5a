//! What is derived from a contract, kept as long as the contract is in memory. It is used with the very contract that it was derived
//! from and no other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// By the place of a contract in memory: the contract, and what is derived from it.
type Table<C, D> = HashMap<usize, (Weak<C>, Arc<D>)>;

/// Derived values by contract. Those of contracts that nobody holds any more are dropped when another is added.
pub(super) struct Kept<C, D>(Mutex<Table<C, D>>);

impl<C, D> Default for Kept<C, D> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C, D> Kept<C, D> {
    fn lock(&self) -> MutexGuard<'_, Table<C, D>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is derived from a contract, which is done once.
    pub fn of(&self, contract: &Arc<C>, derive: impl FnOnce(&C) -> D) -> Arc<D> {
        // A place in memory may be used again, so the contract itself is compared.
        let place = Arc::as_ptr(contract).addr();
        let same = |kept: &Weak<C>| kept.upgrade().is_some_and(|kept| Arc::ptr_eq(&kept, contract));
        if let Some((_, derived)) = self.lock().get(&place).filter(|(kept, _)| same(kept)) {
            return Arc::clone(derived);
        }
        // Without the lock, since it may take long. If two derive at once, the values are equal.
        let derived = Arc::new(derive(contract));
        let mut kept = self.lock();
        kept.retain(|_, (contract, _)| contract.strong_count() > 0);
        kept.insert(place, (Arc::downgrade(contract), Arc::clone(&derived)));
        derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_is_derived_from_once_and_forgotten_with_it() {
        let kept: Kept<String, usize> = Kept::default();
        let mut derived = 0;
        let mut length = |contract: &Arc<String>| {
            *kept.of(contract, |contract| {
                derived += 1;
                contract.len()
            })
        };
        let (one, other) = (Arc::new("one".to_owned()), Arc::new("other".to_owned()));
        assert_eq!([length(&one), length(&other), length(&one), length(&other)], [3, 5, 3, 5]);
        // An equal contract is another one.
        assert_eq!(length(&Arc::new("one".to_owned())), 3);
        drop(one);
        assert_eq!(length(&Arc::new("third".to_owned())), 5);
        assert_eq!(derived, 4);
        assert_eq!(kept.lock().values().filter(|(contract, _)| contract.strong_count() > 0).count(), 1);
        assert_eq!(kept.lock().len(), 2);
    }
}
