//! A claimed action ends: done, not done, or nobody knows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xp_machine::{Accepted, Change, Event};
use xp_scope::Value;

use super::Orchestrator;
use super::decide::{Question, changes, decide, follow};
use super::permit::Spent;
use crate::fault::{Fault, Refused};
use crate::store::{GrantRow, StoreError, Tx};
use xpd_proxy::hooks::CrashAt;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was carried out and this came back.
    Done(Value),
    /// It was not carried out.
    Failed {
        /// Provably nothing was sent, or the answer is definitive: the use comes back.
        returned: bool,
        /// Why.
        reason: String,
        /// Status of the other side, if it answered.
        status: Option<u16>,
    },
    /// Nobody knows.
    Unknown(String),
}

/// The answer to a use. Kept for its repetition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What came back.
    pub result: Option<Value>,
    /// It counts as evidence of the step's current opening.
    pub bound: bool,
    /// Why it was not carried out.
    pub failure: Option<Failure>,
    /// The entry about it.
    pub index: u64,
    /// The answer to an earlier request.
    #[serde(default)]
    pub replayed: bool,
}

/// Why an action was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `connector_failed`, `connector_refused` or `in_doubt`.
    pub code: String,
    /// In words.
    pub reason: String,
    /// Status of the other side, if it answered.
    pub status: Option<u16>,
}

impl Orchestrator {
    /// Records how an action ended. The answer is given only after that.
    ///
    /// # Errors
    /// The store cannot; the action is then in doubt after the next start.
    pub async fn end(&self, spent: Spent, ending: Ending) -> Result<Answer, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let hooks = self.hooks;
        let Spent { run: id, jti, step, .. } = spent;
        self.store
            .insist(move |tx| {
                let answer = record(tx, &limiter, &id, &jti, ending)?;
                follow(tx, &limiter, &id, step)?;
                if hooks.at(CrashAt::BeforeRecord) {
                    tx.crash();
                }
                Ok(answer)
            })
            .await
    }
}

fn record(
    tx: &mut Tx<'_>,
    limiter: &std::sync::Mutex<super::Limiter>,
    id: &str,
    jti: &str,
    ending: Ending,
) -> Result<Answer, Fault> {
    let row = tx.grant(jti)?.ok_or_else(|| Fault::unknown("grant"))?;
    let ask = |tx: &mut Tx<'_>, event: Event| {
        decide(tx, limiter, Question { run: id, principal: None, leased_by: None, by: None, event })
    };
    let doubt = |reason: String| Failure { code: "in_doubt".to_owned(), reason, status: None };
    let jti = jti.to_owned();
    match ending {
        Ending::Done(result) => {
            let event = Event::Complete { jti: jti.clone(), result: result.clone() };
            let decision = ask(tx, event)?;
            match decision.outcome {
                Ok(accepted) => {
                    tx.move_grant(&jti, &["claimed"], "done", Some(&result))?;
                    let index = decision.index.unwrap_or_default();
                    let answer = Answer {
                        result: Some(result),
                        bound: bound(&accepted),
                        failure: None,
                        index,
                        replayed: false,
                    };
                    settle_request(tx, &row, Some(&answer))?;
                    Ok(answer)
                }
                // It happened and what came back is not what was declared: a person must look.
                Err(refused) => {
                    let decision = ask(tx, Event::Doubt { jti: jti.clone() })?;
                    tx.move_grant(&jti, &["claimed"], "in_doubt", None)?;
                    let failure = Some(doubt(refused.reason));
                    let index = decision.index.unwrap_or_default();
                    Ok(Answer { result: None, bound: false, failure, index, replayed: false })
                }
            }
        }
        Ending::Failed { returned, reason, status } => {
            let decision = ask(tx, Event::Fail { jti: jti.clone(), returned })?;
            accepted(decision.outcome)?;
            tx.move_grant(&jti, &["claimed"], "failed", None)?;
            let code = if status.is_some() { "connector_refused" } else { "connector_failed" };
            let failure = Some(Failure { code: code.to_owned(), reason, status });
            let index = decision.index.unwrap_or_default();
            let answer = Answer { result: None, bound: false, failure, index, replayed: false };
            settle_request(tx, &row, Some(&answer))?;
            Ok(answer)
        }
        Ending::Unknown(reason) => {
            let decision = ask(tx, Event::Doubt { jti: jti.clone() })?;
            accepted(decision.outcome)?;
            tx.move_grant(&jti, &["claimed"], "in_doubt", None)?;
            let index = decision.index.unwrap_or_default();
            Ok(Answer { result: None, bound: false, failure: Some(doubt(reason)), index, replayed: false })
        }
    }
}

/// Resolves a doubt.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    limiter: &std::sync::Mutex<super::Limiter>,
    row: &GrantRow,
    result: Option<Value>,
    by: Option<&str>,
) -> Result<Result<Answer, Refused>, Fault> {
    let event = Event::Resolve { jti: row.jti.clone(), result: result.clone() };
    let question = Question { run: &row.run, principal: None, leased_by: None, by, event };
    let decision = decide(tx, limiter, question)?;
    let accepted = match decision.outcome {
        Ok(accepted) => accepted,
        // What was found or said is not of the declared type: it stays in doubt.
        Err(refused) => return Ok(Err(refused)),
    };
    let to = if result.is_some() { "done" } else { "failed" };
    tx.move_grant(&row.jti, &["in_doubt"], to, result.as_ref())?;
    let failure = result.is_none().then(|| Failure {
        code: "connector_failed".to_owned(),
        reason: "it was not carried out".to_owned(),
        status: None,
    });
    let index = decision.index.unwrap_or_default();
    let answer = Answer { bound: bound(&accepted), result, failure, index, replayed: false };
    settle_request(tx, row, Some(&answer))?;
    follow(tx, limiter, &row.run, xp_artifact::workflow::StepId(row.step_id))?;
    Ok(Ok(answer))
}

fn accepted(outcome: Result<Accepted, Refused>) -> Result<Accepted, Fault> {
    outcome.map_err(|refused| {
        Fault::Store(StoreError::Broken(format!(
            "the machine refused the end of an action: {}",
            refused.reason
        )))
    })
}

/// Whether it counts: not if the run was over or the step reopened meanwhile.
fn bound(accepted: &Accepted) -> bool {
    let over = changes(accepted).iter().any(|change| matches!(change, Change::RunKilled));
    matches!(accepted, Accepted::Ended { bound: true, .. }) && !over
}

fn settle_request(tx: &mut Tx<'_>, row: &GrantRow, answer: Option<&Answer>) -> Result<(), StoreError> {
    let Some(request) = &row.request else { return Ok(()) };
    match answer {
        Some(answer) => {
            // The digest stands since the claim.
            tx.remember(&row.run, &row.key, request, "", Some(&serde_json::to_vec(answer)?))
        }
        None => tx.forget_request(&row.run, &row.key, request),
    }
}
