//! Closing first: an accepted outcome takes effect when nothing of the steps it closes is in flight or in doubt.

use xp_artifact::workflow::{Atom, GrantIx, StepId, Then};

use crate::data;
use crate::event::Change;
use crate::machine::Machine;
use crate::state::{Note, Pending, Phase, State, Status};
use crate::transition::open;
use crate::transition::revoke::revoke;

/// Which steps an outcome closes.
enum Closes<'m> {
    One(StepId),
    Set(&'m [StepId]),
    Everything,
}

fn closes<'m>(machine: &'m Machine, state: &State, atom: Atom) -> Closes<'m> {
    match machine.outcome(atom).map(|outcome| outcome.then) {
        Some(Then::Settle) if !finishes(machine, state, atom) => Closes::One(atom.step),
        Some(Then::Reopen(by)) => Closes::Set(machine.index.resets.by(by)),
        Some(Then::Settle | Then::End) | None => Closes::Everything,
    }
}

/// Whether settling with `atom` would make `finish` true.
fn finishes(machine: &Machine, state: &State, atom: Atom) -> bool {
    let conjuncts = machine.index.finish_of.get(atom.step.index()).map(Vec::as_slice).unwrap_or_default();
    let newly = conjuncts
        .iter()
        .filter(|ix| state.finish.get(**ix) == Some(&false))
        .filter(|ix| machine.index.finish.get(**ix).is_some_and(|f| data::formula_with(state, f, atom)))
        .count();
    usize::try_from(state.missing).is_ok_and(|missing| missing == newly)
}

/// Whether an accepted outcome is closing the step.
pub(crate) fn closing(machine: &Machine, state: &State, step: StepId) -> bool {
    state.pending.iter().any(|pending| covers(&closes(machine, state, pending.outcome), step))
}

fn covers(closes: &Closes<'_>, step: StepId) -> bool {
    match closes {
        Closes::One(one) => *one == step,
        Closes::Set(set) => set.binary_search(&step).is_ok(),
        Closes::Everything => true,
    }
}

/// Voids the unused tokens of every closing step.
pub(crate) fn revoke_closing(machine: &Machine, state: &mut State) -> Vec<Change> {
    let void: Vec<String> = state
        .holds
        .iter()
        .filter(|(_, hold)| hold.phase == Phase::Issued && closing(machine, state, hold.step))
        .map(|(jti, _)| jti.clone())
        .collect();
    void.into_iter().map(|jti| revoke(state, jti)).collect()
}

/// Drops the tokens of a grant that ran out unused.
pub(crate) fn sweep(state: &mut State, step: StepId, grant: GrantIx, now: u64) {
    let grants = state.steps.get(step.index()).map(|step| step.grants.as_slice()).unwrap_or_default();
    let live = grants.get(grant.index()).map(|grant| grant.live.clone()).unwrap_or_default();
    for jti in live {
        if state.holds.get(&jti).is_none_or(|hold| hold.expires <= now) {
            revoke(state, jti);
        }
    }
}

/// Lets accepted outcomes take effect, in order of acceptance, while their steps are quiet.
pub(crate) fn advance(machine: &Machine, state: &mut State) -> Vec<Change> {
    let mut changes = Vec::new();
    while state.status == Status::Running {
        let ready = state.pending.iter().position(|pending| quiet(machine, state, pending.outcome));
        let Some(ready) = ready else { break };
        let pending = state.pending.remove(ready);
        take_effect(machine, state, pending, &mut changes);
        // A settling may have turned another one into the finishing one: more steps close.
        if !state.pending.is_empty() {
            changes.extend(revoke_closing(machine, state));
        }
    }
    changes
}

fn quiet(machine: &Machine, state: &State, atom: Atom) -> bool {
    let still = |step: &StepId| data::step(state, *step).is_none_or(|step| step.in_flight == 0);
    match closes(machine, state, atom) {
        Closes::One(step) => still(&step),
        Closes::Set(set) => set.iter().all(still),
        // Only claims are in flight; there are never more of them than holds.
        Closes::Everything => state.holds.values().all(|hold| hold.phase == Phase::Issued),
    }
}

fn take_effect(machine: &Machine, state: &mut State, pending: Pending, changes: &mut Vec<Change>) {
    let atom = pending.outcome;
    match machine.outcome(atom).map(|outcome| outcome.then) {
        Some(Then::Settle) => {
            open::settle(machine, state, atom, pending.of.clone());
            changes.push(Change::Settled { outcome: atom, of: pending.of });
            if state.missing == 0 {
                over(state, Status::Finished, changes);
                changes.push(Change::RunFinished);
            } else {
                open::waiting_for(machine, state, atom.step, changes);
            }
        }
        Some(Then::Reopen(by)) => {
            let count = state.loops.get_mut(by.index()).map(|count| {
                *count += 1;
                *count
            });
            changes.push(Change::Reopened { outcome: atom, by, count: count.unwrap_or_default() });
            let reset = machine.index.resets.by(by);
            state.pending.retain(|other| reset.binary_search(&other.outcome.step).is_err());
            open::reset(machine, state, reset, changes);
            let target = machine.workflow.loops.get(by.index()).map(|l| l.target);
            if let (Some(text), Some(to)) = (pending.notes, target) {
                let opening = data::step(state, to).map(|step| step.opening).unwrap_or_default();
                state.notes.push(Note { outcome: atom, to, opening, text });
            }
        }
        Some(Then::End) | None => {
            over(state, Status::Ended(atom), changes);
            changes.push(Change::RunEnded { outcome: atom });
        }
    }
}

/// The run is over: nothing is open, nothing waits, unused tokens are void.
pub(crate) fn over(state: &mut State, status: Status, changes: &mut Vec<Change>) {
    state.status = status;
    state.pending.clear();
    let unused = state.holds.iter().filter(|(_, hold)| hold.phase == Phase::Issued);
    let void: Vec<String> = unused.map(|(jti, _)| jti.clone()).collect();
    for jti in void {
        changes.push(revoke(state, jti));
    }
}
