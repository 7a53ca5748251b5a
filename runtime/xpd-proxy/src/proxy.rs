//! Acts on what was won, and records how it ended.

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

/// Longest act; after it nobody knows.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// Longest look.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// Between two tries to record what happened.
const AGAIN: Duration = Duration::from_secs(2);

/// What the proxy acts with.
pub(crate) struct Hands {
    pub connectors: BTreeMap<String, Arc<dyn Connector>>,
    pub scrubber: Scrubber,
}

/// The proxy.
pub struct Proxy<A> {
    pub(crate) authority: Arc<A>,
    pub(crate) store: Arc<Store>,
    hands: RwLock<Arc<Hands>>,
    pub(crate) hooks: Hooks,
    pub(crate) grace: Duration,
    pub(crate) flights: Flights,
    pub(crate) lines: Lines,
    /// Held by each action under way, to read.
    pub(crate) acts: Arc<Gate<()>>,
}

impl<A: Authority> Proxy<A> {
    /// Over connectors by instance name. `grace` is how long an action that was not found may still arrive.
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
        let hands = RwLock::new(Arc::new(Hands { connectors, scrubber }));
        Self { authority, store, hands, hooks, grace, flights, lines, acts: Arc::default() }
    }

    /// Exchanges connectors and what is scrubbed, for every action that starts from here on. What is under way goes on with
    /// what it began with, so the scrubber must still know the secrets of before.
    pub fn exchange(&self, connectors: BTreeMap<String, Arc<dyn Connector>>, scrubber: Scrubber) {
        let hands = Arc::new(Hands { connectors, scrubber });
        *self.hands.write().unwrap_or_else(PoisonError::into_inner) = hands;
    }

    pub(crate) fn hands(&self) -> Arc<Hands> {
        Arc::clone(&self.hands.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The lines of the actions under way, for whoever stops them.
    #[must_use]
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Waits until no action is under way.
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

    /// What happened must be recorded: while the store cannot, it is tried again, whoever asked knows that it failed.
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
        apart(DEADLINE, watch, async move { connector.act(permit).await }).await
    }

    pub(crate) async fn look(&self, instance: &str, sought: Sought) -> Result<Option<Value>, ActError> {
        let (connector, watch) = (self.connector(instance)?, sought.line().watch());
        apart(LOOK, watch, async move { connector.probe(&sought).await }).await
    }

    fn connector(&self, instance: &str) -> Result<Arc<dyn Connector>, ActError> {
        let found = self.hands().connectors.get(instance).map(Arc::clone);
        found.ok_or_else(|| ActError::NotSent(format!("there is no connector `{instance}`")))
    }

    fn ending(&self, done: Result<Value, ActError>) -> Ending {
        let hands = self.hands();
        match done {
            Ok(value) => Ending::Done(hands.scrubber.value(value)),
            Err(ActError::NotSent(reason)) => {
                Ending::Failed { returned: true, reason: hands.scrubber.text(&reason), status: None }
            }
            // A connector says this only of an answer that is definitive: nothing was done.
            Err(ActError::Refused { status, reason }) => {
                Ending::Failed { returned: true, reason: hands.scrubber.text(&reason), status: Some(status) }
            }
            Err(ActError::Stopped(reason)) => Ending::Stopped(reason),
            Err(ActError::Unknown(reason)) => Ending::Unknown(hands.scrubber.text(&reason)),
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
    store.insist(move |tx| authority.end(tx, &spent, ending)).await
}

/// Whether a record must be tried again.
fn waits(answer: &Result<Answer, Fault>) -> bool {
    matches!(answer, Err(Fault::Store(error)) if error.may_pass())
}

/// Runs a connector in a task of its own, which ends with the wait for it: a failure inside is a doubt, and nothing goes
/// on after its end was given up. Where the line was cut, it decides what is known of the end, whatever the connector made
/// of it, and the rest of the task, waits among it, is given up.
async fn apart<T: Send + 'static>(
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
