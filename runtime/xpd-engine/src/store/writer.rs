//! The one writer: a thread that commits many commands with one fsync and answers after it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::cache::Cache;
use super::edge::Log;
use super::error::StoreError;
use super::tx::{Flags, Tx};
use crate::clock::Clock;

/// Commands in one commit.
const MAX_BATCH: usize = 256;
/// A checkpoint is signed at the latest after this time.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// A command on its way through the writer.
pub(super) trait Job: Send {
    /// Does it, inside a savepoint. False rolls it back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers, after the commit or the failure.
    fn answer(self: Box<Self>, failure: Option<StoreError>);
}

/// A closure with its answer.
pub(super) struct Command<F, T, E> {
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
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = work(tx);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, failure: Option<StoreError>) {
        let outcome = match (failure, self.outcome) {
            // What a command itself says is wrong with it says more than that its batch failed.
            (_, Some(Err(own))) => Err(own),
            (Some(failure), _) => Err(failure.into()),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(StoreError::Closed.into()),
        };
        // Whoever asked may have gone; what was committed stays.
        let _ = self.send.send(outcome);
    }
}

/// The writer's own state.
pub(super) struct Writer {
    pub conn: Connection,
    pub clock: Arc<dyn Clock>,
    pub log: Log,
    pub cache: Cache,
    /// Latest time given out.
    pub last: u64,
}

impl Writer {
    /// Runs until every sender is gone.
    pub fn run(mut self, jobs: &Receiver<Box<dyn Job>>) {
        let mut checkpointed = Instant::now();
        loop {
            let due = CHECKPOINT_EVERY.saturating_sub(checkpointed.elapsed());
            let wait = if self.log.unsigned() == 0 { Duration::from_secs(3_600) } else { due };
            let first = match jobs.recv_timeout(wait) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut batch: Vec<Box<dyn Job>> = first.into_iter().collect();
            while batch.len() < MAX_BATCH {
                let Ok(job) = jobs.try_recv() else { break };
                batch.push(job);
            }
            let timely = checkpointed.elapsed() >= CHECKPOINT_EVERY;
            if self.commit(batch, timely) {
                checkpointed = Instant::now();
            }
        }
        self.commit(Vec::new(), true);
    }

    /// One transaction. True if a checkpoint was signed (or its failure should not be tried again at once).
    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>, timely: bool) -> bool {
        let mut done = Vec::with_capacity(batch.len());
        let (failure, signed) = match self.attempt(&mut batch, &mut done, timely) {
            Ok(signed) => (None, signed),
            Err(failure) => {
                tracing::error!(%failure, "a commit failed; nothing of it is acknowledged");
                let _ = self.conn.execute_batch("ROLLBACK");
                self.cache.clear();
                if let Err(error) = self.log.reload(&self.conn) {
                    tracing::error!(%error, "the log's edge cannot be read");
                }
                (Some(failure), timely)
            }
        };
        for job in done.into_iter().chain(batch) {
            job.answer(failure.clone());
        }
        signed
    }

    fn attempt(
        &mut self,
        batch: &mut Vec<Box<dyn Job>>,
        done: &mut Vec<Box<dyn Job>>,
        timely: bool,
    ) -> Result<bool, StoreError> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        let mut flags = Flags::default();
        // What is not reached when one fails must still be answered: it stays in the batch.
        while !batch.is_empty() {
            let mut job = batch.remove(0);
            let mark = self.log.mark();
            self.conn.execute_batch("SAVEPOINT job")?;
            self.last = self.last.max(self.clock.now());
            let mut tx = Tx {
                conn: &self.conn,
                now: self.last,
                log: &mut self.log,
                cache: &mut self.cache,
                flags: &mut flags,
                touched: false,
            };
            let keep = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(false);
            let touched = tx.touched;
            done.push(job);
            if self.conn.is_autocommit() {
                return Err(StoreError::Full("the transaction was rolled back".to_owned()));
            }
            if keep {
                self.conn.execute_batch("RELEASE job")?;
            } else if touched {
                // Its state is ahead of the table and cannot be told from that of its neighbours.
                return Err(StoreError::Full("a command failed half way".to_owned()));
            } else {
                self.conn.execute_batch("ROLLBACK TO job; RELEASE job")?;
                self.log.rewind(mark);
            }
        }
        self.cache.flush(&self.conn)?;
        self.log.flush(&self.conn)?;
        let wanted = flags.checkpoint || self.log.full() || timely && self.log.unsigned() > 0;
        if wanted {
            self.log.checkpoint(&self.conn, self.last)?;
        }
        if flags.crash {
            std::process::abort();
        }
        self.conn.execute_batch("COMMIT")?;
        if wanted {
            self.log.publish();
        }
        Ok(wanted)
    }
}
