//! The lock of a data folder.

use std::fs::File;
use std::path::Path;

use crate::error::StoreError;

/// Held while a server works in a folder.
///
/// An advisory lock belongs to the open file and not to the descriptor. A child process holds a copy of every descriptor
/// from `fork` until `exec` closes it, so closing ours does not release the lock while some other thread is starting a
/// program. Unlocking does, for every copy.
pub(super) struct Lock(File);

impl Lock {
    /// Takes it, or says that somebody else has it.
    pub fn take(folder: &Path) -> Result<Self, StoreError> {
        let file = File::create(folder.join("lock")).map_err(StoreError::broken)?;
        file.try_lock().map_err(|_| StoreError::InUse)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Whether a server works in a folder.
#[must_use]
pub fn is_taken(folder: &Path) -> bool {
    let Ok(lock) = File::open(folder.join("lock")) else { return false };
    let taken = lock.try_lock_shared().is_err();
    let _ = lock.unlock();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_that_a_child_inherited_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(is_taken(folder.path()));
        assert_eq!(Lock::take(folder.path()).err(), Some(StoreError::InUse));
        // What fork gives a child: another descriptor of the same open file.
        let inherited = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(!is_taken(folder.path()));
        let again = Lock::take(folder.path());
        assert!(again.is_ok(), "{:?}", again.err());
        drop(inherited);
    }
}
