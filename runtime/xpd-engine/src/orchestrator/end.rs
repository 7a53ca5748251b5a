//! The end of a claimed action: done, not done, or in doubt.

use xp_artifact::workflow::StepId;
use xp_machine::{Accepted, Change, Event};
use xp_scope::Value;
use xp_wire::RefusalCode;
use xpd_proxy::hooks::{CrashAt, Hooks};
use xpd_proxy::{Answer, Ending, Failure, Fault, Spent, Stop};
use xpd_store::{GrantRow, Phase, StoreError};

use super::changes::changes;
use super::decide::{Accepting, Question, decide, follow};
use super::{in_order, seat, shadow};
use crate::memory::Tx;

/// Records the end of an action. It is answered only after the commit.
pub(super) fn end(tx: &mut Tx<'_>, hooks: Hooks, spent: &Spent, ending: Ending) -> Result<Answer, Fault> {
    let answer = record(tx, spent, ending)?;
    seat::remember(tx, spent.jti(), answer.index)?;
    follow(tx, spent.run(), spent.step())?;
    if hooks.at(CrashAt::BeforeRecord) {
        tx.crash();
    }
    Ok(answer)
}

fn record(tx: &mut Tx<'_>, spent: &Spent, ending: Ending) -> Result<Answer, Fault> {
    let (id, jti) = (spent.run(), spent.jti());
    let row = tx.grant(jti)?.ok_or_else(|| Fault::unknown("grant"))?;
    match ending {
        Ending::Done(result) => {
            let result = in_order::result(tx, id, &row.action, result)?;
            let event = Event::Complete { jti: jti.to_owned(), result: result.clone() };
            match decide(tx, Question::own(id, event)) {
                Ok(Accepting { accepted, index }) => {
                    tx.move_grant(jti, Phase::Claimed, Phase::Done, Some(&result))?;
                    let bound = bound(&accepted);
                    let answer =
                        Answer { result: Some(result), bound, failure: None, index, replayed: false };
                    settle_request(tx, &row, &answer)?;
                    Ok(answer)
                }
                // The action was performed but its result does not have the declared type, so a person must
                // decide.
                Err(Stop::Refuse(refused)) => doubt(tx, id, jti, refused.reason),
                Err(Stop::Abort(fault)) => Err(fault),
            }
        }
        Ending::Failed { returned, reason, status } => {
            let index = must(decide(tx, Question::own(id, Event::Fail { jti: jti.to_owned(), returned })))?;
            tx.move_grant(jti, Phase::Claimed, Phase::Failed, None)?;
            let code = match status {
                Some(_) => RefusalCode::ConnectorRefused,
                None => RefusalCode::ConnectorFailed,
            };
            let answer = failed(Failure { code, reason, status }, index);
            settle_request(tx, &row, &answer)?;
            Ok(answer)
        }
        Ending::Stopped(reason) => {
            let event = Event::Fail { jti: jti.to_owned(), returned: true };
            let index = must(decide(tx, Question::own(id, event)))?;
            tx.move_grant(jti, Phase::Claimed, Phase::Failed, None)?;
            let answer = failed(Failure { code: RefusalCode::Killed, reason, status: None }, index);
            settle_request(tx, &row, &answer)?;
            Ok(answer)
        }
        Ending::Unknown(reason) => doubt(tx, id, jti, reason),
    }
}

/// Ends a use that was claimed in a shadow run and is not sent. It counts as used, as it would be if it were enforced.
pub(super) fn withheld(tx: &mut Tx<'_>, jti: &str) -> Result<Answer, Fault> {
    tx.move_grant(jti, Phase::Issued, Phase::Claimed, None)?;
    let row = tx.grant(jti)?.ok_or_else(|| Fault::unknown("grant"))?;
    let event = Event::Fail { jti: jti.to_owned(), returned: false };
    let question = Question { facts: shadow::not_sent(), ..Question::own(&row.run, event) };
    let index = must(decide(tx, question))?;
    tx.move_grant(jti, Phase::Claimed, Phase::Failed, None)?;
    let code = RefusalCode::Shadow;
    let answer = failed(Failure { code, reason: code.text().to_owned(), status: None }, index);
    settle_request(tx, &row, &answer)?;
    seat::remember(tx, jti, index)?;
    follow(tx, &row.run, StepId(row.step_id))?;
    Ok(answer)
}

fn doubt(tx: &mut Tx<'_>, id: &str, jti: &str, reason: String) -> Result<Answer, Fault> {
    let index = must(decide(tx, Question::own(id, Event::Doubt { jti: jti.to_owned() })))?;
    tx.move_grant(jti, Phase::Claimed, Phase::InDoubt, None)?;
    Ok(failed(Failure { code: RefusalCode::InDoubt, reason, status: None }, index))
}

fn failed(failure: Failure, index: u64) -> Answer {
    Answer { result: None, bound: false, failure: Some(failure), index, replayed: false }
}

/// Resolves a doubt. A result of another than the declared type is refused, and the action stays in doubt.
pub(super) fn resolve(
    tx: &mut Tx<'_>,
    row: &GrantRow,
    result: Option<Value>,
    by: Option<&str>,
) -> Result<Answer, Stop> {
    let result = match result {
        Some(result) => Some(in_order::result(tx, &row.run, &row.action, result)?),
        None => None,
    };
    let event = Event::Resolve { jti: row.jti.clone(), result: result.clone() };
    let Accepting { accepted, index } = decide(tx, Question { by, ..Question::own(&row.run, event) })?;
    let to = if result.is_some() { Phase::Done } else { Phase::Failed };
    tx.move_grant(&row.jti, Phase::InDoubt, to, result.as_ref())?;
    let failure = result.is_none().then(|| Failure {
        code: RefusalCode::ConnectorFailed,
        reason: "it was not carried out".to_owned(),
        status: None,
    });
    let answer = Answer { bound: bound(&accepted), result, failure, index, replayed: false };
    settle_request(tx, row, &answer)?;
    follow(tx, &row.run, StepId(row.step_id))?;
    Ok(answer)
}

/// The entry's index for an input that the machine must accept; a refusal is a fault of the store.
fn must(outcome: Result<Accepting, Stop>) -> Result<u64, Fault> {
    match outcome {
        Ok(accepting) => Ok(accepting.index),
        Err(Stop::Abort(fault)) => Err(fault),
        Err(Stop::Refuse(refused)) => {
            let text = format!("the machine refused the end of an action: {}", refused.reason);
            Err(StoreError::Broken(text).into())
        }
    }
}

/// Whether the result counts as evidence: not if the run has ended or the step was reopened meanwhile.
fn bound(accepted: &Accepted) -> bool {
    let over = changes(accepted).iter().any(|change| matches!(change, Change::RunKilled));
    matches!(accepted, Accepted::Ended { bound: true, .. }) && !over
}

fn settle_request(tx: &mut Tx<'_>, row: &GrantRow, answer: &Answer) -> Result<(), StoreError> {
    let Some(request) = &row.request else { return Ok(()) };
    // The digest was stored at the claim.
    let answer = serde_json::to_vec(answer)?;
    tx.remember(&row.run, &row.key, request, "", Some(&answer))
}
