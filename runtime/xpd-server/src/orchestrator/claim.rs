//! A token is used: one durable `issued → claimed`, or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use xp_artifact::workflow::StepId;
use xp_machine::Event;
use xp_scope::{Digest, Value};
use xpd_audit::entry::{Body, Facts};
use xpd_token::GrantClaims;

use super::Orchestrator;
use super::args::{complete, declared, resources};
use super::caller::{Caller, admit};
use super::decide::{Question, decide, refuse};
use super::end::Answer;
use super::permit::Permit;
use super::repeat::{Repeated, begin};
use crate::fault::{Fault, Refused};
use crate::hooks::CrashAt;
use crate::store::{GrantRow, Tx};

/// A use.
#[derive(Clone, Debug)]
pub struct Use {
    /// The token's claims, its signature checked.
    pub claims: GrantClaims,
    /// Arguments as the agent means them; left out, those the token was cut for.
    pub args: Option<BTreeMap<String, Value>>,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// What came of a claim.
#[derive(Debug)]
pub enum Claimed {
    /// It was won: act.
    Won(Box<Permit>),
    /// It was carried out before, under the same request id: the stored answer.
    Before(Answer),
}

impl Orchestrator {
    /// Uses a token.
    ///
    /// # Errors
    /// It is refused.
    pub async fn claim(&self, caller: Caller, using: Use) -> Result<Claimed, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let keys = Arc::clone(&self.keys);
        let outcome: Result<Result<Claimed, Refused>, Fault> = self
            .store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                let Use { claims, args, request_id } = using;
                let id = claims.txn.clone();
                let asked = json!(["use", claims.jti, args]).to_string();
                let digest = Digest::of(asked.as_bytes()).to_string();
                match begin::<Answer>(tx, &id, &caller, request_id.as_deref(), &digest)? {
                    Repeated::New => {}
                    Repeated::Answered(before) => {
                        return Ok(Ok(Claimed::Before(Answer { replayed: true, ..before })));
                    }
                    Repeated::Refused(refused) => return refuse(tx, &limiter, &id, caller.name(), refused),
                }
                let row = tx.grant(&claims.jti)?;
                if ran_out(tx, &id, row.as_ref())? {
                    let refused = Refused::new("expired", "the token ran out");
                    return refuse(tx, &limiter, &id, caller.name(), refused);
                }
                let (req, concerned) = match requested(tx, &id, &claims, row.as_ref(), args)? {
                    Ok(found) => found,
                    Err(refused) => return refuse(tx, &limiter, &id, caller.name(), refused),
                };
                let leased_by = tx.leased_by(&id, &concerned)?;
                let event = Event::Claim {
                    jti: claims.jti.clone(),
                    actor: caller.actor.clone(),
                    key: caller.key.clone(),
                    step: row.as_ref().map_or(StepId(u32::MAX), |row| StepId(row.step_id)),
                    opening: u32::try_from(claims.xp.opening).unwrap_or(u32::MAX),
                    req: req.clone(),
                };
                let question =
                    Question { run: &id, principal: Some(caller.name()), leased_by, by: None, event };
                if let Err(refused) = decide(tx, &limiter, question)?.outcome {
                    return Ok(Err(refused));
                }
                let Some(row) = row else { return Err(Fault::unknown("grant")) };
                if !tx.move_grant(&row.jti, &["issued"], "claimed", None)? {
                    // The machine said yes and the row says no: believe neither.
                    return Err(
                        crate::store::StoreError::Broken("a grant and its run differ".to_owned()).into()
                    );
                }
                tx.lease(&id, &concerned)?;
                if let Some(request_id) = &request_id {
                    tx.used_under(&row.jti, request_id)?;
                    tx.remember(&id, &caller.key, request_id, &digest, None)?;
                }
                tx.record(&id, Body::Started { jti: row.jti.clone(), req, facts: Facts::new() })?;
                let run = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
                let marker = keys.marker(&row.jti, &row.req);
                Ok(Ok(Claimed::Won(Box::new(Permit::won(Arc::clone(&run.machine), row, marker)))))
            })
            .await;
        let claimed = outcome??;
        if matches!(claimed, Claimed::Won(_)) {
            self.hooks.reach(CrashAt::AfterClaim);
        }
        Ok(claimed)
    }
}

/// The token ran out, and the machine has forgotten it: its row still says when.
fn ran_out(tx: &mut Tx<'_>, run: &str, row: Option<&GrantRow>) -> Result<bool, Fault> {
    let Some(row) = row else { return Ok(false) };
    let held = tx.run(run)?.is_some_and(|run| run.state.holds().contains_key(&row.jti));
    Ok(!held && (row.phase == "expired" || row.phase == "issued" && row.expires <= tx.now))
}

/// Digest of what is asked for now, and what it concerns.
fn requested(
    tx: &mut Tx<'_>,
    id: &str,
    claims: &GrantClaims,
    row: Option<&GrantRow>,
    args: Option<BTreeMap<String, Value>>,
) -> Result<Result<(Digest, Vec<String>), Refused>, Fault> {
    let stated = || Ok::<_, Fault>(claims.xp.req.clone());
    let run = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let Some(row) = row else { return Ok(Ok((stated()?, Vec::new()))) };
    let Some((action_id, action)) = declared(&run.machine, &row.action) else {
        return Ok(Ok((stated()?, Vec::new())));
    };
    let Some(given) = args else {
        return Ok(Ok((stated()?, resources(action, &row.instance, &row.args))));
    };
    let mut whole = match complete(&run.machine, &run.state, &row.step, &row.action, given.clone()) {
        Ok(whole) => whole,
        Err(refused) => return Ok(Err(refused)),
    };
    // What was left out is what the token was cut for, whatever has become of the data since.
    for (name, value) in &row.args {
        if !given.contains_key(name) {
            whole.insert(name.clone(), value.clone());
        }
    }
    let Some(req) = run.machine.request_digest(action_id, &row.instance, &whole) else {
        return Ok(Ok((stated()?, Vec::new())));
    };
    let concerned = resources(action, &row.instance, &whole);
    Ok(Ok((req, concerned)))
}
