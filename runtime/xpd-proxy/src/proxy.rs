//! Performs claimed actions and records their ends.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::RwLock as Gate;
use tokio::task::JoinSet;
use xp_scope::Value;
use xpd_store::Store;

use crate::authority::Authority;
use crate::connector::Connector;
use crate::ending::{Answer, Ending};
use crate::failure::ActError;
use crate::fault::Fault;
use crate::flights::Flights;
use crate::hooks::{CrashAt, Hooks};
use crate::line::{Lines, Watch};
use crate::permit::{Permit, Sought, Spent, Won};
use crate::scrub::Scrubber;

/// Upper bound on the duration of an action. After it the action is in doubt.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// Upper bound on the duration of a probe.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// Interval between attempts to record an end.
const AGAIN: Duration = Duration::from_secs(2);

/// The connectors in use, and the secrets to scrub.
pub(crate) struct Equipment {
    pub connectors: BTreeMap<String, Arc<dyn Connector>>,
    pub scrubber: Scrubber,
}

/// The proxy.
pub struct Proxy<A> {
    pub(crate) authority: Arc<A>,
    pub(crate) store: Arc<Store>,
    equipment: RwLock<Arc<Equipment>>,
    pub(crate) hooks: Hooks,
    pub(crate) grace: Duration,
    pub(crate) flights: Flights,
    pub(crate) lines: Lines,
    /// Held by each running action, in read mode.
    pub(crate) acts: Arc<Gate<()>>,
}

impl<A: Authority> Proxy<A> {
    /// A proxy over connectors by instance name. `grace` is how long a request sent before may still take
    /// effect after a negative probe.
    #[must_use]
    pub fn new(
        authority: Arc<A>,
        store: Arc<Store>,
        connectors: BTreeMap<String, Arc<dyn Connector>>,
        scrubber: Scrubber,
        hooks: Hooks,
        grace: Duration,
    ) -> Self {
        let (flights, lines) = (Flights::default(), Lines::default());
        let equipment = RwLock::new(Arc::new(Equipment { connectors, scrubber }));
        Self { authority, store, equipment, hooks, grace, flights, lines, acts: Arc::default() }
    }

    /// Replaces connectors and scrubber for actions that start from now on. Running actions keep the old
    /// connectors, so the new scrubber must still know their secrets.
    pub fn exchange(&self, connectors: BTreeMap<String, Arc<dyn Connector>>, scrubber: Scrubber) {
        let equipment = Arc::new(Equipment { connectors, scrubber });
        *self.equipment.write().unwrap_or_else(PoisonError::into_inner) = equipment;
    }

    pub(crate) fn equipment(&self) -> Arc<Equipment> {
        Arc::clone(&self.equipment.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lines of the running actions, for kills.
    #[must_use]
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Waits until no action is running.
    pub async fn idle(&self) {
        drop(self.acts.write().await);
    }

    pub(crate) async fn act(&self, won: Won) -> Result<Answer, Fault> {
        let (instance, permit, spent) = match won.hand_over() {
            Ok(all) => all,
            Err(spent) => {
                let reason = "the arguments are not those that were granted".to_owned();
                return self.end(spent, Ending::Failed { returned: true, reason, status: None }).await;
            }
        };
        let done = self.perform(&instance, permit).await;
        self.hooks.reach(CrashAt::AfterEffect);
        self.end(spent, self.ending(done)).await
    }

    /// Records the end of an action. While the store fails temporarily, the record is retried in the
    /// background; the caller gets the first error.
    async fn end(&self, spent: Spent, ending: Ending) -> Result<Answer, Fault> {
        let first = record(&self.authority, &self.store, &spent, &ending).await;
        if waits(&first) {
            let (authority, store) = (Arc::downgrade(&self.authority), Arc::downgrade(&self.store));
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(AGAIN).await;
                    let (Some(authority), Some(store)) = (authority.upgrade(), store.upgrade()) else {
                        return;
                    };
                    if !waits(&record(&authority, &store, &spent, &ending).await) {
                        return;
                    }
                }
            });
        }
        first
    }

    pub(crate) async fn perform(&self, instance: &str, permit: Permit) -> Result<Value, ActError> {
        let (connector, watch) = (self.connector(instance)?, permit.line().watch());
        isolated(DEADLINE, watch, async move { connector.act(permit).await }).await
    }

    pub(crate) async fn look(&self, instance: &str, sought: Sought) -> Result<Option<Value>, ActError> {
        let (connector, watch) = (self.connector(instance)?, sought.line().watch());
        isolated(LOOK, watch, async move { connector.probe(&sought).await }).await
    }

    fn connector(&self, instance: &str) -> Result<Arc<dyn Connector>, ActError> {
        let found = self.equipment().connectors.get(instance).map(Arc::clone);
        found.ok_or_else(|| ActError::NotSent(format!("there is no connector `{instance}`")))
    }

    fn ending(&self, done: Result<Value, ActError>) -> Ending {
        let equipment = self.equipment();
        match done {
            Ok(value) => Ending::Done(equipment.scrubber.value(value)),
            Err(ActError::NotSent(reason)) => {
                Ending::Failed { returned: true, reason: equipment.scrubber.text(&reason), status: None }
            }
            // Connectors report this only for a definitive answer, after which nothing was done.
            Err(ActError::Refused { status, reason }) => Ending::Failed {
                returned: true,
                reason: equipment.scrubber.text(&reason),
                status: Some(status),
            },
            Err(ActError::Stopped(reason)) => Ending::Stopped(reason),
            Err(ActError::Unknown(reason) | ActError::NotRepeated(reason)) => {
                Ending::Unknown(equipment.scrubber.text(&reason))
            }
        }
    }
}

async fn record<A: Authority>(
    authority: &Arc<A>,
    store: &Store,
    spent: &Spent,
    ending: &Ending,
) -> Result<Answer, Fault> {
    let (authority, spent, ending) = (Arc::clone(authority), spent.clone(), ending.clone());
    store.write_past_reserve(move |tx| authority.end(tx, &spent, ending)).await
}

/// Whether the record must be retried.
fn waits(answer: &Result<Answer, Fault>) -> bool {
    matches!(answer, Err(Fault::Store(error)) if error.may_pass())
}

/// Runs a connector in a task that is aborted when this future ends. A panic in it, or a timeout, is a doubt.
/// If the line was cut, the line determines the outcome, whatever the connector returns, and the rest of the
/// task is dropped.
async fn isolated<T: Send + 'static>(
    longest: Duration,
    watch: Watch,
    work: impl Future<Output = Result<T, ActError>> + Send + 'static,
) -> Result<T, ActError> {
    let mut task = JoinSet::new();
    task.spawn(work);
    let ended = tokio::select! {
        biased;
        done = tokio::time::timeout(longest, task.join_next()) => match done {
            Ok(Some(Ok(done))) => done,
            Ok(_) => Err(ActError::Unknown("the connector failed inside".to_owned())),
            Err(_) => Err(ActError::Unknown("the connector did not come back".to_owned())),
        },
        () = watch.is_cut() => Err(ActError::Unknown("stopped".to_owned())),
    };
    ended.map_err(|error| watch.ended().unwrap_or(error))
}
