//! What the log says of a run: who did what, what was refused, and who made a value.

use std::collections::BTreeMap;

use serde::Deserialize;
use xp_artifact::workflow::{Datum, Root, Workflow};
use xp_machine::{Accepted, Change, Event, Input};
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, LogEntry, Part, Verdict};
use xpd_store::{Read, StoreError};

use super::changes::changes;

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

/// Something that was done in the run. Without arguments, results and notes: a person is shown by a step what the step names, as an agent
/// is, and the proofs about what reaches whom count on that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// By whom.
    pub who: String,
    /// What, in names of the workflow.
    pub what: String,
}

/// Something that was refused in the run; without words of whoever asked, for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When, milliseconds since 1970.
    pub at: u64,
    /// To whom.
    pub who: String,
    /// What was asked, in names of the workflow.
    pub what: String,
    /// Code.
    pub code: RefusalCode,
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
            Body::RefusedOutside { code, facts, .. } => {
                let who = facts.get("principal").and_then(|who| who.as_str()).unwrap_or("?").to_owned();
                self.refusals.push(Refusal { at, who, what: "something".to_owned(), code });
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
                        let (who, what) = asker(workflow, &input.event);
                        self.refusals.push(Refusal { at, who, what, code: refusal.code });
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
            Event::Request { jti, actor, action, .. } => {
                asked.insert(jti, Act { at, who: actor.principal.name, what: action });
            }
            Event::Complete { jti, .. } | Event::Resolve { jti, result: Some(_) } => {
                if let Some(act) = asked.remove(&jti) {
                    self.acts.push(Act { at, ..act });
                }
            }
            Event::Submit { actor, step, name, .. } => {
                let (who, what) = (actor.principal.name, format!("handed in {name} of step {step}"));
                self.submitted.insert((step, name), who.clone());
                self.acts.push(Act { at, who, what });
            }
            Event::Judge { actor, step, outcome, .. } => {
                let what = format!("chose {outcome} of step {step}");
                self.acts.push(Act { at, who: actor.principal.name, what });
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

/// Who asked, and for what. A name that the workflow does not have may be any text, and is not told.
fn asker(workflow: &Workflow, event: &Event) -> (String, String) {
    let named = |step: &str| workflow.steps.iter().find(|one| one.name == step);
    let (who, what) = match event {
        Event::Request { actor, action, .. } => {
            let known = workflow.actions.iter().map(crate::registry::qualified).find(|known| known == action);
            (actor, known)
        }
        Event::Claim { actor, .. } => (actor, Some("the use of a grant".to_owned())),
        Event::Submit { actor, step, name, .. } => {
            let known = named(step).filter(|step| step.submissions.iter().any(|one| one.name == *name));
            (actor, known.map(|step| format!("handing in {name} of step {}", step.name)))
        }
        Event::View { actor, step, .. } => {
            (actor, named(step).map(|step| format!("a look in step {}", step.name)))
        }
        Event::Judge { actor, step, outcome, .. } => {
            let known = named(step).filter(|step| step.outcomes.iter().any(|one| one.name == *outcome));
            (actor, known.map(|step| format!("{outcome} of step {}", step.name)))
        }
        _ => return ("the server".to_owned(), String::new()),
    };
    let unknown = || "something that the workflow does not have".to_owned();
    (who.principal.name.clone(), what.unwrap_or_else(unknown))
}
