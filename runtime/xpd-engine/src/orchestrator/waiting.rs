//! What waits for a person: the list, one request with everything that its decision rests on, and the decision, which is bound to
//! the digest of what was drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use xp_artifact::print;
use xp_artifact::workflow::{Atom, Datum, Formula, OutcomeIx, Root, Step, StepId, Then, Workflow};
use xp_machine::state::StepState;
use xp_machine::{Accepted, Change, Event, Input, Machine, Offer, State, Status};
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts, LogEntry, Part, Verdict};
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{Read, StoreError};

use super::Orchestrator;
use super::caller::{Caller, actor};
use super::decide::{Question, decide, follow, refuse};
use super::look::{RunSummary, summary};
use super::people::used;
use super::say::MAX_NOTES;
use super::stops::{Covered, stopped};
use super::view::view_in;
use crate::memory::Tx;

/// Requests in a list.
const LISTED: usize = 200;
/// Acts and refusals of a run that are drawn; the latest.
const DRAWN: usize = 50;

/// A request that waits for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The run.
    pub run: String,
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
}

/// Who made a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// Whoever started the run.
    Starter(String),
    /// A principal handed it in.
    Principal(String),
    /// It came back from an action at a connector instance.
    Upstream(String),
}

/// A datum on which an outcome is decided, as it was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Requested {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Digest of the value.
    pub digest: String,
    /// Who made it.
    pub author: Author,
}

/// What an outcome leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// The step ends with it.
    On,
    /// An earlier step is opened again.
    Back,
    /// The run ends.
    End,
}

/// An outcome that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Its name.
    pub outcome: String,
    /// The datum that it is about.
    pub of: Option<String>,
    /// Whether the evidence that it needs is there.
    pub evidence: bool,
    /// Who has judged so already; their judgements wait for more.
    pub judged: Vec<String>,
    /// How many people have to judge so.
    pub needed: u32,
    /// What it leads to.
    pub leads: Leads,
    /// The steps that wait for it, or that it opens again.
    pub next: Vec<String>,
}

/// Something that was done in the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// By whom.
    pub who: String,
    /// What: a qualified action, or words.
    pub what: String,
    /// Arguments, results, notes: each with its name.
    pub values: Vec<(String, Value)>,
}

/// Something that was refused in the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// To whom.
    pub who: String,
    /// What was asked.
    pub what: String,
    /// Code.
    pub code: RefusalCode,
    /// Why.
    pub reason: String,
}

/// A step of the run as it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// Whether it is open.
    pub open: bool,
    /// Ordinal of its latest opening.
    pub opening: u32,
    /// The outcome with which it settled.
    pub outcome: Option<String>,
    /// Judgements that wait for more of them: outcome, how many, how many are needed.
    pub judged: Vec<(String, u32, u32)>,
    /// The steps that it waits for, by index.
    pub after: Vec<usize>,
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
    /// Id of the passkey that signed, and its credential afterwards.
    pub passkey: (String, serde_json::Value),
    /// What proves the decision, for the entry.
    pub proof: serde_json::Value,
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
                let machine = tx.run(&run)?.map(|run| Arc::clone(&run.machine));
                if let (false, Some(machine)) = (offers.is_empty(), machine) {
                    found.push((run, machine, offers));
                }
                if found.len() >= LISTED {
                    break;
                }
            }
            Ok(found)
        });
        let mut waiting = Vec::new();
        for (run, machine, offers) in found.await? {
            let past = self.past(&run, &machine).await?;
            waiting.extend(offers.into_iter().map(|offer| Waiting {
                run: run.clone(),
                workflow: machine.workflow().name.clone(),
                since: past.opened(&offer.step, offer.opening),
                started_by: past.started_by.clone(),
                step: offer.step,
                role: offer.role,
            }));
        }
        waiting.sort_by_key(|waiting| waiting.since);
        Ok(waiting)
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
            // The view may have given the caller the role, so that less is withheld.
            let offer = offer(tx, caller, &id, &step)?;
            let found = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            let run = summary(&id, found);
            Ok((offer, data, digest, run, found.state.clone(), Arc::clone(&found.machine)))
        });
        let (offer, data, digest, summary, state, machine) = seen.await?;
        let past = self.past(run, &machine).await?;
        let (workflow, withheld) = (machine.workflow(), offer.withheld);
        let params = workflow.params.iter().zip(state.params());
        let params = params.map(|(param, value)| (param.name.clone(), value.clone()));
        Ok(Pictured {
            run: summary,
            doc: workflow.doc.clone(),
            started_by: past.started_by.clone(),
            params: if withheld { Vec::new() } else { params.collect() },
            role: offer.role.clone(),
            opening: offer.opening,
            since: past.opened(&offer.step, offer.opening),
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
        let Decision { step, outcome, notes, digest: drawn, passkey, proof } = decision;
        let notes = match notes.map(|notes| xp_scope::neutralise(&notes, MAX_NOTES)).transpose() {
            Ok(notes) => notes,
            Err(error) => return Err(Fault::refused(RefusalCode::BadValue, format!("`notes`: {error}"))),
        };
        self.command(caller, move |tx, caller| {
            used(tx, caller.name(), &passkey.0, passkey.1)?;
            let offers = offers(tx, caller, &id)?;
            let now = match offers.into_iter().find(|offer| offer.step == step) {
                Some(offer) => {
                    let data = data_of(tx, &id, &offer)?;
                    Some(digest(tx, &id, &offer, &data)?)
                }
                None => None,
            };
            if now.as_ref() != Some(&drawn) {
                let why = "what you decided on is not what waits now: open the request again";
                return Err(refuse(tx, &id, caller.name(), Refused::new(RefusalCode::NotShown, why)));
            }
            let event = Event::Judge { actor: actor(tx, caller, &id)?, step: step.clone(), outcome, notes };
            let facts = Facts::from([("approval".to_owned(), proof)]);
            let question = Question { principal: Some(caller.name()), facts, ..Question::own(&id, event) };
            let decided = decide(tx, question)?;
            if let Some(step) = tx.run(&id)?.and_then(|run| run.machine.step_named(&step)) {
                follow(tx, &id, step)?;
            }
            let pending = matches!(decided.accepted, Accepted::Closing { .. });
            Ok(Judged { index: decided.index, pending })
        })
        .await
    }
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

/// A datum that was shown: its name, what it is, its value and the digest of that.
type ShownDatum = (String, Datum, Value, String);
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
    let outcomes: Vec<_> =
        offer.outcomes.iter().map(|outcome| (&outcome.outcome, &outcome.of, outcome.evidence)).collect();
    let text = json!([
        "xp-approval-v1",
        id,
        found.artifact.to_string(),
        offer.step,
        offer.role,
        offer.opening,
        outcomes,
        data,
        found.state.params(),
    ]);
    Ok(Digest::of(text.to_string().as_bytes()).to_string())
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

fn choices(workflow: &Workflow, offer: &Offer) -> Vec<Choice> {
    let Some(index) = workflow.steps.iter().position(|step| step.name == offer.step) else {
        return Vec::new();
    };
    let declared = workflow.steps.get(index).map(|step| step.outcomes.as_slice()).unwrap_or_default();
    let one = |offered: &xp_machine::OfferedOutcome| {
        let at = declared.iter().position(|outcome| outcome.name == offered.outcome)?;
        let atom = Atom { step: StepId::of(index), outcome: OutcomeIx::of(at) };
        let (leads, next) = match declared.get(at)?.then {
            Then::Settle => {
                let waits = workflow.steps.iter().filter(|step| mentions(&step.after, atom));
                (Leads::On, waits.map(|step| step.name.clone()).collect())
            }
            Then::End => (Leads::End, Vec::new()),
            Then::Reopen(by) => {
                let target =
                    workflow.loops.get(by.index()).and_then(|l| workflow.steps.get(l.target.index()));
                (Leads::Back, target.map(|step| step.name.clone()).into_iter().collect())
            }
        };
        let xp_machine::OfferedOutcome { outcome, of, evidence, judged, needed } = offered.clone();
        Some(Choice { outcome, of, evidence, judged, needed, leads, next })
    };
    offer.outcomes.iter().filter_map(one).collect()
}

fn atoms(formula: &Formula, found: &mut Vec<Atom>) {
    match formula {
        Formula::Is(atom) => found.push(*atom),
        Formula::Test(_) => {}
        Formula::All(all) | Formula::Any(all) => all.iter().for_each(|one| atoms(one, found)),
    }
}

fn mentions(formula: &Formula, atom: Atom) -> bool {
    let mut found = Vec::new();
    atoms(formula, &mut found);
    found.contains(&atom)
}

/// How often people have judged each way in this opening, where more of them are needed.
fn judged(step: &Step, now: &StepState) -> Vec<(String, u32, u32)> {
    let all = step.outcomes.iter().enumerate().filter_map(|(index, outcome)| {
        let cast = now.votes.iter().filter(|vote| vote.outcome == OutcomeIx::of(index)).count();
        let cast = u32::try_from(cast).unwrap_or(u32::MAX);
        (cast > 0).then(|| (outcome.name.clone(), cast, outcome.votes()))
    });
    all.collect()
}

fn nodes(machine: &Arc<Machine>, state: &State) -> Vec<Node> {
    let workflow = machine.workflow();
    let all = workflow.steps.iter().zip(state.steps()).enumerate().map(|(index, (step, now))| {
        let mut waits = Vec::new();
        atoms(&step.after, &mut waits);
        let mut after: Vec<usize> = waits.iter().map(|atom| atom.step.index()).collect();
        after.sort_unstable();
        after.dedup();
        let named = |outcome| print::atom(workflow, Atom { step: StepId::of(index), outcome });
        Node {
            name: step.name.clone(),
            role: workflow.roles.get(step.role.index()).map(|role| role.name.clone()).unwrap_or_default(),
            open: now.open && state.status() == Status::Running,
            opening: now.opening,
            outcome: now.settled.map(named),
            judged: judged(step, now),
            after,
        }
    });
    all.collect()
}

/// What the log says of a run.
#[derive(Default)]
struct Past {
    started_by: String,
    began: u64,
    opened: BTreeMap<(String, u32), u64>,
    submitted: BTreeMap<(String, String), String>,
    acts: Vec<Act>,
    refusals: Vec<Refusal>,
}

impl Past {
    fn read(rows: &dyn Read, workflow: &Workflow, id: &str) -> Result<Self, StoreError> {
        let (mut past, mut asked) = (Self::default(), BTreeMap::new());
        for row in rows.entries(id)? {
            let entry: LogEntry = serde_json::from_slice(&row.bytes)?;
            past.take(workflow, entry, &mut asked);
        }
        Ok(past)
    }

    fn take(&mut self, workflow: &Workflow, entry: LogEntry, asked: &mut BTreeMap<String, Act>) {
        let at = entry.ts_ms;
        match entry.body {
            Body::Opened { facts, .. } => {
                let by = facts.get("started_by");
                self.started_by = by.and_then(|by| by.as_str()).unwrap_or("?").to_owned();
                self.began = at;
            }
            Body::RefusedOutside { code, reason, facts } => {
                let who = facts.get("principal").and_then(|who| who.as_str()).unwrap_or("?").to_owned();
                self.refusals.push(Refusal { at, who, what: String::new(), code, reason });
            }
            Body::Decided(decision) => {
                let Part::Inline(input) = &decision.input else { return };
                let Ok(input) = Input::deserialize(input) else { return };
                match &decision.result {
                    Verdict::Accepted(Part::Inline(accepted)) => {
                        let Ok(accepted) = Accepted::deserialize(accepted) else { return };
                        self.changed(workflow, at, &accepted);
                        self.accepted(at, input.event, asked);
                    }
                    Verdict::Refused(Part::Inline(refusal)) => {
                        let Ok(refusal) = xp_machine::Refusal::deserialize(refusal) else { return };
                        let (who, what) = asker(&input.event);
                        self.refusals.push(Refusal {
                            at,
                            who,
                            what,
                            code: refusal.code,
                            reason: refusal.reason,
                        });
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn changed(&mut self, workflow: &Workflow, at: u64, accepted: &Accepted) {
        for change in super::decide::changes(accepted) {
            if let Change::Opened { step, opening } = change
                && let Some(step) = workflow.steps.get(step.index())
            {
                self.opened.insert((step.name.clone(), *opening), at);
            }
        }
    }

    fn accepted(&mut self, at: u64, event: Event, asked: &mut BTreeMap<String, Act>) {
        match event {
            Event::Request { jti, actor, action, args, .. } => {
                let values = args.into_iter().collect();
                asked.insert(jti, Act { at, who: actor.principal.name, what: action, values });
            }
            Event::Complete { jti, result } | Event::Resolve { jti, result: Some(result) } => {
                if let Some(mut act) = asked.remove(&jti) {
                    act.at = at;
                    act.values.push(("result".to_owned(), result));
                    self.acts.push(act);
                }
            }
            Event::Submit { actor, step, name, value } => {
                let (who, what) = (actor.principal.name, format!("handed in {name} of step {step}"));
                self.submitted.insert((step, name.clone()), who.clone());
                self.acts.push(Act { at, who, what, values: vec![(name, value)] });
            }
            Event::Judge { actor, step, outcome, notes } => {
                let values =
                    notes.map(|notes| ("notes".to_owned(), Value::Text(notes))).into_iter().collect();
                let what = format!("chose {outcome} of step {step}");
                self.acts.push(Act { at, who: actor.principal.name, what, values });
            }
            _ => {}
        }
    }

    /// When a step was opened; the start of the run for one that was open from the start.
    fn opened(&self, step: &str, opening: u32) -> u64 {
        self.opened.get(&(step.to_owned(), opening)).copied().unwrap_or(self.began)
    }

    fn authored(&self, workflow: &Workflow, (name, datum, value, digest): ShownDatum) -> Requested {
        let author = match datum.root {
            Root::Param(_) => Author::Starter(self.started_by.clone()),
            Root::Submission { step, submission } => {
                let step = workflow.steps.get(step.index());
                let key = step.and_then(|step| {
                    Some((step.name.clone(), step.submissions.get(submission.index())?.name.clone()))
                });
                let who = key.and_then(|key| self.submitted.get(&key).cloned());
                Author::Principal(who.unwrap_or_else(|| "?".to_owned()))
            }
            Root::Result { step, grant } => {
                let grant = workflow.steps.get(step.index()).and_then(|step| step.grants.get(grant.index()));
                let action = grant.and_then(|grant| workflow.actions.get(grant.action.index()));
                Author::Upstream(action.map(crate::registry::qualified).unwrap_or_default())
            }
        };
        Requested { name, value, digest, author }
    }
}

/// The last [`DRAWN`] of a list.
fn latest<T>(mut all: Vec<T>) -> Vec<T> {
    all.split_off(all.len().saturating_sub(DRAWN))
}

fn asker(event: &Event) -> (String, String) {
    match event {
        Event::Request { actor, action, .. } => (actor.principal.name.clone(), action.clone()),
        Event::Claim { actor, .. } => (actor.principal.name.clone(), "use of a grant".to_owned()),
        Event::Submit { actor, step, name, .. } => {
            (actor.principal.name.clone(), format!("handing in {name} of step {step}"))
        }
        Event::View { actor, step, .. } => (actor.principal.name.clone(), format!("a look in step {step}")),
        Event::Judge { actor, step, outcome, .. } => {
            (actor.principal.name.clone(), format!("{outcome} of step {step}"))
        }
        _ => ("the server".to_owned(), String::new()),
    }
}
