//! The `http` connector: actions of a connector that a user declared, at an address with a credential of the operator's.
//!
//! An answer that is not the declared success leaves an action with an effect in doubt. It is a failure only if the operator
//! registered its status for this action and a test of this instance saw that it leaves the upstream unchanged.

mod answer;
mod credential;
pub mod observed;
mod request;
mod table;
pub mod trial;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, HeaderValue};
use reqwest::{Client, Url};
use tokio::sync::Mutex;
use tokio::time::Instant;
use xp_artifact::http::{Http as Request, Probe, Transport};
use xp_artifact::workflow::{Action, Repeat};
use xp_artifact::{ConnectorFile, RecordTable};
use xp_json::Tree;
use xp_scope::{Digest, Value};
use xpd_proxy::{ActError, Call, Connector, Impact, Line, Permit, Scrubber, Secret, Sought};

use answer::{Answer, Bounds, Expected, exchange};
use credential::{Credential, collides};
use observed::{Observed, Seen};
use request::{Filling, Ready};

use crate::lost::lost;
use crate::settings::{MakeError, Settings};

/// A connector that a user declared, as the operator registered it.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The declaration.
    pub file: Arc<ConnectorFile>,
    /// What a test of the instance saw.
    pub observed: Option<Observed>,
}

/// The secrets of an instance, for the scrubber.
type Secrets = Vec<Secret>;

/// Creates an instance of a declared connector. Returns it with its secrets.
pub(crate) fn make(settings: &Settings<'_>, declared: &Declared) -> Result<(Http, Secrets), MakeError> {
    settings.table::<table::Table>()?.make(settings, declared)
}

/// An instance of a declared connector.
#[derive(Debug)]
pub struct Http {
    name: String,
    actions: BTreeMap<String, Served>,
    records: RecordTable,
    client: Client,
    base: Url,
    credential: Credential,
    bounds: Bounds,
    pace: Pace,
}

/// Seconds, less a tenth, after which a request without a key is not repeated: somebody may have changed the same thing
/// meanwhile.
pub const WITHOUT_KEY: u64 = 600;

/// An action that the instance serves.
#[derive(Debug)]
struct Served {
    action: Action,
    declaration: Digest,
    request: Request,
    /// Statuses that are failures by the operator's word, each seen to leave the upstream unchanged.
    definitive: BTreeSet<u16>,
    /// What a test of this instance saw of it, and when.
    seen: Seen,
    seen_at: Option<u64>,
}

/// The rest of what an instance needs.
struct Parts {
    client: Client,
    base: Url,
    credential: Credential,
    bounds: Bounds,
    pace: Pace,
    /// Statuses that the operator registers, by action.
    definitive: BTreeMap<String, BTreeSet<u16>>,
    /// What a test of this instance saw, by action.
    seen: BTreeMap<String, Seen>,
    /// When, in milliseconds since 1970.
    seen_at: Option<u64>,
}

impl Http {
    fn new(name: &str, file: &ConnectorFile, parts: Parts) -> Self {
        let served = file.actions.iter().filter_map(|action| {
            let Transport::Http(request) = action.transport.as_ref()?;
            let seen = parts.seen.get(&action.name).cloned().unwrap_or_default();
            let registered = parts.definitive.get(&action.name).cloned().unwrap_or_default();
            let served = Served {
                declaration: xp_artifact::action_digest(action, &file.records, &file.kinds),
                action: action.clone(),
                request: request.clone(),
                definitive: &registered & &seen.unchanged_after,
                seen,
                seen_at: parts.seen_at,
            };
            Some((action.name.clone(), served))
        });
        let Parts { client, base, credential, bounds, pace, .. } = parts;
        let (name, records) = (name.to_owned(), RecordTable::of(&file.records));
        Self { name, actions: served.collect(), records, client, base, credential, bounds, pace }
    }

    /// The action of a call. The declaration that the call was granted under must be the registered one.
    fn served(&self, call: &Call) -> Result<&Served, ActError> {
        let served = self.actions.get(call.action());
        let served =
            served.ok_or_else(|| ActError::NotSent(format!("there is no action `{}`", call.action())))?;
        if call.declaration() != Some(&served.declaration) {
            let why = "the action was granted under another declaration than the one that is registered now";
            return Err(ActError::NotSent(why.to_owned()));
        }
        Ok(served)
    }

    fn filling<'a>(&'a self, served: &'a Served, call: &'a Call) -> Filling<'a> {
        Filling { action: &served.action, args: call.args(), marker: call.marker(), records: &self.records }
    }

    fn expected<'a>(&'a self, served: &'a Served, args: &'a BTreeMap<String, Value>) -> Expected<'a> {
        Expected { action: &served.action, http: &served.request, records: &self.records, args }
    }

    /// What an answer gives, if it is the success that is declared.
    fn result(
        &self,
        served: &Served,
        args: &BTreeMap<String, Value>,
        answer: &Answer,
    ) -> Option<Result<Value, String>> {
        let succeeded = served.request.success.statuses.contains(&answer.status);
        succeeded.then(|| answer.result(&self.expected(served, args), &self.bounds))
    }

    /// Sends a request once. The scrubber knows the token with which it was sent.
    async fn send(
        &self,
        impact: Impact,
        mut ready: Ready,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
    ) -> Result<(Answer, Scrubber), ActError> {
        if collides(&self.credential, &ready.headers) {
            return Err(ActError::NotSent("the declaration sets the header of the credential".to_owned()));
        }
        self.pace.wait().await;
        let scrubber = self.credential.sign(&mut ready, line).await?;
        ready.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let Ready { method, url, headers, body, what } = ready;
        let mut request = self.client.request(method, url).headers(headers);
        if !body.is_empty() {
            request = request.body(body);
        }
        // Again, since its turn and its token may have taken long to come.
        may()?;
        let answer = line.through(impact, what, exchange(request, impact, self.bounds.bytes)).await?;
        Ok((answer, scrubber))
    }

    async fn perform(&self, call: &Call, line: &Line) -> Result<Value, ActError> {
        let served = self.served(call)?;
        let impact = if served.action.is_harmless() { Impact::NoEffect } else { Impact::Effect };
        let may =
            || if call.is_repeat() && impact == Impact::Effect { served.may_repeat(call) } else { Ok(()) };
        may()?;
        let ready = self.filling(served, call).request(&served.request, &self.base)?;
        let (answer, scrubber) = self.send(impact, ready, line, may).await?;
        if let Some(result) = self.result(served, call.args(), &answer) {
            return result
                .map(|value| scrubber.value(value))
                .map_err(|why| lost(impact, &scrubber.text(&why)));
        }
        let status = answer.status;
        let reason = format!("the upstream answered with status {status}");
        if impact == Impact::NoEffect || served.definitive.contains(&status) {
            return Err(ActError::Refused { status, reason });
        }
        Err(ActError::Unknown(reason))
    }

    async fn seek(&self, sought: &Sought) -> Result<Option<Value>, ActError> {
        let call = sought.call();
        let served = self.served(call)?;
        let (shown, scrubber) = self.look(served, &self.filling(served, call), sought.line()).await?;
        let unclear = |why: &str| ActError::NotSent(why.to_owned());
        match shown {
            Shown::Thing(thing) => {
                let value = self.expected(served, call.args()).value(Some(&thing), None);
                value.map(|value| Some(scrubber.value(value))).map_err(|why| unclear(&scrubber.text(&why)))
            }
            Shown::Nothing => served.not_found(call),
            // A thing of that name which somebody else made says nothing about this use.
            Shown::Another => Err(unclear("the probe shows another use's thing")),
        }
    }

    /// Sends the probe of an action. The scrubber knows the token with which it was sent.
    async fn look(
        &self,
        served: &Served,
        filling: &Filling<'_>,
        line: &Line,
    ) -> Result<(Shown, Scrubber), ActError> {
        let unclear = |why: &str| ActError::NotSent(why.to_owned());
        let probe = served.request.probe.as_ref().ok_or_else(|| unclear("the action cannot be probed"))?;
        let ready = filling.probe(&served.request, probe, &self.base)?;
        let (answer, scrubber) = self.send(Impact::NoEffect, ready, line, || Ok(())).await?;
        match answer.status {
            200 => {}
            // Only the upstream's word about one thing, named by the call, says that there is none.
            404 if probe.list.is_none() => return Ok((Shown::Nothing, scrubber)),
            status => return Err(unclear(&format!("the probe was answered with status {status}"))),
        }
        let body = answer.json(&self.bounds).map_err(unclear)?;
        Ok((shown(probe, &body, filling.marker).map_err(unclear)?, scrubber))
    }
}

/// What a probe shows of an identifier.
enum Shown {
    /// The thing that has it.
    Thing(Tree),
    /// A thing of the name that was asked for, which has another.
    Another,
    /// No such thing.
    Nothing,
}

fn shown(probe: &Probe, body: &Tree, marker: &str) -> Result<Shown, &'static str> {
    let is_marked = |thing: &Tree| thing.at(&probe.marker) == Some(&Tree::Text(marker.to_owned()));
    let Some(list) = &probe.list else {
        return Ok(if is_marked(body) { Shown::Thing(body.clone()) } else { Shown::Another });
    };
    let Some(Tree::List(things)) = body.at(&list.at) else { return Err("the probe shows no list") };
    let mut marked = things.iter().filter(|thing| is_marked(thing));
    match (marked.next(), marked.next()) {
        (Some(thing), None) => Ok(Shown::Thing(thing.clone())),
        (Some(_), Some(_)) => Err("the probe shows two things of one use"),
        (None, _) if things.len() < usize::try_from(list.max).unwrap_or(usize::MAX) => Ok(Shown::Nothing),
        (None, _) => Err("the probe's list is full, so what is not in it may exist"),
    }
}

impl Served {
    /// Whether a repetition of the request does nothing more.
    fn may_repeat(&self, call: &Call) -> Result<(), ActError> {
        let left = |why: &str| Err(ActError::NotRepeated(why.to_owned()));
        if self.action.repeat != Repeat::Idempotent {
            return left("the action is not declared to be idempotent");
        }
        if !self.is_seen(call) {
            return left("no test of this instance before the use saw what a repetition does");
        }
        let seconds = match &self.request.key {
            Some(key) if self.seen.key_is_kept => key.seconds,
            None if self.seen.repeat_is_idle && self.request.method.is_idempotent() => WITHOUT_KEY,
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

    /// What a probe says that found nothing.
    fn not_found(&self, call: &Call) -> Result<Option<Value>, ActError> {
        if self.seen.probe_finds && self.is_seen(call) {
            return Ok(None);
        }
        let why = "the probe found nothing, and no test of this instance before the use saw that it finds what was made";
        Err(ActError::NotSent(why.to_owned()))
    }
}

#[async_trait]
impl Connector for Http {
    fn name(&self) -> &str {
        &self.name
    }

    async fn act(&self, permit: Permit) -> Result<Value, ActError> {
        self.perform(permit.call(), permit.line()).await
    }

    async fn probe(&self, sought: &Sought) -> Result<Option<Value>, ActError> {
        self.seek(sought).await
    }
}

/// Requests a second at most.
#[derive(Debug)]
struct Pace {
    every: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(per_second: Option<u32>) -> Self {
        let every = per_second.filter(|count| *count > 0).map(|count| Duration::from_secs(1) / count);
        Self { every, next: Mutex::default() }
    }

    /// Waits for the next turn.
    async fn wait(&self) {
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
