//! Commands in the form in which the writer runs them.

use tokio::sync::oneshot;

use crate::error::{CommandError, StoreError};
use crate::tx::Tx;

/// A unit of work that the writer runs in a transaction.
pub trait Job: Send {
    /// Runs inside a savepoint, which is rolled back if this returns false.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;
    /// Delivers the answer, after the batch was committed or failed with `failure`.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// A closure with the channel for its answer.
pub(crate) struct Command<F, T, E> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    send: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Command<F, T, E> {
    pub fn new(work: F, send: oneshot::Sender<Result<T, E>>) -> Self {
        Self { work: Some(work), outcome: None, send }
    }
}

impl<F, T, E> Job for Command<F, T, E>
where
    F: FnOnce(&mut dyn Tx) -> Result<T, E> + Send,
    T: Send,
    E: CommandError,
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = work(tx);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let outcome = match (failure, self.outcome) {
            // A full disk is a more specific cause than the statement that failed because of it.
            (Some(full @ StoreError::Full(_)), Some(Err(own))) if own.storage().is_some() => Err(full.into()),
            // Otherwise the command's own error is more specific than the failure of its batch.
            (_, Some(Err(own))) => Err(own),
            (Some(failure), _) => Err(failure.into()),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(StoreError::Closed.into()),
        };
        // The caller may have gone away. What was committed stays committed.
        let _ = self.send.send(outcome);
    }
}
