//! The line from an action to the outside: every request that it sends and every command that it starts goes through it,
//! and whoever stops the action cuts it.
//!
//! Invariant: after [`Lines::stop`] has returned, nothing that was under way on a stopped line is polled again, and nothing
//! new begins on it. The work is dropped by whoever stops it, whatever its own task is waiting for: a request that was not
//! written yet is not sent, a command that runs is killed.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::watch;
use xpd_store::{GrantRow, Scope};

use crate::failure::ActError;

/// What it means if nobody knows how a request or a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It changes nothing that anybody sees: reading, or writing what nothing points to.
    Light,
    /// It has an effect.
    Effect,
}

/// Whose line it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The token.
    pub jti: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// The qualified action.
    pub action: String,
    /// The connector instance.
    pub instance: String,
    /// The principal.
    pub principal: String,
}

/// An action that was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Whose it was.
    pub about: About,
    /// Requests and commands that were under way, by their descriptions.
    pub under_way: Vec<String>,
    /// Something with an effect was sent: whether it happened is in doubt.
    pub in_doubt: bool,
}

/// The lines of all actions under way in this process.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<BTreeMap<u64, Arc<Inner>>>>);

/// The line of one action, open until its last copy is dropped.
#[derive(Clone, Debug)]
pub struct Line(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    number: u64,
    lines: Lines,
    inner: Arc<Inner>,
}

/// What is known of a line by whoever waits for its action.
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
    /// Why it was cut.
    cut: Option<String>,
    /// Something with an effect began.
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
    /// A line for a use of a grant. It must be made in the transaction that decides that the use may go on: a kill that is
    /// committed after it then finds the line, and one that was committed before it was seen by the decision.
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

    /// Cuts every line of a scope: what was under way on them.
    pub fn stop(&self, scope: &Scope) -> Vec<Cut> {
        let covered = |inner: &&Arc<Inner>| *scope == Scope::Everything || inner.scopes.contains(scope);
        let found: Vec<Arc<Inner>> = lock(&self.0).values().filter(covered).cloned().collect();
        let why = format!("stopped: {scope}");
        found.iter().filter_map(|inner| inner.cut(&why)).collect()
    }
}

impl Inner {
    /// Nothing, if it was cut before.
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
    /// A line that belongs to no action, so that nobody stops it.
    #[must_use]
    pub fn loose() -> Self {
        Lines::default().with(About::default(), Vec::new())
    }

    /// Sends a request or runs a command, described by `what`, unless the action was stopped. It owns all it needs, since
    /// it is ended from outside when the action is stopped meanwhile.
    ///
    /// # Errors
    /// Its own, or that the action was stopped.
    pub async fn through<T: Send + 'static>(
        &self,
        weight: Weight,
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
            state.effect |= weight == Weight::Effect;
            state.under_way.insert(number, (what.into(), Arc::clone(&work) as Arc<dyn End>));
            number
        };
        let _entered = Entered { inner, number, work: Arc::clone(&work) as Arc<dyn End> };
        tokio::select! {
            biased;
            Some(done) = Polled(&work) => done,
            why = inner.is_cut() => Err(match weight {
                Weight::Light => ActError::Stopped(why),
                Weight::Effect => ActError::Unknown(why),
            }),
        }
    }

    pub(crate) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.0.inner))
    }
}

impl Inner {
    /// Comes back once the line is cut, with the reason.
    async fn is_cut(&self) -> String {
        let mut cut = self.cut.subscribe();
        // The sender lives as long as this does.
        let _ = cut.wait_for(|cut| *cut).await;
        lock(&self.state).cut.clone().unwrap_or_default()
    }
}

impl Watch {
    /// Comes back once the line is cut.
    pub async fn is_cut(&self) {
        self.0.is_cut().await;
    }

    /// How an action on the line ended that did not come to its end by itself; nothing if the line was not cut.
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

/// Takes what is under way out of the line when its wait ends, however it ends.
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

/// Something that can be ended by anybody.
trait End: Send + Sync {
    fn end(&self);
}

/// A future, until it is done or was ended.
struct Work<F>(Mutex<Option<Pin<Box<F>>>>);

impl<F: Send> End for Work<F> {
    fn end(&self) {
        // Dropped after the lock is let go: dropping may wake somebody who looks.
        let ended = lock(&self.0).take();
        drop(ended);
    }
}

/// Polls a future while it is there; never ready with a value once it was ended.
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
