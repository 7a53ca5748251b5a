//! The line of an action: the handle through which it sends every request and starts every command, and which
//! a kill cuts.
//!
//! Invariant: after [`Lines::stop`] has returned, no future that was running on a stopped line is polled
//! again, and none starts on it. The caller of `stop` drops these futures itself, regardless of what their
//! tasks are waiting for: a request that was not written yet is not sent, and a running command is killed.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::watch;
use xpd_store::{GrantRow, Scope};

use crate::failure::ActError;

/// Whether an interrupted request or command leaves the action in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    /// No visible effect: a read, or a write of something that nothing refers to.
    NoEffect,
    /// A visible effect.
    Effect,
}

/// The action to which a line belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// `jti` of the grant.
    pub jti: String,
    /// Run id.
    pub run: String,
    /// Name of the step.
    pub step: String,
    /// The qualified action.
    pub action: String,
    /// The connector instance.
    pub instance: String,
    /// The principal.
    pub principal: String,
}

/// A stopped action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The action.
    pub about: About,
    /// Descriptions of the requests and commands that were running.
    pub under_way: Vec<String>,
    /// Whether something with an effect was sent, so that the action is in doubt.
    pub in_doubt: bool,
}

/// The lines of all running actions of this process.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<BTreeMap<u64, Arc<Inner>>>>);

/// The line of an action, open until its last clone is dropped.
#[derive(Clone, Debug)]
pub struct Line(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    number: u64,
    lines: Lines,
    inner: Arc<Inner>,
}

/// The part of a line that the task waiting for the action observes.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    about: About,
    scopes: Vec<Scope>,
    state: Mutex<State>,
    cut: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    /// The reason for the cut, if the line was cut.
    cut: Option<String>,
    /// Whether something with an effect was started.
    effect: bool,
    next: u64,
    under_way: BTreeMap<u64, (String, Arc<dyn End>)>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("cut", &self.cut).field("effect", &self.effect).finish_non_exhaustive()
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines {
    /// Opens a line for a use of a grant. Must be called in the transaction that decides that the use may
    /// proceed: a kill committed before it was seen by the decision, and a kill committed after it finds the
    /// line.
    pub(crate) fn open(&self, grant: &GrantRow, scopes: Vec<Scope>) -> Line {
        let about = About {
            jti: grant.jti.clone(),
            run: grant.run.clone(),
            step: grant.step.clone(),
            action: grant.action.clone(),
            instance: grant.instance.clone(),
            principal: grant.principal.clone(),
        };
        self.with(about, scopes)
    }

    fn with(&self, about: About, scopes: Vec<Scope>) -> Line {
        let inner =
            Arc::new(Inner { about, scopes, state: Mutex::default(), cut: watch::Sender::new(false) });
        let mut lines = lock(&self.0);
        let number = lines.last_key_value().map_or(0, |(last, _)| last + 1);
        lines.insert(number, Arc::clone(&inner));
        Line(Arc::new(Opened { number, lines: self.clone(), inner }))
    }

    /// Cuts every line in the scope and returns the actions that were stopped.
    pub fn stop(&self, scope: &Scope) -> Vec<Cut> {
        let covered = |inner: &&Arc<Inner>| *scope == Scope::Everything || inner.scopes.contains(scope);
        let found: Vec<Arc<Inner>> = lock(&self.0).values().filter(covered).cloned().collect();
        let why = format!("stopped: {scope}");
        found.iter().filter_map(|inner| inner.cut(&why)).collect()
    }
}

impl Inner {
    /// Cuts the line. `None` if it was cut before.
    fn cut(&self, why: &str) -> Option<Cut> {
        let (under_way, in_doubt) = {
            let mut state = lock(&self.state);
            if state.cut.is_some() {
                return None;
            }
            state.cut = Some(why.to_owned());
            (std::mem::take(&mut state.under_way), state.effect)
        };
        let mut named = Vec::new();
        for (what, work) in under_way.into_values() {
            work.end();
            named.push(what);
        }
        self.cut.send_replace(true);
        Some(Cut { about: self.about.clone(), under_way: named, in_doubt })
    }
}

impl Line {
    /// A line of no action, which no kill reaches.
    #[must_use]
    pub fn unattached() -> Self {
        Lines::default().with(About::default(), Vec::new())
    }

    /// Runs `work`, which sends a request or runs a command, unless the action was stopped. `what` describes
    /// it for people. The future owns its data, since a kill drops it from another task.
    ///
    /// # Errors
    /// The error of `work`, or that the action was stopped.
    pub async fn through<T: Send + 'static>(
        &self,
        impact: Impact,
        what: impl Into<String>,
        work: impl Future<Output = Result<T, ActError>> + Send + 'static,
    ) -> Result<T, ActError> {
        let work = Arc::new(Work(Mutex::new(Some(Box::pin(work)))));
        let inner = &self.0.inner;
        let number = {
            let mut state = lock(&inner.state);
            if let Some(why) = &state.cut {
                return Err(ActError::Stopped(why.clone()));
            }
            let number = state.next;
            state.next += 1;
            state.effect |= impact == Impact::Effect;
            state.under_way.insert(number, (what.into(), Arc::clone(&work) as Arc<dyn End>));
            number
        };
        let _entered = Entered { inner, number, work: Arc::clone(&work) as Arc<dyn End> };
        tokio::select! {
            biased;
            Some(done) = Polled(&work) => done,
            why = inner.is_cut() => Err(match impact {
                Impact::NoEffect => ActError::Stopped(why),
                Impact::Effect => ActError::Unknown(why),
            }),
        }
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.0.inner))
    }
}

impl Inner {
    /// Completes once the line is cut, with the reason.
    async fn is_cut(&self) -> String {
        let mut cut = self.cut.subscribe();
        // `self` holds the sender, so the wait cannot fail.
        let _ = cut.wait_for(|cut| *cut).await;
        lock(&self.state).cut.clone().unwrap_or_default()
    }
}

impl Watch {
    /// Completes once the line is cut.
    pub async fn is_cut(&self) {
        self.0.is_cut().await;
    }

    /// The end of an action that was cut short; `None` if the line was not cut.
    pub fn ended(&self) -> Option<ActError> {
        let state = lock(&self.0.state);
        let why = state.cut.clone()?;
        Some(if state.effect { ActError::Unknown(why) } else { ActError::Stopped(why) })
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        lock(&self.lines.0).remove(&self.number);
    }
}

/// Removes the work from the line when the wait for it ends, on every path.
struct Entered<'l> {
    inner: &'l Inner,
    number: u64,
    work: Arc<dyn End>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        lock(&self.inner.state).under_way.remove(&self.number);
        self.work.end();
    }
}

/// Work that can be ended from another task.
trait End: Send + Sync {
    fn end(&self);
}

/// A future, present until it completes or is ended.
struct Work<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Send> End for Work<F> {
    fn end(&self) {
        // Dropped after the lock is released, since dropping may wake a task that takes the lock.
        let ended = lock(&self.0).take();
        drop(ended);
    }
}

/// Polls a future while it is present. Yields `None` once it was ended.
struct Polled<'w, F>(&'w Work<F>);

impl<F: Future> Future for Polled<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = lock(&self.0.0);
        let Some(work) = slot.as_mut() else { return Poll::Ready(None) };
        match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Pending,
        }
    }
}
