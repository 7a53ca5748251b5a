//! Which step depends on which, and what each loop opens again. The proofs and the machine both read it here.

use std::collections::BTreeSet;

use crate::workflow::{StepId, Workflow};

/// By step: the steps it depends on directly, because its `after` names them, or a pin or `of` of it names their data. In
/// id order, each once. Steps that are missing from the workflow are left out.
#[must_use]
pub fn needs(workflow: &Workflow) -> Vec<Vec<StepId>> {
    let sources = workflow.steps.iter().map(|step| {
        let named = step.data().filter_map(|datum| datum.root.step());
        let sources: BTreeSet<StepId> = step.after.steps().into_iter().chain(named).collect();
        sources.into_iter().filter(|source| source.index() < workflow.steps.len()).collect()
    });
    sources.collect()
}

/// By loop: the steps that it opens again or unsettles, which are its target and all that depend on the target, directly
/// or not. In id order.
#[must_use]
pub fn resets(workflow: &Workflow, needs: &[Vec<StepId>]) -> Vec<Vec<StepId>> {
    let dependents = dependents(needs);
    workflow.loops.iter().map(|by| reached(&dependents, by.target)).collect()
}

/// By step: the steps that depend on it directly, in id order.
#[must_use]
pub fn dependents(needs: &[Vec<StepId>]) -> Vec<Vec<StepId>> {
    let mut dependents = vec![Vec::new(); needs.len()];
    for (index, sources) in needs.iter().enumerate() {
        for source in sources {
            if let Some(list) = dependents.get_mut(source.index()) {
                list.push(StepId::of(index));
            }
        }
    }
    dependents
}

fn reached(dependents: &[Vec<StepId>], from: StepId) -> Vec<StepId> {
    let mut seen = BTreeSet::from([from]);
    let mut stack = vec![from];
    while let Some(here) = stack.pop() {
        for next in dependents.get(here.index()).into_iter().flatten() {
            if seen.insert(*next) {
                stack.push(*next);
            }
        }
    }
    seen.into_iter().collect()
}
