//! What a role says: submissions, judgements.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use xp_machine::{Accepted, Event};
use xp_scope::{Digest, Value};

use super::Orchestrator;
use super::caller::{Caller, admit};
use super::decide::{Question, decide, follow, refuse};
use super::repeat::{Repeated, begin, end};
use crate::fault::{Fault, Refused};

/// How often a principal may hand something in, in one opening of a step: each is kept.
const MAX_SUBMISSIONS: u64 = 100;

/// Longest notes that are looked at.
const MAX_NOTES: usize = 16_384;

/// Something handed in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The step.
    pub step: String,
    /// Its name.
    pub name: String,
    /// The value.
    pub value: Value,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// A decision of a role.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The step.
    pub step: String,
    /// The outcome.
    pub outcome: String,
    /// For those to whom the work goes back.
    pub notes: Option<String>,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// It was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The entry about it.
    pub index: u64,
    /// It takes effect when what is under way has ended.
    pub pending: bool,
    /// The answer to an earlier request.
    pub replayed: bool,
}

impl Orchestrator {
    /// Hands something in.
    ///
    /// # Errors
    /// It is refused.
    pub async fn submit(&self, caller: Caller, run: &str, ask: Submission) -> Result<Said, Fault> {
        let actor = caller.actor.clone();
        let Submission { step, name, value, request_id } = ask;
        let asked = json!(["submit", step, name, value]).to_string();
        let event = Event::Submit { actor, step: step.clone(), name, value };
        self.say(caller, run, &step, asked, request_id, event).await
    }

    /// Decides an outcome.
    ///
    /// # Errors
    /// It is refused.
    pub async fn judge(&self, caller: Caller, run: &str, ask: Judgement) -> Result<Said, Fault> {
        let actor = caller.actor.clone();
        let Judgement { step, outcome, notes, request_id } = ask;
        let notes = match notes.map(|notes| xp_scope::neutralise(&notes, MAX_NOTES)).transpose() {
            Ok(notes) => notes,
            Err(error) => return Err(Fault::refused("bad_value", format!("`notes`: {error}"))),
        };
        let asked = json!(["judge", step, outcome, notes]).to_string();
        let event = Event::Judge { actor, step: step.clone(), outcome, notes };
        self.say(caller, run, &step, asked, request_id, event).await
    }

    async fn say(
        &self,
        caller: Caller,
        run: &str,
        step: &str,
        asked: String,
        request_id: Option<String>,
        event: Event,
    ) -> Result<Said, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let (id, step) = (run.to_owned(), step.to_owned());
        let outcome: Result<Result<Said, Refused>, Fault> = self
            .store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                let digest = Digest::of(asked.as_bytes()).to_string();
                match begin::<Said>(tx, &id, &caller, request_id.as_deref(), &digest)? {
                    Repeated::New => {}
                    Repeated::Answered(before) => return Ok(Ok(Said { replayed: true, ..before })),
                    Repeated::Refused(refused) => return refuse(tx, &limiter, &id, caller.name(), refused),
                }
                let submits = matches!(event, Event::Submit { .. });
                let tries = json!(["submit", caller.name(), step, tx.opening(&id, &step)?]).to_string();
                let count = tx.tally(&id, &tries)?.unwrap_or_default();
                if submits && count >= MAX_SUBMISSIONS {
                    let reason =
                        format!("{count} times were handed in to this opening, which is all that may be");
                    let refused = Refused::new("too_many", reason);
                    return refuse(tx, &limiter, &id, caller.name(), refused);
                }
                let question =
                    Question { run: &id, principal: Some(caller.name()), leased_by: None, by: None, event };
                let decision = decide(tx, &limiter, question)?;
                let accepted = match decision.outcome {
                    Ok(accepted) => accepted,
                    Err(refused) => return Ok(Err(refused)),
                };
                if submits {
                    tx.set_tally(&id, &tries, count + 1)?;
                }
                let pending = matches!(accepted, Accepted::Closing { .. });
                let said = Said { index: decision.index.unwrap_or_default(), pending, replayed: false };
                end(tx, &id, &caller, request_id.as_deref(), &digest, &said)?;
                let found = tx.run(&id)?.and_then(|run| run.machine.step_named(&step));
                if let Some(step) = found {
                    follow(tx, &limiter, &id, step)?;
                }
                Ok(Ok(said))
            })
            .await;
        Ok(outcome??)
    }
}
