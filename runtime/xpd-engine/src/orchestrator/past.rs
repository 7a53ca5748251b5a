//! What the log says of a run: who did what, what was refused, and who made a value.

use std::collections::BTreeMap;

use serde::Deserialize;
use xp_artifact::workflow::{Datum, Root, Workflow};
use xp_machine::{Accepted, Change, Event, Input};
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, LogEntry, Part, Verdict};
use xpd_store::{Read, StoreError};

use super::decide::changes;

/// Acts and refusals of a run that are drawn; the latest.
const DRAWN: usize = 50;

/// A datum that was shown: its name, what it is, its value and the digest of that.
pub(super) type ShownDatum = (String, Datum, Value, String);

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

/// What the log says of a run.
#[derive(Default)]
pub(super) struct Past {
    pub started_by: String,
    began: u64,
    opened: BTreeMap<(String, u32), u64>,
    submitted: BTreeMap<(String, String), String>,
    pub acts: Vec<Act>,
    pub refusals: Vec<Refusal>,
}

impl Past {
    pub fn read(rows: &dyn Read, workflow: &Workflow, id: &str) -> Result<Self, StoreError> {
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
        for change in changes(accepted) {
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
    pub fn opened(&self, step: &str, opening: u32) -> u64 {
        self.opened.get(&(step.to_owned(), opening)).copied().unwrap_or(self.began)
    }

    pub fn authored(&self, workflow: &Workflow, (name, datum, value, digest): ShownDatum) -> Requested {
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
pub(super) fn latest<T>(mut all: Vec<T>) -> Vec<T> {
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
