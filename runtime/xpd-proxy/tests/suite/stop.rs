//! Kills: work running on a stopped line is ended by the caller of `stop`, and no further work starts on it.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use xp_harness::Harness;
use xp_scope::Value;
use xpd_proxy::{ActError, Connector, Ending, Impact, Permit, Scrubber, Sought};
use xpd_store::{Phase, Scope};

use crate::support::asked;

/// Behaviour of the test connector.
#[derive(Clone, Copy, PartialEq)]
enum Plan {
    /// A request without effect that never completes.
    Read,
    /// A request with an effect that never completes.
    Write,
    /// A request with an effect that completes, then one without effect that never does.
    WriteThenRead,
    /// Waits for a semaphore without sending anything.
    Wait,
    /// A request that fails when stopped, followed by another one regardless.
    GoOn,
}

struct Upstream {
    plan: Plan,
    /// Number of requests started.
    begun: AtomicUsize,
    /// Number of polls of the last request.
    polls: Arc<AtomicUsize>,
    waker: Arc<Mutex<Option<Waker>>>,
    /// Held by the request that never completes; free once its future is dropped.
    held: Arc<Semaphore>,
    reached: Semaphore,
}

impl Upstream {
    async fn request(&self, permit: &Permit, impact: Impact, ends: bool) -> Result<(), ActError> {
        let held =
            Arc::clone(&self.held).try_acquire_owned().map_err(|_| ActError::NotSent("busy".to_owned()))?;
        let (polls, waker) = (Arc::clone(&self.polls), Arc::clone(&self.waker));
        self.reached.add_permits(1);
        let work = async move {
            let _held = held;
            if ends {
                return Ok(());
            }
            poll_fn(|context| {
                polls.fetch_add(1, Ordering::SeqCst);
                *waker.lock().unwrap() = Some(context.waker().clone());
                Poll::Pending
            })
            .await
        };
        let through = permit.line().through(impact, "a request", work);
        self.begun.fetch_add(1, Ordering::SeqCst);
        through.await
    }
}

#[async_trait]
impl Connector for Upstream {
    fn name(&self) -> &str {
        "upstream"
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        match self.plan {
            Plan::Read => self.request(&permit, Impact::NoEffect, false).await?,
            Plan::Write => self.request(&permit, Impact::Effect, false).await?,
            Plan::WriteThenRead => {
                self.request(&permit, Impact::Effect, true).await?;
                self.request(&permit, Impact::NoEffect, false).await?;
            }
            Plan::Wait => {
                self.reached.add_permits(1);
                pending::<()>().await;
            }
            Plan::GoOn => {
                let _ = self.request(&permit, Impact::NoEffect, false).await;
                self.request(&permit, Impact::Effect, true).await?;
            }
        }
        Ok(Value::Bool(true))
    }

    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Ok(None)
    }
}

async fn acting(plan: Plan) -> (Arc<Harness>, Arc<Upstream>, tokio::task::JoinHandle<()>) {
    let upstream = Arc::new(Upstream {
        plan,
        begun: AtomicUsize::new(0),
        polls: Arc::default(),
        waker: Arc::default(),
        held: Arc::new(Semaphore::new(1)),
        reached: Semaphore::new(0),
    });
    let connector = Arc::clone(&upstream) as Arc<dyn Connector>;
    let harness = Arc::new(Harness::new(connector, Scrubber::default()).await);
    harness.put(&harness.row("grant", &asked())).await;
    let own = Arc::clone(&harness);
    let task = tokio::spawn(async move { drop(own.claim("grant").await) });
    let requests = if plan == Plan::WriteThenRead { 2 } else { 1 };
    upstream.reached.acquire_many(requests).await.unwrap().forget();
    let begun = Instant::now();
    while plan != Plan::Wait && upstream.polls.load(Ordering::SeqCst) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it was never polled");
        tokio::task::yield_now().await;
    }
    (harness, upstream, task)
}

fn principal() -> Scope {
    Scope::Principal("tester".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_on_a_line_is_dropped_before_stop_returns() {
    for scope in [Scope::Everything, principal(), Scope::Run("run".to_owned())] {
        let (harness, upstream, task) = acting(Plan::Write).await;
        for other in [Scope::Run("other".to_owned()), Scope::Connector("tester".to_owned())] {
            assert_eq!(harness.proxy.lines().stop(&other), []);
        }
        let cut = harness.proxy.lines().stop(&scope);
        // Already dropped when `stop` returns, not only once its task notices.
        assert_eq!(upstream.held.available_permits(), 1, "it was dropped");
        let polls = upstream.polls.load(Ordering::SeqCst);
        let waker = upstream.waker.lock().unwrap().clone().unwrap();
        waker.wake();
        let [cut] = cut.as_slice() else { panic!("{cut:?}") };
        assert_eq!((cut.under_way.as_slice(), cut.in_doubt), (["a request".to_owned()].as_slice(), true));
        assert_eq!((cut.about.jti.as_str(), cut.about.principal.as_str()), ("grant", "tester"));
        task.await.unwrap();
        assert_eq!(upstream.polls.load(Ordering::SeqCst), polls, "never polled again");
        assert_eq!(harness.phase("grant").await, Phase::InDoubt);
        assert_eq!(*harness.granter.endings.lock().unwrap(), [Ending::Unknown(format!("stopped: {scope}"))]);
        assert_eq!(harness.proxy.lines().stop(&scope), [], "there is nothing more to end");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_and_not_the_connector_determines_the_end_of_a_stopped_action() {
    let stopped = || Ending::Stopped("stopped: everything".to_owned());
    let doubt = || Ending::Unknown("stopped: everything".to_owned());
    for (plan, ending, phase) in [
        (Plan::Read, stopped(), Phase::Failed),
        (Plan::Wait, stopped(), Phase::Failed),
        (Plan::WriteThenRead, doubt(), Phase::InDoubt),
    ] {
        let (harness, _, task) = acting(plan).await;
        let cut = harness.proxy.lines().stop(&Scope::Everything);
        assert_eq!(cut.len(), 1);
        assert_eq!(cut[0].in_doubt, phase == Phase::InDoubt);
        assert_eq!(cut[0].under_way.len(), usize::from(plan != Plan::Wait));
        task.await.unwrap();
        assert_eq!(*harness.granter.endings.lock().unwrap(), [ending]);
        assert_eq!(harness.phase("grant").await, phase);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_goes_on_sends_nothing_more() {
    let (harness, upstream, task) = acting(Plan::GoOn).await;
    harness.proxy.lines().stop(&principal());
    task.await.unwrap();
    assert_eq!(harness.phase("grant").await, Phase::Failed, "the second had an effect and never began");
    assert!(upstream.begun.load(Ordering::SeqCst) <= 2);
    assert_eq!(
        *harness.granter.endings.lock().unwrap(),
        [Ending::Stopped("stopped: principal tester".to_owned())]
    );
}

/// Sends from a task of its own, which outlives the action.
#[derive(Default)]
struct Aside {
    task: Mutex<Option<tokio::task::JoinHandle<Result<(), ActError>>>>,
    go: Arc<tokio::sync::Notify>,
    sent: Arc<AtomicUsize>,
    reached: tokio::sync::Notify,
}

#[async_trait]
impl Connector for Aside {
    fn name(&self) -> &str {
        "aside"
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        let (line, go, sent) = (permit.line().clone(), Arc::clone(&self.go), Arc::clone(&self.sent));
        *self.task.lock().unwrap() = Some(tokio::spawn(async move {
            go.notified().await;
            let request = async move {
                sent.fetch_add(1, Ordering::SeqCst);
                Ok(())
            };
            line.through(Impact::Effect, "a request", request).await
        }));
        self.reached.notify_one();
        pending().await
    }

    async fn probe(&self, _: &Sought) -> Result<Option<Value>, ActError> {
        Ok(None)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_begins_on_a_line_that_was_cut() {
    let aside = Arc::new(Aside::default());
    let connector = Arc::clone(&aside) as Arc<dyn Connector>;
    let harness = Arc::new(Harness::new(connector, Scrubber::default()).await);
    harness.put(&harness.row("grant", &asked())).await;
    let own = Arc::clone(&harness);
    let task = tokio::spawn(async move { drop(own.claim("grant").await) });
    aside.reached.notified().await;
    harness.proxy.lines().stop(&principal());
    aside.go.notify_one();
    let sends = aside.task.lock().unwrap().take().unwrap();
    assert!(matches!(sends.await.unwrap(), Err(ActError::Stopped(_))));
    assert_eq!(aside.sent.load(Ordering::SeqCst), 0);
    task.await.unwrap();
    assert_eq!(harness.phase("grant").await, Phase::Failed);
}
