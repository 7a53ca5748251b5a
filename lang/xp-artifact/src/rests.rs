//! Whether a step could begin only because some outcome was taken.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::workflow::{Atom, StepId, Workflow};

/// With what is settled as it is, the step's guard holds only because of one of these outcomes.
///
/// Asked of the run as it stands and not of all runs: where two ways lead to a step, evidence of the way taken is what it
/// rests on.
#[must_use]
pub fn rests(workflow: &Workflow, settled: &dyn Fn(Atom) -> bool, step: StepId, on: &[Atom]) -> bool {
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
        let begun = declared.after.holds(&holds);
        begins.insert(here, begun);
    }
    !begins.get(&step).copied().unwrap_or(false)
}

/// In no run does the step begin unless one of these outcomes is in force.
#[must_use]
pub fn needs_one_of(workflow: &Workflow, step: StepId, on: &[Atom]) -> bool {
    rests(workflow, &|_| true, step, on)
}
