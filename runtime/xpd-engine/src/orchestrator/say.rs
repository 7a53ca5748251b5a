//! Submissions and judgements.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use xp_machine::{Accepted, Actor, Event, Machine};
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_proxy::{Fault, Refused};

use super::Orchestrator;
use super::caller::{Caller, actor, binding};
use super::decide::{Question, decide, follow, on_record, refuse};
use super::declined;
use super::in_order;
use super::repeat::Request;

/// Submissions of a principal per opening of a step. Each is stored.
const MAX_SUBMISSIONS: u64 = 100;

/// Upper bound on the notes of a judgement, in bytes.
pub(super) const MAX_NOTES: usize = 16_384;

/// A submission.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The step.
    pub step: String,
    /// Name of the submission.
    pub name: String,
    /// Value.
    pub value: Value,
    /// Idempotency key of the request.
    pub request_id: Option<String>,
}

/// A judgement of an outcome by a role.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The step.
    pub step: String,
    /// The outcome.
    pub outcome: String,
    /// Notes for the roles whose step is reopened.
    pub notes: Option<String>,
    /// Idempotency key of the request.
    pub request_id: Option<String>,
}

/// An accepted submission or judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Index of its log entry.
    pub index: u64,
    /// Whether it takes effect only when the actions under way have ended.
    pub pending: bool,
    /// Whether this is the stored answer to an earlier request.
    pub replayed: bool,
}

impl Orchestrator {
    /// Makes a submission.
    ///
    /// # Errors
    /// The refusal.
    pub async fn submit(&self, caller: Caller, run: &str, ask: Submission) -> Result<Said, Fault> {
        let Submission { step, name, value, request_id } = ask;
        let asked = json!(["submit", step, name, value]);
        let to = step.clone();
        let event = move |machine: &Machine, actor| {
            let value = in_order::submission(machine, &to, &name, value);
            Event::Submit { actor, step: to, name, value }
        };
        self.say(caller, run, &step, asked, request_id, event).await
    }

    /// Judges an outcome.
    ///
    /// # Errors
    /// The refusal.
    pub async fn judge(&self, caller: Caller, run: &str, ask: Judgement) -> Result<Said, Fault> {
        let Judgement { step, outcome, notes, request_id } = ask;
        let notes = match notes.map(|notes| xp_scope::neutralise(&notes, MAX_NOTES)).transpose() {
            Ok(notes) => notes,
            Err(error) => return Err(Fault::refused(RefusalCode::BadValue, format!("`notes`: {error}"))),
        };
        let asked = json!(["judge", step, outcome, notes]);
        let to = step.clone();
        let event = move |_: &Machine, actor| Event::Judge { actor, step: to, outcome, notes };
        self.say(caller, run, &step, asked, request_id, event).await
    }

    async fn say(
        &self,
        caller: Caller,
        run: &str,
        step: &str,
        asked: serde_json::Value,
        request_id: Option<String>,
        event: impl FnOnce(&Machine, Actor) -> Event + Send + 'static,
    ) -> Result<Said, Fault> {
        let (id, step) = (run.to_owned(), step.to_owned());
        self.command(caller, move |tx, caller| {
            let request = Request::new(&id, request_id, &asked);
            match request.before::<Said>(tx, caller) {
                Ok(None) => {}
                Ok(Some(before)) => return Ok(Said { replayed: true, ..before }),
                Err(stop) => return Err(on_record(tx, &id, caller.name(), stop)),
            }
            if caller.by_token().is_some() {
                let why =
                    "the session of a workload is good for actions alone: it submits and judges nothing";
                return Err(refuse(tx, &id, caller.name(), Refused::new(RefusalCode::NotAllowed, why)));
            }
            let actor = actor(tx, caller, &id)?;
            let machine = Arc::clone(&tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?.machine);
            let event = event(&machine, actor);
            let submits = matches!(event, Event::Submit { .. });
            let tries = json!(["submit", caller.name(), step, tx.opening(&id, &step)?]).to_string();
            let count = tx.counter(&id, &tries)?.unwrap_or_default();
            if submits && count >= MAX_SUBMISSIONS {
                let reason =
                    format!("{count} times were handed in to this opening, which is all that may be");
                return Err(refuse(tx, &id, caller.name(), Refused::new(RefusalCode::TooMany, reason)));
            }
            if submits && let Some(refused) = declined::again(tx, &id, &event)? {
                return Err(refuse(tx, &id, caller.name(), refused));
            }
            let (principal, facts) = (Some(caller.name()), binding(tx, caller));
            let question = Question { principal, facts, ..Question::own(&id, event) };
            let decided = decide(tx, question)?;
            if submits {
                tx.set_counter(&id, &tries, count + 1)?;
            }
            let pending = matches!(decided.accepted, Accepted::Closing { .. });
            let said = Said { index: decided.index, pending, replayed: false };
            request.answered(tx, caller, &said)?;
            let found = tx.run(&id)?.and_then(|run| run.machine.step_named(&step));
            if let Some(step) = found {
                follow(tx, &id, step)?;
            }
            Ok(said)
        })
        .await
    }
}
