//! Injected faults: requests held before or after they are carried out, and connections cut without an
//! answer.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

/// When a fault applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before the request is carried out; it has no effect unless released.
    Before,
    /// After the request is carried out, before the answer.
    After,
}

/// The kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is held until the faults are deactivated.
    Hold,
    /// The connection ends without an answer.
    Cut,
}

/// The requests to which a fault applies, and their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The kind.
    pub fault: Fault,
    /// When.
    pub when: When,
    /// Only this method.
    pub method: Option<String>,
    /// Only paths that contain this text.
    pub path: Option<String>,
    /// Number of requests.
    pub count: u64,
}

/// The active faults and the held requests.
#[derive(Debug)]
pub struct Hooks {
    inner: Mutex<Inner>,
    changed: Condvar,
    bell: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Rule>,
    parked: BTreeMap<u64, String>,
    last: u64,
}

impl Default for Hooks {
    fn default() -> Self {
        Self { inner: Mutex::default(), changed: Condvar::new(), bell: watch::Sender::new(0) }
    }
}

impl Rule {
    /// A fault for the next request with this method and a path that contains a text.
    #[must_use]
    pub fn next(fault: Fault, when: When, method: &str, path: &str) -> Self {
        Self { fault, when, method: Some(method.to_owned()), path: Some(path.to_owned()), count: 1 }
    }

    /// A rule from JSON: `{ "when": "before", "method": "POST", "path": "/comments", "count": 1 }`.
    pub(crate) fn from_json(fault: Fault, body: &Value) -> Option<Self> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let when = match text("when").as_deref() {
            Some("before") => When::Before,
            Some("after") | None => When::After,
            Some(_) => return None,
        };
        let count = body.get("count").map_or(Some(1), Value::as_u64)?;
        Some(Self { fault, when, method: text("method"), path: text("path"), count })
    }
}

impl Hooks {
    /// Activates a fault.
    pub fn add(&self, rule: Rule) {
        let mut inner = self.lock();
        inner.rules.push(rule);
        self.ring(inner);
    }

    /// Deactivates all faults and releases every held request.
    pub fn release(&self) {
        let mut inner = self.lock();
        inner.rules.clear();
        inner.parked.clear();
        self.ring(inner);
    }

    /// Waits until `count` requests are held; returns whether they were within the time.
    #[must_use]
    pub fn wait(&self, count: usize, longest: Duration) -> bool {
        let inner = self.lock();
        let (inner, _) = self
            .changed
            .wait_timeout_while(inner, longest, |inner| inner.parked.len() < count)
            .unwrap_or_else(PoisonError::into_inner);
        inner.parked.len() >= count
    }

    /// The held requests.
    pub(crate) fn json(&self) -> Value {
        let inner = self.lock();
        json!({ "parked": inner.parked.values().collect::<Vec<_>>(), "rules": inner.rules.len() })
    }

    /// Applies the faults to a request: waits while it is held, and returns true if the connection is to be
    /// cut.
    pub(crate) async fn strike(&self, when: When, method: &str, path: &str) -> bool {
        let mut bell = self.bell.subscribe();
        let ticket = {
            let mut inner = self.lock();
            let found = inner.rules.iter().position(|rule| {
                rule.when == when
                    && rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                    && rule.path.as_deref().is_none_or(|wanted| path.contains(wanted))
            });
            let Some(rule) = found.and_then(|at| inner.rules.get_mut(at)) else { return false };
            rule.count = rule.count.saturating_sub(1);
            let fault = rule.fault;
            inner.rules.retain(|rule| rule.count > 0);
            if fault == Fault::Cut {
                return true;
            }
            inner.last += 1;
            let ticket = inner.last;
            inner.parked.insert(ticket, format!("{method} {path}"));
            self.ring(inner);
            ticket
        };
        // If the client disconnects, this future is dropped, and the request must be removed from the list.
        let _parked = Parked { hooks: self, ticket };
        while self.lock().parked.contains_key(&ticket) {
            if bell.changed().await.is_err() {
                break;
            }
        }
        false
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, inner: MutexGuard<'_, Inner>) {
        drop(inner);
        self.changed.notify_all();
        self.bell.send_modify(|count| *count += 1);
    }
}

/// A held request.
struct Parked<'a> {
    hooks: &'a Hooks,
    ticket: u64,
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        let mut inner = self.hooks.lock();
        inner.parked.remove(&self.ticket);
        self.hooks.ring(inner);
    }
}
