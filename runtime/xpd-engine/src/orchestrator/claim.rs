//! Claims: the decision whether a grant may be used, with its log entry.

use std::collections::BTreeMap;

use serde_json::json;
use xp_artifact::workflow::StepId;
use xp_machine::Event;
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts};
use xpd_proxy::{Answer, Fault, Refused, Stop, Use};
use xpd_store::{GrantRow, Mode, Phase, StoreError};
use xpd_token::GrantClaims;

use super::args::{Concerned, Wanted, complete, declared};
use super::caller::{Caller, actor, admit, binding};
use super::decide::{Question, decide, on_record, refuse};
use super::repeat::Request;
use super::{end, shadow};
use crate::memory::Tx;

/// Decides on a use and records its start. Returns the stored answer if the use was completed before under
/// the same request id, and the answer of a use that a shadow run does not send.
pub(super) fn claim(tx: &mut Tx<'_>, caller: &Caller, using: Use) -> Result<Option<Answer>, Stop> {
    admit(tx, caller)?;
    let Use { claims, args, request_id } = using;
    let id = claims.txn.clone();
    let request = Request::new(&id, request_id, &json!(["use", claims.jti, args]));
    match request.before::<Answer>(tx, caller) {
        Ok(None) => {}
        Ok(Some(before)) => return Ok(Some(Answer { replayed: true, ..before })),
        Err(stop) => return Err(on_record(tx, &id, caller.name(), stop)),
    }
    let row = tx.grant(&claims.jti)?;
    if ran_out(tx, &id, row.as_ref())? {
        return Err(refuse(tx, &id, caller.name(), Refused::new(RefusalCode::Expired, "the token ran out")));
    }
    let (req, concerned) = requested(tx, &id, &claims, row.as_ref(), args)
        .map_err(|stop| on_record(tx, &id, caller.name(), stop))?;
    let leased_by = concerned.leased_by(tx, &id)?;
    let event = Event::Claim {
        jti: claims.jti.clone(),
        actor: actor(tx, caller, &id)?,
        key: caller.key.clone(),
        step: row.as_ref().map_or(StepId(u32::MAX), |row| StepId(row.step_id)),
        opening: u32::try_from(claims.xp.opening).unwrap_or(u32::MAX),
        req: req.clone(),
    };
    let facts = binding(tx, caller);
    let question = Question {
        principal: Some(caller.name()),
        leased_by,
        facts,
        instance: row.as_ref().map(|row| row.instance.as_str()),
        since: row.as_ref().map(|row| row.issued),
        ..Question::own(&id, event)
    };
    decide(tx, question)?;
    let row = row.ok_or_else(|| Fault::unknown("grant"))?;
    concerned.lease(tx, &id, Some(&row.jti))?;
    if let Some(request_id) = request.id() {
        tx.used_under(&row.jti, request_id)?;
        request.begun(tx, caller)?;
    }
    if withholds(tx, &id, &row)? {
        return Ok(Some(end::withheld(tx, &row.jti)?));
    }
    tx.record(&id, Body::Started { jti: row.jti, req, facts: Facts::new() })?;
    Ok(None)
}

/// Whether the run is a shadow run that does not send this use.
fn withholds(tx: &mut Tx<'_>, id: &str, row: &GrantRow) -> Result<bool, Fault> {
    let rules = tx.rules();
    let run = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let sent = declared(&run.machine, &row.action)
        .is_some_and(|(_, action)| shadow::sends(&rules, &row.instance, action));
    Ok(run.mode() == Mode::Shadow && !sent)
}

/// Whether the grant has expired. The machine forgets expired grants, so the row is consulted. A grant issued
/// before the clock stood still counts as expired, since the time that passed is unknown.
fn ran_out(tx: &mut Tx<'_>, run: &str, row: Option<&GrantRow>) -> Result<bool, Fault> {
    let Some(row) = row else { return Ok(false) };
    if row.phase == Phase::Issued && tx.last_halt().is_some_and(|halt| row.issued <= halt) {
        return Ok(true);
    }
    let held = tx.run(run)?.is_some_and(|run| run.state.holds().contains_key(&row.jti));
    Ok(!held && (row.phase == Phase::Expired || row.phase == Phase::Issued && row.expires <= tx.now))
}

/// The digest of the request as stated now, and the resources to lease.
fn requested(
    tx: &mut Tx<'_>,
    id: &str,
    claims: &GrantClaims,
    row: Option<&GrantRow>,
    args: Option<BTreeMap<String, Value>>,
) -> Result<(Digest, Concerned), Stop> {
    let stated = || claims.xp.req.clone();
    let rules = tx.rules();
    let run = tx.run(id)?.ok_or_else(|| Fault::unknown("run"))?;
    let Some(row) = row else { return Ok((stated(), Concerned::default())) };
    let Some((action, _)) = declared(&run.machine, &row.action) else {
        return Ok((stated(), Concerned::default()));
    };
    // If the machine does not hold the grant, it refuses the claim and gives the reason, whatever the
    // arguments.
    let grant = run.state.holds().get(&row.jti).map(|hold| hold.grant);
    let (Some(given), Some(_)) = (args, grant) else {
        let concerned = Concerned::of(&rules, &run.machine, &run.state, action, &row.args);
        return Ok((stated(), concerned.in_mode(run.mode())));
    };
    let wanted = Wanted { step: &row.step, action: &row.action, grant };
    let mut whole = complete(&run.machine, &run.state, &wanted, given.clone()).map_err(Stop::Refuse)?;
    // Omitted arguments are those that were granted, even if the data they came from has changed since.
    for (name, value) in &row.args {
        if !given.contains_key(name) {
            whole.insert(name.clone(), value.clone());
        }
    }
    let declaration = run.machine.declaration(action);
    let declaration = declaration.ok_or_else(|| StoreError::broken("an action without a declaration"))?;
    let req = xp_artifact::request_digest(declaration, &row.instance, &whole);
    let concerned = Concerned::of(&rules, &run.machine, &run.state, action, &whole).in_mode(run.mode());
    Ok((req, concerned))
}
