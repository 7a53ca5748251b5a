//! Stopping: the whole run, or one principal in it. Effective at the next claim; nothing is queued or revived.

use xp_wire::RefusalCode;

use crate::event::{Accepted, Change};
use crate::refusal::Refusal;
use crate::state::{Phase, State, Status};
use crate::transition::revoke::revoke;
use crate::transition::{Context, close};

pub(crate) fn run(state: &mut State) -> Result<Accepted, Refusal> {
    if state.status != Status::Running {
        return Err(Refusal::of(RefusalCode::RunOver, "the run is over"));
    }
    let mut changes = Vec::new();
    close::over(state, Status::Killed, &mut changes);
    changes.push(Change::RunKilled);
    Ok(Accepted::Done { changes })
}

pub(crate) fn bar(context: &Context<'_>, state: &mut State, principal: &str) -> Result<Accepted, Refusal> {
    if state.status != Status::Running {
        return Err(Refusal::of(RefusalCode::RunOver, "the run is over"));
    }
    state.barred.insert(principal.to_owned());
    let theirs =
        state.holds.iter().filter(|(_, hold)| hold.phase == Phase::Issued && hold.principal == principal);
    let void: Vec<String> = theirs.map(|(jti, _)| jti.clone()).collect();
    let mut changes: Vec<Change> = void.into_iter().map(|jti| revoke(state, jti)).collect();
    changes.extend(close::advance(context.machine, state));
    Ok(Accepted::Done { changes })
}
