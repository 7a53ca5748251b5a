//! The writer's queue. Urgent jobs (kills) have a queue of their own, which is served first, so ordinary jobs
//! cannot delay or displace them.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::StoreError;
use crate::job::Job;

/// Capacity of each of the two queues.
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

/// The jobs of one commit, all urgent or all ordinary.
#[derive(Default)]
pub(super) struct Batch {
    pub jobs: VecDeque<Box<dyn Job>>,
    urgent: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job, or fails if its queue is full or closed.
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

    /// Waits up to `longest` for jobs and takes up to `most`, urgent ones first and never mixed with ordinary
    /// ones. An empty batch means that the wait timed out; `None`, that the queue is closed and empty.
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

    /// Returns the remaining ordinary jobs of a batch to the queue if an urgent job is waiting.
    pub fn yields(&self, batch: &mut Batch) {
        let mut waiting = self.lock();
        if !batch.urgent && !waiting.urgent.is_empty() {
            while let Some(job) = batch.jobs.pop_back() {
                waiting.usual.push_front(job);
            }
        }
    }

    /// A guard that closes the queue when the writer ends, for whatever reason, and drops the waiting jobs,
    /// so that their callers get an error.
    pub fn ends_with(&self) -> impl Drop {
        Ends(self)
    }

    /// Refuses further jobs. Waiting jobs are still handed out.
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
