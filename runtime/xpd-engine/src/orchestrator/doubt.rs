//! Actions in doubt: which may be repeated, and which are left to a person.

use serde_json::json;
use xp_artifact::workflow::Repeat;
use xp_machine::Status;
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_audit::entry::{Body, Facts};
use xpd_proxy::{Fault, Refused};
use xpd_store::{GrantRow, StoreError};

use super::args::declared;
use super::decide::MAX_REASON;
use super::stops::{Covered, stopped};
use crate::memory::Tx;

/// Records that an action in doubt is repeated.
pub(super) fn again(tx: &mut Tx<'_>, row: &GrantRow) -> Result<(), Fault> {
    let req = Digest::parse(&row.req).map_err(StoreError::broken)?;
    let facts = Facts::from([("repeat".to_owned(), json!(true))]);
    tx.record(&row.run, Body::Started { jti: row.jti.clone(), req, facts })?;
    Ok(())
}

/// How a doubt will be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// The server repeats the action.
    Repeat,
    /// The server probes whether it was performed.
    Look,
    /// A person states how it ended.
    Person,
}

pub(super) fn waits_for(tx: &mut Tx<'_>, row: &GrantRow) -> Result<WaitsFor, Fault> {
    if tx.left_to_person(&row.jti)? {
        return Ok(WaitsFor::Person);
    }
    let run = tx.run(&row.run)?.ok_or_else(|| Fault::unknown("run"))?;
    if run.state.status() == Status::Killed || run.state.is_barred(&row.principal) {
        return Ok(WaitsFor::Person);
    }
    let class = declared(&run.machine, &row.action).map_or(Repeat::Manual, |(_, action)| action.repeat);
    Ok(match class {
        Repeat::Idempotent => WaitsFor::Repeat,
        Repeat::Probe => WaitsFor::Look,
        Repeat::Manual => WaitsFor::Person,
    })
}

/// Why the action may never be repeated. Each of these reasons is permanent, including a kill that is lifted
/// later.
pub(super) fn forbidden(tx: &mut Tx<'_>, row: &GrantRow) -> Result<Option<Refused>, Fault> {
    let no = |code: RefusalCode, why: &str| Ok(Some(Refused::new(code, format!("not repeated: {why}"))));
    let covered = Covered {
        run: Some(&row.run),
        principal: Some(&row.principal),
        instance: Some(&row.instance),
        since: Some(row.issued),
    };
    if let Some(scope) = stopped(tx, covered)? {
        return no(RefusalCode::Killed, &scope);
    }
    let rules = tx.rules();
    let run = tx.run(&row.run)?.ok_or_else(|| Fault::unknown("run"))?;
    let state = &run.state;
    if state.status() == Status::Killed || state.is_barred(&row.principal) {
        return no(RefusalCode::Killed, "the run was stopped, or its principal in it");
    }
    if state.status() != Status::Running {
        return no(RefusalCode::RunOver, "the run is over");
    }
    if state.holds().get(&row.jti).is_none_or(|hold| hold.phase != xp_machine::Phase::InDoubt) {
        return no(RefusalCode::NotClaimed, "the run knows no such doubt");
    }
    let step = usize::try_from(row.step_id).ok().and_then(|index| state.steps().get(index));
    if step.is_none_or(|step| !step.open || step.opening != row.opening) {
        return no(RefusalCode::StepClosed, "its opening is over");
    }
    if rules.roster.by_key(&row.key).is_none_or(|member| member.principal.name != row.principal) {
        return no(RefusalCode::NotAllowed, "its principal is not in the roster any more");
    }
    Ok(None)
}

/// Leaves the doubt to a person and records the reason once.
pub(super) fn leave(tx: &mut Tx<'_>, row: &GrantRow, why: &Refused) -> Result<(), Fault> {
    if tx.leave_to_person(&row.jti)? {
        let facts = Facts::from([("jti".to_owned(), json!(row.jti))]);
        let reason = why.reason.chars().take(MAX_REASON).collect();
        let body = Body::RefusedOutside { code: why.code, reason, facts };
        let open = tx.run(&row.run)?.is_some_and(|run| !run.chain.is_closed());
        if open {
            tx.record(&row.run, body)?
        } else {
            tx.record_here(body)?
        };
    }
    Ok(())
}
