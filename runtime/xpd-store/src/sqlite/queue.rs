//! Jobs on their way to the writer: those that stop things go first, and nobody who fills the queue keeps them out.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::StoreError;
use crate::job::Job;

/// Jobs of either kind that may wait; more are refused.
const MAX_WAITING: usize = 4_096;

#[derive(Default)]
struct Waiting {
    urgent: VecDeque<Box<dyn Job>>,
    usual: VecDeque<Box<dyn Job>>,
    closed: bool,
}

/// The queue of one writer.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

/// Jobs of one commit.
#[derive(Default)]
pub(super) struct Batch {
    pub jobs: VecDeque<Box<dyn Job>>,
    urgent: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job.
    pub fn push(&self, job: Box<dyn Job>, urgent: bool) -> Result<(), StoreError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        let queue = if urgent { &mut waiting.urgent } else { &mut waiting.usual };
        if queue.len() >= MAX_WAITING {
            return Err(StoreError::Busy);
        }
        queue.push_back(job);
        self.came.notify_one();
        Ok(())
    }

    /// The next jobs, so many at most, waited for; what is urgent comes with nothing else. Empty where none came in time;
    /// nothing where none will come.
    pub fn next(&self, longest: Duration, most: usize) -> Option<Batch> {
        let idle =
            |waiting: &mut Waiting| waiting.urgent.is_empty() && waiting.usual.is_empty() && !waiting.closed;
        let waited = self.came.wait_timeout_while(self.lock(), longest, idle);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let urgent = !waiting.urgent.is_empty();
        let queue = if urgent { &mut waiting.urgent } else { &mut waiting.usual };
        let taken = queue.len().min(most);
        let jobs: VecDeque<_> = queue.drain(..taken).collect();
        (!jobs.is_empty() || !waiting.closed).then_some(Batch { jobs, urgent })
    }

    /// Puts the rest of a commit back to where it came from, once something urgent waits that it would delay.
    pub fn yields(&self, batch: &mut Batch) {
        let mut waiting = self.lock();
        if !batch.urgent && !waiting.urgent.is_empty() {
            while let Some(job) = batch.jobs.pop_back() {
                waiting.usual.push_front(job);
            }
        }
    }

    /// Closes the queue when the writer ends, however it ends, and drops what waits: whoever waits for an answer hears it.
    pub fn ends_with(&self) -> impl Drop {
        Ends(self)
    }

    /// No more is taken; what waits is still given out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.came.notify_all();
    }
}

struct Ends<'q>(&'q Queue);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.close();
        let mut waiting = self.0.lock();
        waiting.urgent.clear();
        waiting.usual.clear();
    }
}
