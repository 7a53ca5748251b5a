//! Requests for a grant: the machine reserves a use, the grant's row is written, then the token is signed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use xp_artifact::workflow::GrantIx;
use xp_machine::{Accepted, Event, Machine};
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_proxy::hooks::CrashAt;
use xpd_proxy::{Fault, Refused, Stop};
use xpd_store::{GrantRow, Phase, StoreError};
use xpd_token::{AuthorizationDetail, Confirmation, GrantClaims, MAX_GRANT_SECONDS, StepBinding};

use super::args::{Concerned, Wanted, complete, declared};
use super::caller::{Caller, actor, binding};
use super::decide::{Accepting, Question, decide, refuse};
use super::repeat::Request;
use super::{Orchestrator, random_id, workload};
use crate::memory::Tx;

/// A request for a grant.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Name of the step.
    pub step: String,
    /// Qualified action.
    pub action: String,
    /// Name of the grant, as listed in the offers, if several fit.
    pub grant: Option<String>,
    /// Arguments. Those with one possible value may be omitted.
    pub args: BTreeMap<String, Value>,
    /// Idempotency key of the request.
    pub request_id: Option<String>,
}

/// An issued grant.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The token.
    pub token: String,
    /// Id of the grant.
    pub jti: String,
    /// The complete arguments that were granted.
    pub args: BTreeMap<String, Value>,
    /// Ordinal of the step's opening.
    pub opening: u32,
    /// Ordinal of the attempt.
    pub attempt: u32,
    /// Expiry, milliseconds since 1970.
    pub expires: u64,
    /// Index of its log entry.
    pub index: u64,
    /// Whether this is the stored answer to an earlier request.
    pub replayed: bool,
}

/// The grant's row, the digest of its artifact, the index of its log entry, and whether it existed before.
type Issued = (GrantRow, Digest, u64, bool);

impl Orchestrator {
    /// Requests a grant.
    ///
    /// # Errors
    /// The refusal.
    pub async fn request(&self, caller: Caller, run: &str, ask: Ask) -> Result<Granted, Fault> {
        if caller.by_token().is_some() {
            let why = "a workload acts by the tools of the MCP door, from where no grant leaves the server";
            return Err(Fault::refused(RefusalCode::NotAllowed, why));
        }
        let (row, artifact, index, replayed) = self.issue(caller, run, ask).await?;
        let claims = self.claims(&row, &artifact)?;
        let token = xpd_token::issue_grant(&claims, &self.keys.grants)
            .map_err(|error| StoreError::Broken(error.to_string()))?;
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

    /// Requests a grant that is used within the server. It is not signed, since its row decides.
    ///
    /// # Errors
    /// The refusal.
    pub async fn request_inside(&self, caller: Caller, run: &str, ask: Ask) -> Result<GrantClaims, Fault> {
        let (row, artifact, ..) = self.issue(caller, run, ask).await?;
        self.claims(&row, &artifact)
    }

    async fn issue(&self, caller: Caller, run: &str, ask: Ask) -> Result<Issued, Fault> {
        let (id, jti) = (run.to_owned(), random_id()?);
        let issued = self.command(caller, move |tx, caller| cut(tx, caller, &id, jti, ask)).await?;
        self.hooks.reach(CrashAt::AfterGrant);
        Ok(issued)
    }

    /// The claims of a row's token. Signing is deterministic, so a repeated request yields the same token.
    fn claims(&self, row: &GrantRow, artifact: &Digest) -> Result<GrantClaims, Fault> {
        let name = &self.name;
        let seconds = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let iat = seconds(row.issued / 1_000);
        // Rounded up to a full second; row and machine enforce the millisecond.
        let exp = seconds(row.expires.div_ceil(1_000)).min(iat + MAX_GRANT_SECONDS);
        let req = Digest::parse(&row.req).map_err(|error| StoreError::Broken(error.to_string()))?;
        Ok(GrantClaims {
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
                req,
            },
        })
    }
}

/// The index of the grant that a request names, if it names one.
fn named(machine: &Machine, step: &str, grant: Option<&str>) -> Result<Option<GrantIx>, Refused> {
    let Some(name) = grant else { return Ok(None) };
    let declared = machine.step_named(step).and_then(|id| machine.workflow().steps.get(id.index()));
    // The machine refuses an unknown step.
    let Some(declared) = declared else { return Ok(None) };
    let missing = || Refused::new(RefusalCode::NotGranted, format!("step `{step}` has no grant `{name}`"));
    declared.grant_named(name).map(Some).ok_or_else(missing)
}

fn cut(tx: &mut Tx<'_>, caller: &Caller, id: &str, jti: String, ask: Ask) -> Result<Issued, Stop> {
    let mut asked = vec![json!("request"), json!(ask.step), json!(ask.action), json!(ask.args)];
    asked.extend(ask.grant.as_ref().map(|grant| json!(grant)));
    let asked = serde_json::Value::Array(asked);
    let request = Request::new(id, ask.request_id, &asked);
    let again = request.before::<(String, u64)>(tx, caller);
    let run = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let (artifact, machine) = (run.artifact.clone(), Arc::clone(&run.machine));
    let args = match again? {
        None => named(&machine, &ask.step, ask.grant.as_deref()).and_then(|grant| {
            let wanted = Wanted { step: &ask.step, action: &ask.action, grant };
            Ok((grant, complete(&machine, &run.state, &wanted, ask.args.clone())?))
        }),
        Some((jti, index)) => {
            let row = tx.grant(&jti)?.ok_or_else(|| Fault::unknown("grant"))?;
            return Ok((row, artifact, index, true));
        }
    };
    let action = declared(&machine, &ask.action).map(|(_, action)| action);
    let instance = action.and_then(|action| run.state.instance(&action.connector));
    let instance = instance.map(str::to_owned).unwrap_or_default();
    let (grant, args) = args.map_err(|refused| refuse(tx, id, caller.name(), refused))?;
    if caller.by_token().is_some() {
        let permitted = workload::permits(&tx.rules(), caller.name(), action);
        permitted.map_err(|refused| refuse(tx, id, caller.name(), refused))?;
    }
    if let Some(trouble) = tx.trouble() {
        let refused = Refused::new(RefusalCode::ClockOff, trouble.to_string());
        return Err(refuse(tx, id, caller.name(), refused));
    }
    let rules = tx.rules();
    let run = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let concerned = declared(&machine, &ask.action)
        .map(|(action, _)| Concerned::of(&rules, &machine, &run.state, action, &args).in_mode(run.mode()))
        .unwrap_or_default();
    let leased_by = concerned.leased_by(tx, id)?;
    let event = Event::Request {
        jti: jti.clone(),
        actor: actor(tx, caller, id)?,
        key: caller.key.clone(),
        step: ask.step.clone(),
        action: ask.action.clone(),
        grant,
        args: args.clone(),
    };
    let about = (!instance.is_empty()).then_some(instance.as_str());
    let facts = binding(tx, caller);
    let principal = Some(caller.name());
    let question = Question { principal, leased_by, instance: about, facts, ..Question::own(id, event) };
    let Accepting { accepted, index } = decide(tx, question)?;
    let Accepted::Granted { step, opening, attempt, expires, req, .. } = accepted else {
        return Err(StoreError::broken("a request gave something else").into());
    };
    let row = GrantRow {
        jti,
        run: id.to_owned(),
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
        phase: Phase::Issued,
        request: None,
        result: None,
    };
    tx.insert_grant(&row)?;
    request.answered(tx, caller, &(&row.jti, index))?;
    Ok((row, artifact, index, false))
}
