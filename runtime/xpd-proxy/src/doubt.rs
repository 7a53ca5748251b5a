//! Resolution of actions in doubt, by the class of their declaration: repeat, probe, or leave to a person.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use xp_artifact::workflow::Repeat;
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_store::{GrantRow, Phase, Read, StoreError, Tx};

use crate::authority::Authority;
use crate::ending::Answer;
use crate::failure::ActError;
use crate::fault::{self, Fault, Refused, Stop};
use crate::permit::{Held, Permit, Spent, Won};
use crate::proxy::Proxy;

/// A person's statement on an action in doubt.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// `jti` of the grant.
    pub jti: String,
    /// The result, if the action was performed.
    pub result: Option<Value>,
}

/// Interval at which doubts are looked up.
const EVERY: Duration = Duration::from_secs(2);
/// Upper bound on the interval between probes of one doubt.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// Upper bound on the interval between repeats of one action; each adds a log entry.
const MAX_REPEAT_PAUSE: Duration = Duration::from_secs(10 * 60);
/// Attempts at once per connector instance, so that an unresponsive upstream delays only its own doubts.
const AT_ONCE: usize = 2;

/// Attempts to resolve one doubt.
struct Tries {
    since: Instant,
    next: Instant,
    pause: Duration,
    task: Option<AbortHandle>,
}

/// All attempts under way.
#[derive(Default)]
struct Attempts {
    tries: HashMap<String, Tries>,
    rooms: HashMap<String, Arc<Semaphore>>,
    tasks: JoinSet<()>,
}

impl<A: Authority> Proxy<A> {
    /// Resolves doubts until told to stop. Attempts under way are then cancelled and their actions stay in
    /// doubt.
    pub async fn settle(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut attempts = Attempts::default();
        loop {
            // Without disk space nothing may begin that could not be recorded. The condition is logged where
            // it is detected.
            if self.store.has_room() {
                match self.doubts().await {
                    Ok(doubts) => self.begin(&mut attempts, doubts),
                    Err(error) => tracing::warn!(%error, "doubts cannot be read"),
                }
            }
            if tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok() {
                break;
            }
            while attempts.tasks.try_join_next().is_some() {}
        }
        attempts.tasks.shutdown().await;
    }

    /// Doubts that this process can resolve. Whether it may is checked again in a transaction before each
    /// attempt.
    async fn doubts(&self) -> Result<Vec<Held>, StoreError> {
        let authority = Arc::clone(&self.authority);
        let read = move |rows: &dyn Read| {
            let mut doubts = Vec::new();
            for grant in rows.in_doubt()? {
                let Some(warrant) = authority.warrant(rows, &grant)? else { continue };
                if warrant.repeat == Repeat::Probe && authority.stopped(rows, &grant)?.is_some() {
                    continue;
                }
                doubts.push(Held::new(grant, warrant));
            }
            doubts.retain(|doubt| doubt.repeat() != Repeat::Manual);
            Ok(doubts)
        };
        self.store.read(read).await
    }

    /// Starts the attempts that are due.
    fn begin(self: &Arc<Self>, attempts: &mut Attempts, doubts: Vec<Held>) {
        let now = Instant::now();
        attempts.tries.retain(|jti, _| doubts.iter().any(|doubt| doubt.grant().jti == *jti));
        for doubt in doubts {
            let new = Tries { since: now, next: now, pause: EVERY, task: None };
            let known = attempts.tries.entry(doubt.grant().jti.clone()).or_insert(new);
            if now < known.next || known.task.as_ref().is_some_and(|task| !task.is_finished()) {
                continue;
            }
            known.pause = match doubt.repeat() {
                Repeat::Idempotent => (known.pause * 2).min(MAX_REPEAT_PAUSE),
                Repeat::Probe | Repeat::Manual => (known.pause * 2).min(MAX_PAUSE).min(self.grace.max(EVERY)),
            };
            known.next = now + known.pause;
            // A request sent before may still arrive, so a negative probe counts only after the grace period.
            let settled = now.duration_since(known.since) >= self.grace;
            let room = attempts.rooms.entry(doubt.grant().instance.clone());
            let room = Arc::clone(room.or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))));
            let own = Arc::clone(self);
            known.task = Some(attempts.tasks.spawn(async move {
                let Ok(_room) = room.acquire().await else { return };
                let jti = doubt.grant().jti.clone();
                if let Err(fault) = own.attempt(doubt, settled).await {
                    tracing::warn!(jti, ?fault, "a doubt could not be resolved");
                }
            }));
        }
    }

    async fn attempt(&self, doubt: Held, settled: bool) -> Result<(), Fault> {
        if !self.equipment().connectors.contains_key(&doubt.grant().instance) {
            return Ok(());
        }
        match doubt.repeat() {
            Repeat::Manual => Ok(()),
            Repeat::Probe => self.seek(doubt, settled).await,
            Repeat::Idempotent => match self.repeat(doubt.grant().jti.clone()).await?.map(Won::hand_over) {
                Some(Ok((instance, permit, spent))) => self.again(&instance, permit, spent).await,
                Some(Err(_)) | None => Ok(()),
            },
        }
    }

    /// Asks to repeat an action in doubt. The checks are those of a claim, and the repeat is recorded before
    /// anything is sent. An action that may never be repeated is left to a person.
    async fn repeat(&self, jti: String) -> Result<Option<Won>, Fault> {
        let Some(flight) = self.flights.begin(&jti) else { return Ok(None) };
        let (authority, lines) = (Arc::clone(&self.authority), self.lines.clone());
        self.store
            .write(move |tx| {
                let Some(grant) = doubted(tx, &jti)? else { return Ok(None) };
                if tx.left_to_person(&jti)? {
                    return Ok(None);
                }
                let Some(warrant) = authority.warrant(tx.rows(), &grant)? else { return Ok(None) };
                let held = Held::new(grant, warrant);
                let forbidden = match authority.forbids_repeat(tx, held.grant())? {
                    None if held.repeat() != Repeat::Idempotent || !held.fits() => Some(Refused::new(
                        RefusalCode::WrongArguments,
                        "not repeated: it is not what was granted",
                    )),
                    other => other,
                };
                if let Some(refused) = forbidden {
                    authority.leave_to_person(tx, held.grant(), &refused)?;
                    return Ok(None);
                }
                authority.repeats(tx, held.grant())?;
                Ok(Some(Won::again(held, flight, &lines)))
            })
            .await
    }

    async fn again(&self, instance: &str, permit: Permit, spent: Spent) -> Result<(), Fault> {
        match self.perform(instance, permit).await {
            Ok(value) => self.found(spent, Some(value)).await,
            // The refusal of a repeat says nothing about the first attempt, and further repeats would be
            // refused alike.
            Err(ActError::Refused { status, reason }) => {
                let reason = format!(
                    "repeated and refused (status {status}): {}",
                    self.equipment().scrubber.text(&reason)
                );
                self.leave(spent, Refused::new(RefusalCode::ConnectorRefused, reason)).await
            }
            Err(ActError::NotRepeated(reason)) => {
                let reason = format!("not repeated: {}", self.equipment().scrubber.text(&reason));
                self.leave(spent, Refused::new(RefusalCode::InDoubt, reason)).await
            }
            Err(ActError::NotSent(_) | ActError::Stopped(_) | ActError::Unknown(_)) => Ok(()),
        }
    }

    async fn seek(&self, doubt: Held, settled: bool) -> Result<(), Fault> {
        let (grant, authority) = (doubt.grant().clone(), Arc::clone(&self.authority));
        let Some((instance, sought, spent)) = doubt.seek(&self.lines) else { return Ok(()) };
        // The line was opened before this read, so a kill committed later will find it.
        if self.store.read(move |rows| authority.stopped(rows, &grant)).await?.is_some() {
            return Ok(());
        }
        match self.look(&instance, sought).await {
            Ok(Some(value)) => self.found(spent, Some(value)).await,
            Ok(None) if settled => self.found(spent, None).await,
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Records the outcome, unless the doubt was resolved meanwhile.
    async fn found(&self, spent: Spent, value: Option<Value>) -> Result<(), Fault> {
        let value = value.map(|value| self.equipment().scrubber.value(value));
        let (authority, found) = (Arc::clone(&self.authority), spent.clone());
        let resolved = fault::write(&self.store, move |tx| match doubted(tx, found.jti())? {
            Some(grant) => authority.resolve(tx, &grant, value, None).map(Some),
            None => Ok(None),
        });
        match resolved.await {
            // The result does not have the declared type, so a person must decide.
            Err(Fault::Refused(refused)) => self.leave(spent, refused).await,
            other => other.map(drop),
        }
    }

    async fn leave(&self, spent: Spent, why: Refused) -> Result<(), Fault> {
        let authority = Arc::clone(&self.authority);
        self.store
            .write(move |tx| match doubted(tx, spent.jti())? {
                Some(grant) => authority.leave_to_person(tx, &grant, &why),
                None => Ok(()),
            })
            .await
    }

    /// Resolves a doubt by a person's statement.
    ///
    /// # Errors
    /// The action is not in doubt or is being repeated, or the result does not have the declared type.
    pub async fn resolve(&self, caller: A::Caller, word: Resolution) -> Result<Answer, Fault> {
        let (authority, flights) = (Arc::clone(&self.authority), self.flights.clone());
        fault::write_past_reserve(&self.store, move |tx| {
            let by = authority.admit(tx, &caller)?;
            let grant = doubted(tx, &word.jti)?.ok_or_else(|| Fault::unknown("action in doubt"))?;
            if flights.has(&grant.jti) {
                let reason = "it is being repeated; ask again when that ended";
                return Err(Stop::from(Refused::new(RefusalCode::InFlight, reason)));
            }
            authority.resolve(tx, &grant, word.result, Some(&by))
        })
        .await
    }
}

/// The grant, if it is in doubt.
fn doubted(tx: &dyn Tx, jti: &str) -> Result<Option<GrantRow>, StoreError> {
    Ok(tx.grant(jti)?.filter(|grant| grant.phase == Phase::InDoubt))
}
