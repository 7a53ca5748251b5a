//! State that is kept in memory in step with the writer's transactions.

use crate::error::StoreError;
use crate::tx::Tx;

/// A cache of what commands change, kept until the end of a batch. The tables remain authoritative.
///
/// Called by the writer only, in this order for each batch: [`begin`](Self::begin) before each command,
/// [`undo`](Self::undo) after a command that failed, then [`flush`](Self::flush) and
/// [`committed`](Self::committed), or [`clear`](Self::clear) if the batch was rolled back.
pub trait Resident: Send + Sync {
    /// A command begins, inside a savepoint.
    fn begin(&self);
    /// The command failed and its savepoint was rolled back. Returns false if the change in memory cannot be
    /// undone; the whole batch then fails.
    fn undo(&self) -> bool;
    /// Writes pending state in the batch's transaction. Periodic work is done if `due`, or earlier; returns
    /// whether it was done.
    ///
    /// # Errors
    /// The batch fails.
    fn flush(&self, tx: &mut dyn Tx, due: bool) -> Result<bool, StoreError>;
    /// The transaction was committed.
    fn committed(&self);
    /// The transaction was rolled back. The state in memory must be discarded.
    fn clear(&self);
    /// The database was abandoned and nothing will be committed any more. The last durable state is that of
    /// the last [`committed`](Self::committed).
    fn abandoned(&self);
    /// Whether periodic work is pending, so that the writer must wake up without a command.
    fn waits(&self) -> bool;
}

/// Keeps no state.
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

    fn abandoned(&self) {}

    fn waits(&self) -> bool {
        false
    }
}
