//! Calls that outlive their connection. Before the claim a closed connection stops a call; after it the call goes on, and its
//! answer is kept for two minutes for one repeat of the same call.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use xp_wire::RefusalCode;

use super::refusal::Done;
use crate::api::problem::Problem;

/// How long an answer that could not be delivered is kept.
const KEPT: Duration = Duration::from_secs(120);
/// Answers that are kept at once. Further ones are in the record alone.
const MAX: usize = 4_096;

const OPEN: u8 = 0;
const LEFT: u8 = 1;
const CLAIMING: u8 = 2;

/// Decides between the connection that closes and the call that claims.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<AtomicU8>);

impl Gate {
    fn goes(&self, to: u8) -> bool {
        self.0.compare_exchange(OPEN, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether the call may claim; after this a closed connection stops nothing.
    pub fn claims(&self) -> bool {
        self.goes(CLAIMING)
    }
}

/// Answers that could not be delivered.
#[derive(Default)]
pub(super) struct Undelivered(Mutex<HashMap<String, (Instant, JoinHandle<Done>)>>);

impl Undelivered {
    fn take(&self, key: &str) -> Option<JoinHandle<Done>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (since, _)| since.elapsed() < KEPT);
        kept.remove(key).map(|(_, task)| task)
    }

    fn keep(&self, key: String, task: JoinHandle<Done>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX {
            kept.insert(key, (Instant::now(), task));
        }
    }

    /// Runs a call apart from its connection, or gives out the answer of the same call that could not be delivered.
    pub async fn run<F>(self: &Arc<Self>, key: String, work: impl FnOnce(Gate) -> F) -> Done
    where
        F: Future<Output = Done> + Send + 'static,
    {
        let gate = Gate::default();
        let task = match self.take(&key) {
            Some(task) => {
                gate.goes(CLAIMING);
                task
            }
            None => tokio::spawn(work(gate.clone())),
        };
        let mut connection = Connection { task: Some(task), key, gate, kept: Arc::clone(self) };
        let Some(task) = connection.task.as_mut() else { return Err(failed()) };
        let done = task.await;
        connection.task = None;
        done.unwrap_or_else(|_| Err(failed()))
    }
}

fn failed() -> Problem {
    Problem::new(RefusalCode::Internal, "the server failed inside")
}

/// The connection that waits for a call. Dropped with a task, it was closed before the answer was there.
struct Connection {
    task: Option<JoinHandle<Done>>,
    key: String,
    gate: Gate,
    kept: Arc<Undelivered>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else { return };
        if !self.gate.goes(LEFT) {
            self.kept.keep(std::mem::take(&mut self.key), task);
        }
    }
}
