//! The `http` connector: actions of a connector that a user declared, at an address with a credential of the operator's.
//!
//! An answer that is not the declared success leaves an action with an effect in doubt. It is a failure only if the operator
//! registered its status for this action and a test of this instance saw that it leaves the upstream unchanged.

mod answer;
mod credential;
mod request;
mod table;
mod wire;

use std::collections::BTreeMap;

use async_trait::async_trait;
use reqwest::header::{ACCEPT, HeaderValue};
use xp_artifact::ConnectorFile;
use xp_artifact::Transport;
use xp_artifact::http::{Http as Request, Probe};
use xp_json::Tree;
use xp_scope::Value;
use xpd_proxy::{ActError, Call, Connector, Impact, Line, Permit, Scrubber, Sought};

use answer::{Answer, exchange};
pub(crate) use request::Ready;
pub(crate) use table::{Outgoing, Table};
pub(crate) use wire::Wire;

use crate::declared::observed::Failing;
use crate::declared::{Catalogue, Declared, Expected, Filling, Known, Secrets, Served, Tried};
use crate::lost::lost;
use crate::settings::{MakeError, Settings};

/// Creates an instance of a declared connector. Returns it with its secrets.
pub(crate) fn make(settings: &Settings<'_>, declared: &Declared) -> Result<(Http, Secrets), MakeError> {
    let table = settings.table::<Table>()?;
    for statuses in table.failures.values() {
        let is_status = |failing: &Failing| matches!(failing, Failing::Number(400..=499));
        if let Some(failing) = statuses.iter().find(|failing| !is_status(failing)) {
            let why = "only statuses from 400 to 499 say that nothing was done";
            return Err(settings.wrong(format!("`failures` holds {failing}; {why}")));
        }
    }
    let Outgoing { wire, known, secrets } = table.outgoing(settings, declared)?;
    Ok((Http::new(settings.name, &declared.file, wire, &known), secrets))
}

/// An instance of a declared connector.
#[derive(Debug)]
pub struct Http {
    name: String,
    catalogue: Catalogue<Request>,
    wire: Wire,
}

impl Http {
    fn new(name: &str, file: &ConnectorFile, wire: Wire, known: &Known) -> Self {
        let catalogue = Catalogue::new(file, known, |transport| match transport {
            Transport::Http(request) => Some(request),
            Transport::Mcp(_) => None,
        });
        Self { name: name.to_owned(), catalogue, wire }
    }

    fn expected<'a>(
        &'a self,
        served: &'a Served<Request>,
        args: &'a BTreeMap<String, Value>,
    ) -> Expected<'a> {
        Expected { action: &served.action, records: &self.catalogue.records, args }
    }

    /// What an answer gives, if it is the success that is declared.
    fn result(
        &self,
        served: &Served<Request>,
        args: &BTreeMap<String, Value>,
        answer: &Answer,
    ) -> Option<Result<Value, String>> {
        let succeeded = served.request.success.statuses.contains(&answer.status);
        succeeded.then(|| answer.result(&served.request, &self.expected(served, args), &self.wire.bounds))
    }

    /// Sends a request once. The scrubber knows the token with which it was sent.
    async fn send(
        &self,
        impact: Impact,
        mut ready: Ready,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
    ) -> Result<(Answer, Scrubber), ActError> {
        ready.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let bytes = self.wire.bounds.bytes;
        self.wire.send(impact, ready, line, may, |request| exchange(request, impact, bytes)).await
    }

    async fn perform(&self, call: &Call, line: &Line) -> Result<Value, ActError> {
        let served = self.catalogue.served(call)?;
        let impact = served.impact();
        let key = served.request.key.as_ref().map(|key| key.seconds);
        let idle = served.request.method.is_idempotent();
        let may = || served.may_send(call, key, idle);
        may()?;
        let ready = self.catalogue.filling(served, call).request(&served.request, &self.wire.base)?;
        let (answer, scrubber) = self.send(impact, ready, line, may).await?;
        if let Some(result) = self.result(served, call.args(), &answer) {
            return result
                .map(|value| scrubber.value(value))
                .map_err(|why| lost(impact, &scrubber.text(&why)));
        }
        let status = answer.status;
        let reason = format!("the upstream answered with status {status}");
        if impact == Impact::NoEffect || served.definitive.contains(&status.into()) {
            return Err(ActError::Refused { status, reason });
        }
        Err(ActError::Unknown(reason))
    }

    async fn seek(&self, sought: &Sought) -> Result<Option<Value>, ActError> {
        let call = sought.call();
        let served = self.catalogue.served(call)?;
        let (shown, scrubber) =
            self.look(served, &self.catalogue.filling(served, call), sought.line()).await?;
        let unclear = |why: &str| ActError::NotSent(why.to_owned());
        match shown {
            Shown::Thing(thing) => {
                let places = answer::Parts { http: &served.request, body: Some(&thing), headers: None };
                let value = self.expected(served, call.args()).value(&places);
                value.map(|value| Some(scrubber.value(value))).map_err(|why| unclear(&scrubber.text(&why)))
            }
            Shown::Nothing if served.probe_tells(call) => Ok(None),
            Shown::Nothing => Err(unclear(
                "the probe found nothing, and no test of this instance before the use saw that it finds what was made",
            )),
            // A thing of that name which somebody else made says nothing about this use.
            Shown::Another => Err(unclear("the probe shows another use's thing")),
        }
    }

    /// Sends the probe of an action. The scrubber knows the token with which it was sent.
    async fn look(
        &self,
        served: &Served<Request>,
        filling: &Filling<'_>,
        line: &Line,
    ) -> Result<(Shown, Scrubber), ActError> {
        let unclear = |why: &str| ActError::NotSent(why.to_owned());
        let probe = served.request.probe.as_ref().ok_or_else(|| unclear("the action cannot be probed"))?;
        let ready = filling.probe(&served.request, probe, &self.wire.base)?;
        let (answer, scrubber) = self.send(Impact::NoEffect, ready, line, || Ok(())).await?;
        match answer.status {
            200 => {}
            // Only the upstream's word about one thing, named by the call, says that there is none.
            404 if probe.list.is_none() => return Ok((Shown::Nothing, scrubber)),
            status => return Err(unclear(&format!("the probe was answered with status {status}"))),
        }
        let body = answer.json(&self.wire.bounds).map_err(unclear)?;
        Ok((shown(probe, &body, filling.marker).map_err(unclear)?, scrubber))
    }

    /// Sends the request of an action once, at its operator's word.
    ///
    /// # Errors
    /// Nothing was sent; why.
    pub(crate) async fn try_once(
        &self,
        name: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<Tried, String> {
        let served = self.catalogue.named(name)?;
        let filling = self.trying(served, args, marker);
        let ready = filling.request(&served.request, &self.wire.base).map_err(|error| error.to_string())?;
        // As an effect, so that a lost answer is not taken for one that was not sent.
        let sent = self.send(Impact::Effect, ready, &Line::unattached(), || Ok(())).await;
        let (answer, scrubber) = match sent {
            Ok(sent) => sent,
            Err(ActError::Unknown(why)) => return Ok(Tried { answer: None, result: Err(why) }),
            Err(error) => return Err(error.to_string()),
        };
        let status = answer.status;
        let result = match self.result(served, args, &answer) {
            Some(result) => result.map(|value| scrubber.value(value)).map_err(|why| scrubber.text(&why)),
            None => Err(format!("the upstream answered with status {status}")),
        };
        Ok(Tried { answer: Some(status.into()), result })
    }

    /// Whether the probe of an action finds this identifier.
    ///
    /// # Errors
    /// The probe says nothing.
    pub(crate) async fn probe_once(
        &self,
        name: &str,
        args: &BTreeMap<String, Value>,
        marker: &str,
    ) -> Result<bool, String> {
        let served = self.catalogue.named(name)?;
        let shown = self.look(served, &self.trying(served, args, marker), &Line::unattached()).await;
        shown.map(|(shown, _)| matches!(shown, Shown::Thing(_))).map_err(|error| error.to_string())
    }

    fn trying<'a>(
        &'a self,
        served: &'a Served<Request>,
        args: &'a BTreeMap<String, Value>,
        marker: &'a str,
    ) -> Filling<'a> {
        Filling { action: &served.action, args, marker, records: &self.catalogue.records }
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
