//! A command on its way through the writer.

use tokio::sync::oneshot;

use crate::error::{CommandError, StoreError};
use crate::tx::Tx;

/// What a back end runs in a transaction.
pub trait Job: Send {
    /// Does it, inside a savepoint. False rolls it back.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;
    /// Answers, after the commit or the failure of the batch.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// A closure with its answer.
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
            // That the disk is full says more than what a statement in the middle of it said.
            (Some(full @ StoreError::Full(_)), Some(Err(own))) if own.storage().is_some() => Err(full.into()),
            // Else what a command itself says is wrong with it says more than that its batch failed.
            (_, Some(Err(own))) => Err(own),
            (Some(failure), _) => Err(failure.into()),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(StoreError::Closed.into()),
        };
        // Whoever asked may have gone; what was committed stays.
        let _ = self.send.send(outcome);
    }
}
