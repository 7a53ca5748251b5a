//! What is common to connectors that users declared, whatever carries out their actions: the declaration as the operator
//! registered it, values in requests and answers, and when an action in doubt may be repeated.

mod fill;
pub mod observed;
mod read;
pub(crate) mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use xp_artifact::Transport;
use xp_artifact::workflow::{Action, Repeat};
use xp_artifact::{ConnectorFile, RecordTable};
use xp_scope::{Digest, Value};
use xpd_proxy::{ActError, Call, Impact, Secret};

pub(crate) use fill::{Filling, unfit};
use observed::{Failing, Observed, Seen};
pub(crate) use read::{Expected, Found, Places};

/// A connector that a user declared, as the operator registered it.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The declaration.
    pub file: Arc<ConnectorFile>,
    /// What a test of the instance saw.
    pub observed: Option<Observed>,
}

impl Declared {
    /// Its actions are done by tools of an MCP server.
    pub(crate) fn is_by_tools(&self) -> bool {
        let first = self.file.actions.first().and_then(|action| action.transport.as_ref());
        matches!(first, Some(Transport::Mcp(_)))
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// What was answered, if something was: a status, the code of an error, or that a tool failed.
    pub answer: Option<Failing>,
    /// The result, if the answer is the declared success; otherwise why it is not.
    pub result: Result<Value, String>,
}

/// Who sends requests from an instance, without secrets: the table of the credential, and of a program on this host all that it is
/// given.
pub(crate) fn who(table: &toml::Table) -> String {
    let keys = ["credential", "program", "read", "write", "environment"];
    keys.iter().filter_map(|key| table.get(*key)).map(ToString::to_string).collect()
}

/// Where an instance's requests go: its address, or the command of a program on this host.
#[must_use]
pub fn address(table: &toml::Table) -> String {
    match (table.get("command").and_then(toml::Value::as_array), table.get("base_url")) {
        (Some(words), _) => words.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(" "),
        (None, Some(url)) => url.as_str().unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    }
}

/// The secrets of an instance, for the scrubber.
pub(crate) type Secrets = Vec<Secret>;

/// Seconds, less a tenth, after which a request without a key is not repeated: somebody may have changed the same thing
/// meanwhile.
pub const WITHOUT_KEY: u64 = 600;

/// An action that an instance serves.
#[derive(Debug)]
pub(crate) struct Served<R> {
    pub action: Action,
    declaration: Digest,
    pub request: R,
    /// Answers that are failures by the operator's word, each seen to leave the upstream unchanged.
    pub definitive: BTreeSet<Failing>,
    /// What a test of this instance saw of it, and when.
    seen: Seen,
    seen_at: Option<u64>,
}

/// What a test of this instance and its operator say.
#[derive(Default)]
pub(crate) struct Known {
    /// Answers that the operator registers as failures, by action.
    pub failures: BTreeMap<String, BTreeSet<Failing>>,
    /// What a test of this instance saw, by action.
    pub seen: BTreeMap<String, Seen>,
    /// When, in milliseconds since 1970.
    pub seen_at: Option<u64>,
}

/// The actions of an instance.
#[derive(Debug)]
pub(crate) struct Catalogue<R> {
    actions: BTreeMap<String, Served<R>>,
    pub records: RecordTable,
}

impl<R: Clone> Catalogue<R> {
    /// The actions of a declaration that are carried out in one way.
    pub fn new(file: &ConnectorFile, known: &Known, request: impl Fn(&Transport) -> Option<&R>) -> Self {
        let served = file.actions.iter().filter_map(|action| {
            let request = request(action.transport.as_ref()?)?.clone();
            let seen = known.seen.get(&action.name).cloned().unwrap_or_default();
            let registered = known.failures.get(&action.name).cloned().unwrap_or_default();
            let served = Served {
                declaration: xp_artifact::action_digest(action, &file.records, &file.kinds),
                action: action.clone(),
                request,
                definitive: &registered & &seen.unchanged_after,
                seen,
                seen_at: known.seen_at,
            };
            Some((action.name.clone(), served))
        });
        Self { actions: served.collect(), records: RecordTable::of(&file.records) }
    }

    /// The action of a call. The declaration that the call was granted under must be the registered one.
    pub fn served(&self, call: &Call) -> Result<&Served<R>, ActError> {
        let served = self.named(call.action()).map_err(ActError::NotSent)?;
        if call.declaration() != Some(&served.declaration) {
            let why = "the action was granted under another declaration than the one that is registered now";
            return Err(ActError::NotSent(why.to_owned()));
        }
        Ok(served)
    }

    /// The action of a name.
    pub fn named(&self, name: &str) -> Result<&Served<R>, String> {
        self.actions.get(name).ok_or_else(|| format!("there is no action `{name}`"))
    }

    pub fn filling<'a>(&'a self, served: &'a Served<R>, call: &'a Call) -> Filling<'a> {
        Filling { action: &served.action, args: call.args(), marker: call.marker(), records: &self.records }
    }
}

impl<R> Served<R> {
    /// Whether the action leaves something changed at the upstream.
    pub fn impact(&self) -> Impact {
        if self.action.is_harmless() { Impact::NoEffect } else { Impact::Effect }
    }

    /// Whether the request of a call may be sent: what has no effect always, and a repetition as [`Self::may_repeat`] says.
    ///
    /// # Errors
    /// It may not be repeated.
    pub fn may_send(&self, call: &Call, key: Option<u64>, idle: bool) -> Result<(), ActError> {
        if call.is_repeat() && self.impact() == Impact::Effect {
            self.may_repeat(call, key, idle)
        } else {
            Ok(())
        }
    }

    /// Whether a repetition of the request does nothing more. A server keeps `key` for so many seconds; `idle` says that the
    /// request is of a kind that a repetition of which can do nothing more without one.
    fn may_repeat(&self, call: &Call, key: Option<u64>, idle: bool) -> Result<(), ActError> {
        let left = |why: &str| Err(ActError::NotRepeated(why.to_owned()));
        if self.action.repeat != Repeat::Idempotent {
            return left("the action is not declared to be idempotent");
        }
        if !self.is_seen(call) {
            return left("no test of this instance before the use saw what a repetition does");
        }
        let seconds = match key {
            Some(seconds) if self.seen.key_is_kept => seconds,
            None if self.seen.repeat_is_idle && idle => WITHOUT_KEY,
            _ => return left("no test of this instance saw that a repetition changes nothing"),
        };
        // A tenth is left for clocks that differ and for a request that takes its time.
        let until = call.since().saturating_add(seconds.saturating_mul(900));
        let now = u64::try_from(time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000);
        match now {
            Ok(now) if now < until && now >= call.since() => Ok(()),
            _ => left("too much time has passed for a repetition that changes nothing more"),
        }
    }

    /// A test saw this instance, with its present address and credential, before the use. So the use was sent to the same.
    fn is_seen(&self, call: &Call) -> bool {
        self.seen_at.is_some_and(|at| at <= call.since())
    }

    /// A probe that finds nothing says that the action was not done.
    pub fn probe_tells(&self, call: &Call) -> bool {
        self.seen.probe_finds && self.is_seen(call)
    }
}

/// Requests a second at most.
#[derive(Debug)]
pub(crate) struct Pace {
    every: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn new(per_second: Option<u32>) -> Self {
        let every = per_second.filter(|count| *count > 0).map(|count| Duration::from_secs(1) / count);
        Self { every, next: Mutex::default() }
    }

    /// Waits for the next turn.
    pub async fn wait(&self) {
        let Some(every) = self.every else { return };
        let turn = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = Some(turn + every);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}
