//! What waits for a person: the list, one request with everything that its decision rests on, and the decision, which is bound to
//! the digest of what was drawn.

use std::sync::Arc;

use serde_json::json;
use xp_artifact::workflow::{Datum, Then, Workflow};
use xp_machine::{Accepted, Event, Machine, Offer, State};
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_audit::approval::{self, Approval};
use xpd_audit::entry::Facts;
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Mode, StoreError};

use super::Orchestrator;
use super::caller::{Caller, actor};
use super::decide::{Question, decide, follow, refuse};
use super::drawn::{Choice, Limit, Node, choices, limit, nodes};
use super::logins::suffices;
use super::look::{RunSummary, summary};
use super::past::{Act, Past, Refusal, Requested, ShownDatum, latest};
use super::people::used;
use super::say::MAX_NOTES;
use super::stops::{Covered, stopped};
use super::view::view_in;
use super::{declined, sums};
use crate::memory::Tx;

/// Requests in a list.
const LISTED: usize = 200;
const HOUR: u64 = 60 * 60 * 1_000;
const DAY: u64 = 24 * HOUR;
/// The run id under which decisions of a person are counted.
const NO_RUN: &str = "";

/// A request that waits for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The run.
    pub run: String,
    /// Whether it is a shadow run.
    pub shadow: bool,
    /// Name of its workflow.
    pub workflow: String,
    /// The step.
    pub step: String,
    /// The role in which the person decides.
    pub role: String,
    /// Since when, milliseconds since 1970.
    pub since: u64,
    /// Who started the run.
    pub started_by: String,
    /// The parameters of the run. Empty where they are withheld.
    pub params: Vec<(String, Value)>,
    /// The time limit of the step.
    pub limit: Option<Limit>,
}

/// A request with everything that its decision rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Pictured {
    /// State of the run.
    pub run: RunSummary,
    /// What its workflow is for, in the author's words.
    pub doc: Option<String>,
    /// Who started it.
    pub started_by: String,
    /// Its parameters. Empty where they are withheld.
    pub params: Vec<(String, Value)>,
    /// The role in which the person decides.
    pub role: String,
    /// Ordinal of the opening.
    pub opening: u32,
    /// Since when it waits, milliseconds since 1970.
    pub since: u64,
    /// The time limit of the step.
    pub limit: Option<Limit>,
    /// What is asked.
    pub data: Vec<Requested>,
    /// The outcomes.
    pub choices: Vec<Choice>,
    /// Notes of those who sent the work back.
    pub notes: Vec<String>,
    /// What was done, latest last.
    pub acts: Vec<Act>,
    /// What was refused, latest last.
    pub refusals: Vec<Refusal>,
    /// The steps.
    pub nodes: Vec<Node>,
    /// Digest of what the decision rests on.
    pub digest: String,
}

/// A person's decision.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The step.
    pub step: String,
    /// The outcome.
    pub outcome: String,
    /// The reason.
    pub notes: Option<String>,
    /// Digest of the request as it was drawn.
    pub digest: String,
    /// Id of the passkey that signed, and its credential afterwards. None if the decision rests on the login of the session.
    pub passkey: Option<(String, serde_json::Value)>,
    /// What proves the decision, for the entry.
    pub approval: Approval,
}

/// A recorded decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Index of its entry.
    pub index: u64,
    /// Whether it takes effect only when the actions under way have ended.
    pub pending: bool,
}

impl Orchestrator {
    /// What waits for a person, oldest first.
    ///
    /// # Errors
    /// The session ended, or the store failed.
    pub async fn waiting(&self, caller: Caller) -> Result<Vec<Waiting>, Fault> {
        let found = self.command(caller, |tx, caller| {
            let mut found = Vec::new();
            for run in tx.open_runs()? {
                let offers = offers(tx, caller, &run)?;
                if offers.is_empty() {
                    continue;
                }
                if let Some(open) = tx.run(&run)? {
                    let (machine, state) = (Arc::clone(&open.machine), &open.state);
                    let shadow = open.mode() == Mode::Shadow;
                    let told = |offer: Offer| {
                        let params =
                            if offer.withheld { Vec::new() } else { parameters(machine.workflow(), state) };
                        let limit = limit(&machine, state, &offer.step);
                        (offer, params, limit)
                    };
                    let told: Vec<_> = offers.into_iter().map(told).collect();
                    found.push((run, shadow, machine, told));
                }
                if found.len() >= LISTED {
                    break;
                }
            }
            Ok(found)
        });
        let mut waiting = Vec::new();
        for (run, shadow, machine, told) in found.await? {
            let past = self.past(&run, &machine).await?;
            waiting.extend(told.into_iter().map(|(offer, params, limit)| Waiting {
                run: run.clone(),
                shadow,
                workflow: machine.workflow().name.clone(),
                since: past.opened(&offer.step, offer.opening),
                started_by: past.started_by.clone(),
                step: offer.step,
                role: offer.role,
                params,
                limit,
            }));
        }
        waiting.sort_by_key(|waiting| waiting.since);
        Ok(waiting)
    }

    /// How many decisions the person has taken today (UTC).
    ///
    /// # Errors
    /// The session ended, or the store failed.
    pub async fn decided_today(&self, caller: Caller) -> Result<u64, Fault> {
        self.command(caller, |tx, caller| {
            let what = count("day", tx.now / DAY, caller);
            Ok(tx.counter(NO_RUN, &what)?.unwrap_or_default())
        })
        .await
    }

    /// What the log says of a run. Read beside the writer, since a log may be long.
    async fn past(&self, run: &str, machine: &Arc<Machine>) -> Result<Past, Fault> {
        let (run, machine) = (run.to_owned(), Arc::clone(machine));
        Ok(self.store.read(move |rows| Past::read(rows, machine.workflow(), &run)).await?)
    }

    /// A request, with every value whole. This is the view of what is judged, and is recorded as such.
    ///
    /// # Errors
    /// Nothing waits for the caller there.
    pub async fn pictured(&self, caller: Caller, run: &str, step: &str) -> Result<Pictured, Fault> {
        let (id, step) = (run.to_owned(), step.to_owned());
        let seen = self.command(caller, move |tx, caller| {
            let before = offer(tx, caller, &id, &step)?;
            let (data, digest) = basis(tx, caller, &id, &before)?;
            tx.set_counter(&id, &opened(caller, &step, &digest), 1)?;
            // The view may have given the caller the role, so that less is withheld.
            let offer = offer(tx, caller, &id, &step)?;
            let found = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            let run = summary(&id, found);
            Ok((offer, data, digest, run, found.state.clone(), Arc::clone(&found.machine)))
        });
        let (offer, data, digest, summary, state, machine) = seen.await?;
        let past = self.past(run, &machine).await?;
        let (workflow, withheld) = (machine.workflow(), offer.withheld);
        Ok(Pictured {
            run: summary,
            doc: workflow.doc.clone(),
            started_by: past.started_by.clone(),
            params: if withheld { Vec::new() } else { parameters(workflow, &state) },
            role: offer.role.clone(),
            opening: offer.opening,
            since: past.opened(&offer.step, offer.opening),
            limit: limit(&machine, &state, &offer.step),
            data: data.into_iter().map(|shown| past.authored(workflow, shown)).collect(),
            choices: choices(workflow, &offer),
            notes: offer.notes,
            acts: if withheld { Vec::new() } else { latest(past.acts) },
            refusals: if withheld { Vec::new() } else { latest(past.refusals) },
            nodes: nodes(&machine, &state),
            digest,
        })
    }

    /// The digest of a request as it is now; `None` if nothing waits for the caller there any more. Not a view.
    ///
    /// # Errors
    /// The session ended, or the store failed.
    pub async fn standing(&self, caller: Caller, run: &str, step: &str) -> Result<Option<String>, Fault> {
        let (id, step) = (run.to_owned(), step.to_owned());
        self.command(caller, move |tx, caller| {
            let offers = offers(tx, caller, &id)?;
            let Some(offer) = offers.into_iter().find(|offer| offer.step == step) else { return Ok(None) };
            let data = data_of(tx, &id, &offer)?;
            Ok(Some(digest(tx, &id, &offer, &data)?))
        })
        .await
    }

    /// The state of a run in which the caller has a role, and its steps.
    ///
    /// # Errors
    /// The caller has no role in such a run.
    pub async fn drawn(&self, caller: Caller, run: &str) -> Result<(RunSummary, Vec<Node>), Fault> {
        let id = run.to_owned();
        self.command(caller, move |tx, caller| {
            let mine = actor(tx, caller, &id)?;
            let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            if !run.machine.workflow().roles.iter().any(|role| mine.roles.contains(&role.name)) {
                return Err(Fault::unknown("run").into());
            }
            Ok((summary(&id, run), nodes(&run.machine, &run.state)))
        })
        .await
    }

    /// Records a person's decision. The digest of what it rests on is computed again from the stored state.
    ///
    /// # Errors
    /// The refusal.
    pub async fn decide_shown(&self, caller: Caller, run: &str, decision: Decision) -> Result<Judged, Fault> {
        let id = run.to_owned();
        let Decision { step, outcome, notes, digest: drawn, passkey, approval } = decision;
        let notes = match notes.map(|notes| xp_scope::neutralise(&notes, MAX_NOTES)).transpose() {
            Ok(notes) => notes,
            Err(error) => return Err(Fault::refused(RefusalCode::BadValue, format!("`notes`: {error}"))),
        };
        self.command(caller, move |tx, caller| {
            match passkey {
                Some((id, credential)) => used(tx, caller.name(), &id, credential)?,
                None => suffices(tx, caller, &approval)?,
            }
            let decision = Decided { step, outcome, notes, digest: drawn };
            judge(tx, caller, &id, decision, &approval)
        })
        .await
    }
}

/// A decision with everything but what proves it.
pub(super) struct Decided {
    pub step: String,
    pub outcome: String,
    pub notes: Option<String>,
    pub digest: String,
}

/// The request of a step as it waits for the caller now, with the digest of what a decision on it rests on.
pub(super) fn waits(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    step: &str,
) -> Result<Option<(Offer, String)>, Fault> {
    let Some(offer) = offers(tx, caller, id)?.into_iter().find(|offer| offer.step == step) else {
        return Ok(None);
    };
    let data = data_of(tx, id, &offer)?;
    let digest = digest(tx, id, &offer, &data)?;
    Ok(Some((offer, digest)))
}

/// The name under which it is kept that a person opened a request.
pub(super) fn opened(caller: &Caller, step: &str, digest: &str) -> String {
    json!(["opened", caller.name(), step, digest]).to_string()
}

/// Records a decision whose proof was checked.
pub(super) fn judge(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    decision: Decided,
    approval: &Approval,
) -> Result<Judged, Stop> {
    let Decided { step, outcome, notes, digest: drawn } = decision;
    if waits(tx, caller, id, &step)?.is_none_or(|(_, now)| now != drawn) {
        let why = "what you decided on is not what waits now: open the request again";
        return Err(refuse(tx, id, caller.name(), Refused::new(RefusalCode::NotShown, why)));
    }
    let (hour, day) = (count("hour", tx.now / HOUR, caller), count("day", tx.now / DAY, caller));
    let taken = tx.counter(NO_RUN, &hour)?.unwrap_or_default();
    if taken >= tx.rules().decisions_per_hour {
        let why = format!(
            "you took {taken} decisions in this hour, which is all that may be; others can decide, or you later"
        );
        return Err(refuse(tx, id, caller.name(), Refused::new(RefusalCode::TooMany, why)));
    }
    let asked = declined::name(tx, id, &step)?;
    let (actor, to) = (actor(tx, caller, id)?, step.clone());
    let event = Event::Judge { actor, step: to, outcome: outcome.clone(), notes };
    let facts = Facts::from([(approval::FACT.to_owned(), json!(approval))]);
    let question = Question { principal: Some(caller.name()), facts, ..Question::own(id, event) };
    let decided = decide(tx, question)?;
    if !matches!(decided.accepted, Accepted::Voted { .. }) {
        match led(tx, id, &step, &outcome)? {
            Some(Then::Settle) => sums::count(tx, id, &step, &outcome)?,
            Some(Then::Reopen(_)) => asked.map_or(Ok(()), |asked| tx.set_counter(id, &asked, 1))?,
            Some(Then::End) | None => {}
        }
    }
    if let Some(step) = tx.run(id)?.and_then(|run| run.machine.step_named(&step)) {
        follow(tx, id, step)?;
    }
    for what in [hour, day] {
        let taken = tx.counter(NO_RUN, &what)?.unwrap_or_default();
        tx.set_counter(NO_RUN, &what, taken.saturating_add(1))?;
    }
    let pending = matches!(decided.accepted, Accepted::Closing { .. });
    Ok(Judged { index: decided.index, pending })
}

/// What an outcome leads to.
fn led(tx: &mut Tx<'_>, id: &str, step: &str, outcome: &str) -> Result<Option<Then>, StoreError> {
    let Some(run) = tx.run(id)? else { return Ok(None) };
    let found = run.machine.workflow().steps.iter().find(|declared| declared.name == step);
    let found = found.and_then(|step| step.outcomes.iter().find(|one| one.name == outcome));
    Ok(found.map(|outcome| outcome.then))
}

/// The parameters of a run, by name.
fn parameters(workflow: &Workflow, state: &State) -> Vec<(String, Value)> {
    let params = workflow.params.iter().zip(state.params());
    params.map(|(param, value)| (param.name.clone(), value.clone())).collect()
}

/// The name of a count of decisions.
fn count(unit: &str, number: u64, caller: &Caller) -> String {
    json!(["decided", unit, number, caller.name()]).to_string()
}

/// The offers with an outcome that the caller can choose.
fn offers(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Vec<Offer>, Fault> {
    let covered = Covered { run: Some(id), principal: Some(caller.name()), ..Covered::default() };
    if stopped(tx, covered)?.is_some() {
        return Ok(Vec::new());
    }
    let (mine, rules) = (actor(tx, caller, id)?, tx.rules());
    let may_take = |role: &str| rules.roster.plays(&mine.principal.controller, role);
    let Some(run) = tx.run(id)? else { return Ok(Vec::new()) };
    let mut offers = run.machine.offers(&run.state, &mine, &may_take);
    offers.retain(|offer| !offer.outcomes.is_empty());
    Ok(offers)
}

fn offer(tx: &mut Tx<'_>, caller: &Caller, id: &str, step: &str) -> Result<Offer, Stop> {
    let mut offers = offers(tx, caller, id)?.into_iter();
    offers.find(|offer| offer.step == step).ok_or_else(|| Fault::unknown("request").into())
}

/// The names of the data that the outcomes are about.
fn names(offer: &Offer) -> Vec<String> {
    let mut names: Vec<String> = offer.outcomes.iter().filter_map(|outcome| outcome.of.clone()).collect();
    names.sort();
    names.dedup();
    names
}

type Data = Vec<(String, Option<(Datum, Value, String)>)>;

/// The data that the outcomes are about, as stored.
fn data_of(tx: &mut Tx<'_>, id: &str, offer: &Offer) -> Result<Data, Fault> {
    let found = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let one = |name: String| {
        let datum = found.machine.datum_named(&name);
        let value = datum.and_then(|datum| {
            let value = found.machine.value(&found.state, &datum)?.clone();
            let digest = value.digest().to_string();
            Some((datum, value, digest))
        });
        (name, value)
    };
    Ok(names(offer).into_iter().map(one).collect())
}

/// Digest of what a decision rests on.
fn digest(tx: &mut Tx<'_>, id: &str, offer: &Offer, data: &Data) -> Result<String, Fault> {
    let found = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let data: Vec<_> =
        data.iter().map(|(name, value)| (name, value.as_ref().map(|value| &value.2))).collect();
    let outcomes: Vec<_> = offer
        .outcomes
        .iter()
        .map(|one| (&one.outcome, &one.of, one.evidence, &one.judged, one.needed))
        .collect();
    let mut text = vec![
        json!("xp-approval-v1"),
        json!(id),
        json!(found.artifact.to_string()),
        json!(offer.step),
        json!(offer.role),
        json!(offer.opening),
        json!(outcomes),
        json!(data),
        json!(found.state.params()),
    ];
    // What was drawn says so.
    if found.mode() == Mode::Shadow {
        text.push(json!("shadow"));
    }
    Ok(Digest::of(json!(text).to_string().as_bytes()).to_string())
}

/// Shows the data of a request and returns them with the digest.
fn basis(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    offer: &Offer,
) -> Result<(Vec<ShownDatum>, String), Stop> {
    let data = data_of(tx, id, offer)?;
    let digest = digest(tx, id, offer, &data)?;
    let mut shown = Vec::new();
    for (name, value) in data {
        let Some((datum, ..)) = value else { continue };
        let seen = view_in(tx, caller, id, &offer.step, &name)?;
        shown.push((name, datum, seen.value, seen.digest));
    }
    Ok((shown, digest))
}
