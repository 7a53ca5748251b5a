//! Opening, settling and resetting steps. Invariant: `open` is true exactly of unsettled steps whose `after` holds.

use xp_artifact::workflow::{Atom, StepId};
use xp_scope::Digest;

use crate::data;
use crate::event::Change;
use crate::machine::Machine;
use crate::state::State;
use crate::transition::revoke::revoke;

/// At the start: opens what waits for nothing and evaluates `finish`.
pub(crate) fn everything(machine: &Machine, state: &mut State) {
    state.finish = machine.index.finish.iter().map(|conjunct| data::formula(state, conjunct)).collect();
    state.missing = u32::try_from(state.finish.iter().filter(|truth| !**truth).count()).unwrap_or(u32::MAX);
    for index in 0..machine.workflow.steps.len() {
        refresh(machine, state, StepId::of(index), &mut Vec::new());
    }
}

/// Records an outcome; the caller opens what waited for it.
pub(crate) fn settle(machine: &Machine, state: &mut State, atom: Atom, of: Option<Digest>) {
    if let Some(step) = state.steps.get_mut(atom.step.index()) {
        step.settled = Some(atom.outcome);
        step.judged = of;
        step.open = false;
        step.votes.clear();
    }
    finish(machine, state, atom.step);
}

/// Opens the steps that waited for this one.
pub(crate) fn waiting_for(machine: &Machine, state: &mut State, step: StepId, changes: &mut Vec<Change>) {
    for next in machine.index.waiting.get(step.index()).into_iter().flatten() {
        refresh(machine, state, *next, changes);
    }
}

/// Unsettles steps, drops their data and opens those whose `after` still holds.
pub(crate) fn reset(machine: &Machine, state: &mut State, steps: &[StepId], changes: &mut Vec<Change>) {
    let doomed: Vec<String> = state
        .holds
        .iter()
        .filter(|(_, hold)| steps.binary_search(&hold.step).is_ok())
        .map(|(jti, _)| jti.clone())
        .collect();
    for jti in doomed {
        changes.push(revoke(state, jti));
    }
    for id in steps {
        let Some(step) = state.steps.get_mut(id.index()) else { continue };
        step.settled = None;
        step.judged = None;
        step.open = false;
        step.shown.clear();
        step.votes.clear();
        step.submissions.iter_mut().for_each(|submission| *submission = None);
        for grant in &mut step.grants {
            grant.spent = 0;
            grant.attempts = 0;
            grant.result = None;
        }
        finish(machine, state, *id);
    }
    for id in steps {
        refresh(machine, state, *id, changes);
    }
}

/// Re-evaluates the conjuncts of `finish` that mention a step.
fn finish(machine: &Machine, state: &mut State, step: StepId) {
    for ix in machine.index.finish_of.get(step.index()).into_iter().flatten() {
        let truth = machine.index.finish.get(*ix).is_some_and(|conjunct| data::formula(state, conjunct));
        let Some(place) = state.finish.get_mut(*ix) else { continue };
        match (*place, truth) {
            (false, true) => state.missing = state.missing.saturating_sub(1),
            (true, false) => state.missing += 1,
            (false, false) | (true, true) => {}
        }
        *place = truth;
    }
}

/// Opens a step if it can be and is not.
fn refresh(machine: &Machine, state: &mut State, id: StepId, changes: &mut Vec<Change>) {
    let Some(declared) = machine.step(id) else { return };
    let after = data::formula(state, &declared.after);
    let time = state.time;
    let Some(step) = state.steps.get_mut(id.index()) else { return };
    if after && !step.open && step.settled.is_none() {
        step.open = true;
        step.opening += 1;
        step.opened = time;
        changes.push(Change::Opened { step: id, opening: step.opening });
    }
}
