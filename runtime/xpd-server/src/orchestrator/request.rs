//! A grant is asked for: the machine reserves a use, a row is written, then a token is signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use xp_machine::{Accepted, Event};
use xp_scope::{Digest, Value};
use xpd_token::{AuthorizationDetail, Confirmation, GrantClaims, MAX_GRANT_SECONDS, StepBinding};

use super::args::{complete, declared, resources};
use super::caller::{Caller, admit};
use super::decide::{Question, decide, refuse};
use super::repeat::{Repeated, begin, end};
use super::{Orchestrator, random_id};
use crate::fault::{Fault, Refused};
use crate::hooks::CrashAt;
use crate::store::{GrantRow, StoreError};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The step it is for.
    pub step: String,
    /// Qualified action.
    pub action: String,
    /// Arguments; those that can have one value only may be left out.
    pub args: BTreeMap<String, Value>,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// A grant.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The token.
    pub token: String,
    /// Its identity.
    pub jti: String,
    /// The complete arguments it is good for.
    pub args: BTreeMap<String, Value>,
    /// Opening of the step.
    pub opening: u32,
    /// Number of the attempt.
    pub attempt: u32,
    /// When it runs out, milliseconds.
    pub expires: u64,
    /// The entry about it.
    pub index: u64,
    /// The answer to an earlier request.
    pub replayed: bool,
}

/// A row, the artifact it is of, the index of its entry, and whether it was there before.
type Cut = (GrantRow, Digest, u64, bool);

impl Orchestrator {
    /// Asks for a grant.
    ///
    /// # Errors
    /// It is refused.
    pub async fn request(&self, caller: Caller, run: &str, ask: Ask) -> Result<Granted, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let (id, jti) = (run.to_owned(), random_id()?);
        let outcome: Result<Result<Cut, Refused>, Fault> = self
            .store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                let asked = json!(["request", ask.step, ask.action, ask.args]).to_string();
                let digest = Digest::of(asked.as_bytes()).to_string();
                let request_id = ask.request_id.as_deref();
                let again = begin::<(String, u64)>(tx, &id, &caller, request_id, &digest)?;
                let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
                let (artifact, machine) = (run.artifact.clone(), Arc::clone(&run.machine));
                match again {
                    Repeated::New => {}
                    Repeated::Answered((jti, index)) => {
                        let row = tx.grant(&jti)?.ok_or_else(|| Fault::unknown("grant"))?;
                        return Ok(Ok((row, artifact, index, true)));
                    }
                    Repeated::Refused(refused) => return Ok(Err(refused)),
                }
                let args = match complete(&machine, &run.state, &ask.step, &ask.action, ask.args) {
                    Ok(args) => args,
                    Err(refused) => return refuse(tx, &limiter, &id, caller.name(), refused),
                };
                let action = declared(&machine, &ask.action).map(|(_, action)| action);
                let instance = action
                    .and_then(|action| run.state.instance(&action.connector))
                    .map(str::to_owned)
                    .unwrap_or_default();
                let concerned = action.map(|action| resources(action, &instance, &args)).unwrap_or_default();
                let leased_by = tx.leased_by(&id, &concerned)?;
                let event = Event::Request {
                    jti: jti.clone(),
                    actor: caller.actor.clone(),
                    key: caller.key.clone(),
                    step: ask.step.clone(),
                    action: ask.action.clone(),
                    args: args.clone(),
                };
                let question =
                    Question { run: &id, principal: Some(caller.name()), leased_by, by: None, event };
                let decision = decide(tx, &limiter, question)?;
                let index = decision.index.unwrap_or_default();
                let (step, opening, attempt, expires, req) = match decision.outcome {
                    Ok(Accepted::Granted { step, opening, attempt, expires, req, .. }) => {
                        (step, opening, attempt, expires, req)
                    }
                    Ok(_) => {
                        return Err(StoreError::Broken("a request gave something else".to_owned()).into());
                    }
                    Err(refused) => return Ok(Err(refused)),
                };
                let row = GrantRow {
                    jti,
                    run: id.clone(),
                    principal: caller.name().to_owned(),
                    key: caller.key.clone(),
                    step: ask.step,
                    step_id: step.0,
                    opening,
                    attempt,
                    instance,
                    action: ask.action,
                    args,
                    req: req.to_string(),
                    issued: tx.now,
                    expires,
                    phase: "issued".to_owned(),
                    request: None,
                    result: None,
                };
                tx.insert_grant(&row)?;
                end(tx, &id, &caller, request_id, &digest, &(&row.jti, index))?;
                Ok(Ok((row, artifact, index, false)))
            })
            .await;
        let (row, artifact, index, replayed) = outcome??;
        self.hooks.reach(CrashAt::AfterGrant);
        let token = self.sign(&row, &artifact)?;
        Ok(Granted {
            token,
            jti: row.jti,
            args: row.args,
            opening: row.opening,
            attempt: row.attempt,
            expires: row.expires,
            index,
            replayed,
        })
    }

    /// The token of a row. Signing is deterministic: a repeated request gives the same token.
    fn sign(&self, row: &GrantRow, artifact: &Digest) -> Result<String, Fault> {
        let name = &self.rules.name;
        let seconds = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let iat = seconds(row.issued / 1_000);
        // To the next full second: the row and the machine know the millisecond.
        let exp = seconds(row.expires.div_ceil(1_000)).min(iat + MAX_GRANT_SECONDS);
        let claims = GrantClaims {
            iss: name.clone(),
            aud: name.clone(),
            sub: row.principal.clone(),
            iat,
            nbf: iat,
            exp,
            jti: row.jti.clone(),
            cnf: Confirmation { jkt: row.key.clone() },
            txn: row.run.clone(),
            authorization_details: [AuthorizationDetail::step(row.instance.clone(), row.action.clone())],
            xp: StepBinding {
                art: artifact.clone(),
                run: row.run.clone(),
                step: row.step.clone(),
                opening: u64::from(row.opening),
                attempt: u64::from(row.attempt),
                req: Digest::parse(&row.req).map_err(|error| StoreError::Broken(error.to_string()))?,
            },
        };
        xpd_token::issue_grant(&claims, &self.keys.grants)
            .map_err(|error| StoreError::Broken(error.to_string()).into())
    }
}
