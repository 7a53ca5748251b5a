//! What stays in memory beside the writer, in step with its transactions.

use crate::error::StoreError;
use crate::tx::Tx;

/// An object that holds what commands leave in memory until the end of a batch. The tables stay the truth.
///
/// Called by the writer alone, in this order for each batch: [`begin`](Self::begin) before each command,
/// [`undo`](Self::undo) after one that failed, then [`flush`](Self::flush) and [`committed`](Self::committed), or
/// [`clear`](Self::clear) where the batch came to nothing.
pub trait Resident: Send + Sync {
    /// A command begins, inside a savepoint.
    fn begin(&self);
    /// The command failed and its savepoint is rolled back. False if memory cannot follow: then the whole batch fails.
    fn undo(&self) -> bool;
    /// Writes what is in memory only, in the batch's transaction. True if periodic work was done, which `due` asks for.
    ///
    /// # Errors
    /// The batch fails.
    fn flush(&self, tx: &mut dyn Tx, due: bool) -> Result<bool, StoreError>;
    /// The transaction was committed.
    fn committed(&self);
    /// The transaction was rolled back: nothing in memory may be believed.
    fn clear(&self);
    /// The database was given up: nothing is committed any more. What was stands as it did at the last
    /// [`committed`](Self::committed).
    fn given_up(&self);
    /// Whether periodic work waits, so that the writer wakes for it without a command.
    fn waits(&self) -> bool;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoResident;

impl Resident for NoResident {
    fn begin(&self) {}

    fn undo(&self) -> bool {
        true
    }

    fn flush(&self, _: &mut dyn Tx, _: bool) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn committed(&self) {}

    fn clear(&self) {}

    fn given_up(&self) {}

    fn waits(&self) -> bool {
        false
    }
}
