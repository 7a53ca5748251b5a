//! Acts, with the secrets that only it holds, and only on a permit.

mod doubt;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::task::JoinSet;

use crate::fault::Fault;
use crate::orchestrator::{Answer, Caller, Claimed, Ending, Orchestrator, Order, Permit, Spent, Use};
use crate::store::StoreError;
use xpd_proxy::hooks::{CrashAt, Hooks};
use xpd_proxy::{ActError, Call, Connector};

use xpd_proxy::Scrubber;

/// Longest act; after it nobody knows.
const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// Longest look.
const LOOK: Duration = Duration::from_secs(5 * 60);

/// Between two tries to record what happened.
const AGAIN: Duration = Duration::from_secs(2);

/// The proxy.
pub struct Proxy {
    orchestrator: Arc<Orchestrator>,
    connectors: BTreeMap<String, Arc<dyn Connector>>,
    scrubber: Scrubber,
    hooks: Hooks,
    grace: Duration,
    /// Held by each action under way, to read.
    acts: Arc<RwLock<()>>,
}

impl Proxy {
    /// Over connectors by instance name. `grace` is how long an action that was not found may still arrive.
    #[must_use]
    pub fn new(
        orchestrator: Arc<Orchestrator>,
        connectors: BTreeMap<String, Arc<dyn Connector>>,
        scrubber: Scrubber,
        hooks: Hooks,
        grace: Duration,
    ) -> Self {
        Self { orchestrator, connectors, scrubber, hooks, grace, acts: Arc::default() }
    }

    /// Claims, acts, records. Goes on whether or not the asker stays.
    ///
    /// # Errors
    /// The claim is refused, or the store cannot.
    pub async fn carry_out(self: &Arc<Self>, caller: Caller, using: Use) -> Result<Answer, Fault> {
        let own = Arc::clone(self);
        let under_way = Arc::clone(&self.acts).read_owned().await;
        let whole = tokio::spawn(async move {
            let _under_way = under_way;
            match own.orchestrator.claim(caller, using).await? {
                Claimed::Before(answer) => Ok(answer),
                Claimed::Won(permit) => own.act(*permit).await,
            }
        });
        whole.await.map_err(|_| Fault::Store(StoreError::Closed))?
    }

    /// Waits until no action is under way.
    pub async fn idle(&self) {
        drop(self.acts.write().await);
    }

    /// Consumes the permit.
    async fn act(&self, permit: Permit) -> Result<Answer, Fault> {
        let (order, spent) = match permit.spend() {
            Ok(both) => both,
            Err(spent) => {
                let reason = "the arguments are not those that were granted".to_owned();
                let ending = Ending::Failed { returned: true, reason, status: None };
                return self.orchestrator.end(spent, ending).await;
            }
        };
        let done = self.perform(&order).await;
        self.hooks.reach(CrashAt::AfterEffect);
        self.end(spent, self.ending(done)).await
    }

    /// What happened must be recorded: while the store cannot, it is tried again, whoever asked knows that it failed.
    async fn end(&self, spent: Spent, ending: Ending) -> Result<Answer, Fault> {
        let first = self.orchestrator.end(spent.clone(), ending.clone()).await;
        if matches!(first, Err(Fault::Store(StoreError::Full(_) | StoreError::Busy))) {
            let orchestrator = Arc::downgrade(&self.orchestrator);
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(AGAIN).await;
                    let Some(orchestrator) = orchestrator.upgrade() else { return };
                    match orchestrator.end(spent.clone(), ending.clone()).await {
                        Err(Fault::Store(StoreError::Full(_) | StoreError::Busy)) => {}
                        _ => return,
                    }
                }
            });
        }
        first
    }

    async fn perform(&self, order: &Order) -> Result<xp_scope::Value, ActError> {
        let Some(connector) = self.connectors.get(&order.instance).map(Arc::clone) else {
            return Err(ActError::NotSent(format!("there is no connector `{}`", order.instance)));
        };
        let call = order.call.clone();
        apart(DEADLINE, async move { connector.act(&call).await }).await
    }

    async fn look(&self, instance: &str, call: Call) -> Result<Option<xp_scope::Value>, ActError> {
        let Some(connector) = self.connectors.get(instance).map(Arc::clone) else {
            return Err(ActError::NotSent(format!("there is no connector `{instance}`")));
        };
        apart(LOOK, async move { connector.probe(&call).await }).await
    }

    fn ending(&self, done: Result<xp_scope::Value, ActError>) -> Ending {
        match done {
            Ok(value) => Ending::Done(self.scrubber.value(value)),
            Err(ActError::NotSent(reason)) => {
                Ending::Failed { returned: true, reason: self.scrubber.text(&reason), status: None }
            }
            // A connector says this only of an answer that is definitive: nothing was done.
            Err(ActError::Refused { status, reason }) => {
                Ending::Failed { returned: true, reason: self.scrubber.text(&reason), status: Some(status) }
            }
            Err(ActError::Unknown(reason)) => Ending::Unknown(self.scrubber.text(&reason)),
        }
    }
}

/// Runs a connector in a task of its own, which ends with the wait for it: a failure inside is a doubt, and nothing goes
/// on after its end was given up.
async fn apart<T: Send + 'static>(
    longest: Duration,
    work: impl Future<Output = Result<T, ActError>> + Send + 'static,
) -> Result<T, ActError> {
    let mut task = JoinSet::new();
    task.spawn(work);
    match tokio::time::timeout(longest, task.join_next()).await {
        Ok(Some(Ok(done))) => done,
        Ok(_) => Err(ActError::Unknown("the connector failed inside".to_owned())),
        Err(_) => Err(ActError::Unknown("the connector did not come back".to_owned())),
    }
}
