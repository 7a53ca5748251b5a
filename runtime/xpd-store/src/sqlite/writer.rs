//! The single writer: a thread that commits many commands with one fsync and answers them afterwards.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::custody::Watch;
use super::disk;
use super::queue::{Batch, Queue};
use super::tx::SqlTx;
use crate::clock::Clock;
use crate::error::StoreError;
use crate::job::Job;
use crate::resident::Resident;

/// Upper bound on commands per commit.
const MAX_BATCH: usize = 256;
/// Upper bound on the time between two runs of the resident's periodic work.
const PERIOD: Duration = Duration::from_millis(500);
/// Interval at which the files of the database are checked while there are no commands.
const POLL: Duration = Duration::from_secs(1);

/// State of the writer thread.
pub(super) struct Writer {
    conn: Connection,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    resident: Arc<dyn Resident>,
    watch: Watch,
    /// Set once the database was abandoned; no command is run any more.
    lost: Option<StoreError>,
    /// Set when a commit fails for lack of space, cleared when a later check finds space.
    full: Arc<AtomicBool>,
    /// Latest time given to a command.
    last: u64,
}

impl Writer {
    pub fn new(
        conn: Connection,
        folder: &Path,
        clock: Arc<dyn Clock>,
        resident: Arc<dyn Resident>,
        watch: Watch,
        full: Arc<AtomicBool>,
        last: u64,
    ) -> Self {
        Self { conn, folder: folder.to_owned(), clock, resident, watch, lost: None, full, last }
    }

    /// Runs until the queue is closed and empty.
    pub fn run(mut self, jobs: &Queue) {
        let _ends = jobs.ends_with();
        let mut worked = Instant::now();
        loop {
            let due = PERIOD.saturating_sub(worked.elapsed());
            let wait = if self.resident.waits() && self.lost.is_none() { due.min(POLL) } else { POLL };
            let Some(batch) = jobs.next(wait, MAX_BATCH) else { break };
            let due = worked.elapsed() >= PERIOD;
            if batch.jobs.is_empty() && !(due && self.resident.waits()) {
                self.look(jobs);
            } else if self.commit(batch, jobs, due) {
                worked = Instant::now();
            }
        }
        self.commit(Batch::default(), jobs, true);
    }

    /// Checks the files while there is nothing to commit.
    fn look(&mut self, jobs: &Queue) {
        if self.lost.is_none() && self.watch.before().is_err() {
            self.commit(Batch::default(), jobs, false);
        }
    }

    /// Classifies the failure of a batch. A failure that shows that the database was replaced is final.
    fn failed(&mut self, failure: StoreError) -> StoreError {
        if let StoreError::Replaced(_) = failure
            && self.lost.is_none()
        {
            let failure = self.watch.abandon(&self.conn, &failure, || self.resident.abandoned());
            tracing::error!(%failure, "nothing is acknowledged any more");
            self.lost = Some(failure.clone());
            return failure;
        }
        let failure = disk::explain(failure, &self.folder);
        if let StoreError::Full(_) = failure {
            self.full.store(true, Ordering::Release);
        }
        if self.lost.is_none() {
            tracing::error!(%failure, "a commit failed; nothing of it is acknowledged");
            let _ = self.watch.settle();
        }
        failure
    }

    /// Runs one transaction. Returns true if periodic work was done, or failed and should wait for its next
    /// period.
    fn commit(&mut self, mut batch: Batch, jobs: &Queue, due: bool) -> bool {
        let mut done = Vec::with_capacity(batch.jobs.len());
        let (failure, worked) = match self.attempt(&mut batch, &mut done, jobs, due) {
            Ok(worked) => (None, worked),
            Err(failure) => {
                let _ = self.conn.execute_batch("ROLLBACK");
                self.resident.clear();
                (Some(self.failed(failure)), due)
            }
        };
        for job in done.into_iter().chain(batch.jobs) {
            job.answer(failure.clone());
        }
        worked
    }

    fn attempt(
        &mut self,
        batch: &mut Batch,
        done: &mut Vec<Box<dyn Job>>,
        jobs: &Queue,
        due: bool,
    ) -> Result<bool, StoreError> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        self.watch.before()?;
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        self.watch.begun(&self.conn)?;
        // Jobs that are not reached before a failure stay in the batch, so that they are answered too.
        while let Some(mut job) = batch.jobs.pop_front() {
            self.resident.begin();
            self.conn.execute_batch("SAVEPOINT job")?;
            self.last = self.last.max(self.clock.now());
            let mut tx = SqlTx::new(&self.conn, self.last);
            let keep = catch_unwind(AssertUnwindSafe(|| job.run(&mut tx))).unwrap_or(false);
            done.push(job);
            if self.conn.is_autocommit() {
                return Err(StoreError::RolledBack("a statement ended it".to_owned()));
            }
            if keep {
                self.conn.execute_batch("RELEASE job")?;
            } else if self.resident.undo() {
                self.conn.execute_batch("ROLLBACK TO job; RELEASE job")?;
            } else {
                return Err(StoreError::Aborted);
            }
            jobs.yields(batch);
        }
        let worked = self.resident.flush(&mut SqlTx::new(&self.conn, self.last), due)?;
        self.conn.execute_batch("COMMIT")?;
        self.watch.after(&self.conn)?;
        self.resident.committed();
        Ok(worked)
    }
}
