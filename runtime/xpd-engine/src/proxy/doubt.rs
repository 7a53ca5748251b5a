//! Actions whose end nobody saw, resolved by the class of their declaration: repeat, look, or leave to a person.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use xp_artifact::workflow::Repeat;
use xp_scope::Value;

use super::Proxy;
use crate::fault::{Fault, Refused};
use crate::orchestrator::{Doubt, Order, Sought, Spent};
use crate::store::StoreError;
use xpd_proxy::ActError;

/// How often doubts are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// Longest pause between two looks for one doubt.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Longest pause between two repeats: each is an entry of the log.
const MAX_REPEAT_PAUSE: Duration = Duration::from_secs(10 * 60);
/// Doubts tried at once at one connector instance: an upstream that hangs keeps only its own waiting.
const AT_ONCE: usize = 2;

/// Tries of one doubt.
struct Tries {
    since: Instant,
    next: Instant,
    pause: Duration,
    task: Option<AbortHandle>,
}

/// The tries under way.
#[derive(Default)]
struct Attempts {
    tries: HashMap<String, Tries>,
    rooms: HashMap<String, Arc<Semaphore>>,
    tasks: JoinSet<()>,
}

impl Proxy {
    /// Drops tokens that ran out, until it is told to stop. Waits for no upstream.
    pub async fn sweep(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            if let Err(fault) = self.orchestrator.sweep().await {
                tracing::warn!(?fault, "sweeping failed");
            }
            if stopped(&mut stop).await {
                return;
            }
        }
    }

    /// Resolves doubts, until it is told to stop; what is under way then stays in doubt.
    pub async fn settle(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut attempts = Attempts::default();
        loop {
            match self.orchestrator.doubts().await {
                Ok(doubts) => self.begin(&mut attempts, doubts),
                // Without room nothing is begun, and that was said where it was noticed.
                Err(Fault::Store(StoreError::Full(_))) => {}
                Err(fault) => tracing::warn!(?fault, "doubts cannot be read"),
            }
            if stopped(&mut stop).await {
                break;
            }
            while attempts.tasks.try_join_next().is_some() {}
        }
        attempts.tasks.shutdown().await;
    }

    /// Begins the tries that are due.
    fn begin(self: &Arc<Self>, attempts: &mut Attempts, doubts: Vec<Doubt>) {
        let now = Instant::now();
        attempts.tries.retain(|jti, _| doubts.iter().any(|doubt| doubt.jti() == jti));
        for doubt in doubts {
            let new = Tries { since: now, next: now, pause: EVERY, task: None };
            let known = attempts.tries.entry(doubt.jti().to_owned()).or_insert(new);
            if now < known.next || known.task.as_ref().is_some_and(|task| !task.is_finished()) {
                continue;
            }
            known.pause = match doubt.repeat() {
                Repeat::Idempotent => (known.pause * 2).min(MAX_REPEAT_PAUSE),
                Repeat::Probe | Repeat::Manual => (known.pause * 2).min(MAX_PAUSE).min(self.grace.max(EVERY)),
            };
            known.next = now + known.pause;
            // Whoever sent it has ended, but what was sent may still arrive: only a second look counts as a no.
            let settled = now.duration_since(known.since) >= self.grace;
            let room = attempts.rooms.entry(doubt.instance().to_owned());
            let room = Arc::clone(room.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))));
            let own = Arc::clone(self);
            known.task = Some(attempts.tasks.spawn(async move {
                let Ok(_room) = room.acquire().await else { return };
                let jti = doubt.jti().to_owned();
                if let Err(fault) = own.attempt(doubt, settled).await {
                    tracing::warn!(jti, ?fault, "a doubt could not be resolved");
                }
            }));
        }
    }

    async fn attempt(&self, doubt: Doubt, settled: bool) -> Result<(), Fault> {
        if !self.connectors.contains_key(doubt.instance()) {
            return Ok(());
        }
        match doubt.repeat() {
            Repeat::Manual => Ok(()),
            Repeat::Probe => match doubt.seek() {
                Some((sought, spent)) => self.seek(sought, spent, settled).await,
                None => Ok(()),
            },
            Repeat::Idempotent => match self.orchestrator.repeat(doubt.jti()).await? {
                Some(permit) => match permit.spend() {
                    Ok((order, spent)) => self.again(order, spent).await,
                    Err(_) => Ok(()),
                },
                None => Ok(()),
            },
        }
    }

    async fn again(&self, order: Order, spent: Spent) -> Result<(), Fault> {
        match self.perform(&order).await {
            Ok(value) => self.found(spent, Some(value)).await,
            // It says nothing about the first time, and would say so for ever.
            Err(ActError::Refused { status, reason }) => {
                let reason =
                    format!("repeated and refused (status {status}): {}", self.scrubber.text(&reason));
                self.orchestrator.leave_to_person(spent, Refused::new("connector_refused", reason)).await
            }
            Err(ActError::NotSent(_) | ActError::Unknown(_)) => Ok(()),
        }
    }

    async fn seek(&self, sought: Sought, spent: Spent, settled: bool) -> Result<(), Fault> {
        match self.look(&sought.instance, sought.call).await {
            Ok(Some(value)) => self.found(spent, Some(value)).await,
            Ok(None) if settled => self.found(spent, None).await,
            Ok(None) | Err(_) => Ok(()),
        }
    }

    async fn found(&self, spent: Spent, value: Option<Value>) -> Result<(), Fault> {
        let value = value.map(|value| self.scrubber.value(value));
        match self.orchestrator.resolved(spent.clone(), value).await {
            // What came back is not what was declared: a person must look.
            Err(Fault::Refused(refused)) => self.orchestrator.leave_to_person(spent, refused).await,
            other => other.map(drop),
        }
    }
}

/// Waits a little. True if it is over.
async fn stopped(stop: &mut watch::Receiver<bool>) -> bool {
    tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok()
}
