//! The lock of a data folder.

use std::fs::File;
use std::path::Path;

use crate::error::StoreError;

/// Held while a server uses a folder.
///
/// An advisory lock (`flock`) belongs to the open file description, not to the descriptor. A forked child
/// holds a copy of every descriptor until `exec` closes it, so closing the descriptor here does not release
/// the lock while another thread is starting a program. Unlocking explicitly releases it for all copies.
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock, or fails with [`StoreError::InUse`].
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

/// Whether a server uses the folder.
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
    fn an_inherited_descriptor_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        assert!(is_taken(folder.path()));
        assert_eq!(Lock::take(folder.path()).err(), Some(StoreError::InUse));
        // A duplicated descriptor of the same open file description, as `fork` gives to a child.
        let inherited = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(!is_taken(folder.path()));
        let again = Lock::take(folder.path());
        assert!(again.is_ok(), "{:?}", again.err());
        drop(inherited);
    }
}
