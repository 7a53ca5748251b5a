//! Whether a step could begin only because some outcome was taken.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::formula::Test;
use crate::workflow::{Atom, OutcomeIx, StepId, Workflow};

/// With what is settled as it is, the step's guard holds only because of one of these outcomes.
///
/// Asked of the run as it stands and not of all runs: where two ways lead to a step, evidence of the way taken is what it
/// rests on.
#[must_use]
pub fn rests(
    workflow: &Workflow,
    settled: &dyn Fn(Atom) -> bool,
    test: &dyn Fn(&Test) -> bool,
    step: StepId,
    on: &[Atom],
) -> bool {
    let mut begins: BTreeMap<StepId, bool> = BTreeMap::new();
    let mut stack = vec![(step, false)];
    while let Some((here, entered)) = stack.pop() {
        let Some(declared) = workflow.steps.get(here.index()) else { continue };
        if !entered {
            if let Entry::Vacant(entry) = begins.entry(here) {
                // Until its sources are known it counts as one that does not begin; a checked workflow has no circle.
                entry.insert(false);
                stack.push((here, true));
                stack.extend(declared.after.steps().into_iter().map(|source| (source, false)));
            }
            continue;
        }
        let holds = |atom: Atom| {
            !on.contains(&atom) && settled(atom) && begins.get(&atom.step).copied().unwrap_or(false)
        };
        // What a step has is there only while some outcome of it is in force.
        let has = |of: StepId| {
            let outcomes = workflow.steps.get(of.index()).map_or(0, |step| step.outcomes.len());
            (0..outcomes).any(|outcome| holds(Atom { step: of, outcome: OutcomeIx::of(outcome) }))
        };
        let compares = |of: &Test| of.data().filter_map(|datum| datum.root.step()).all(has) && test(of);
        let begun = declared.after.holds(&holds, &compares);
        begins.insert(here, begun);
    }
    !begins.get(&step).copied().unwrap_or(false)
}

/// In no run does the step begin unless one of these outcomes is in force.
#[must_use]
pub fn needs_one_of(workflow: &Workflow, step: StepId, on: &[Atom]) -> bool {
    rests(workflow, &|_| true, &|_| true, step, on)
}
