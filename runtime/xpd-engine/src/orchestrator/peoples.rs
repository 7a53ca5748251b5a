//! Which steps are of people, and which steps follow others.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Formula, RoleKind, StepId, Then, Workflow};

/// Whether people take the role of a step.
pub(super) fn is_peoples(workflow: &Workflow, step: StepId) -> bool {
    let step = workflow.steps.get(step.index());
    let role = step.and_then(|step| workflow.roles.get(step.role.index()));
    role.is_some_and(|role| role.kind == RoleKind::Human)
}

/// Whether some step of the workflow is of people.
pub(super) fn has_people(workflow: &Workflow) -> bool {
    workflow.roles.iter().any(|role| role.kind == RoleKind::Human)
}

/// Whether a formula names an outcome of one of these steps, or compares what one of them gave.
fn waits_for(formula: &Formula, steps: &BTreeSet<usize>) -> bool {
    formula.steps().into_iter().any(|source| steps.contains(&source.index()))
}

/// The steps that wait for one of these, or for one that waits for it, and so on. Those themselves are not among them, unless they do.
pub(super) fn downstream(workflow: &Workflow, from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
    let mut before: BTreeSet<usize> = from.into_iter().collect();
    let mut found = BTreeSet::new();
    loop {
        let next = workflow.steps.iter().enumerate().filter(|(_, step)| waits_for(&step.after, &before));
        let next: BTreeSet<usize> =
            next.map(|(index, _)| index).filter(|index| !found.contains(index)).collect();
        if next.is_empty() {
            return found;
        }
        found.extend(next.iter().copied());
        before = next;
    }
}

/// The steps that may open when a step ends with one of the outcomes of which this is so: those that wait for it, and those that it opens
/// again, with what follows them.
pub(super) fn may_open(
    workflow: &Workflow,
    step: StepId,
    ends: impl Fn(&xp_artifact::workflow::Outcome) -> bool,
) -> BTreeSet<usize> {
    let Some(declared) = workflow.steps.get(step.index()) else { return BTreeSet::new() };
    let ends: Vec<Then> = declared.outcomes.iter().filter(|one| ends(one)).map(|one| one.then).collect();
    if ends.is_empty() {
        return BTreeSet::new();
    }
    let again = ends.iter().filter_map(|then| match then {
        Then::Reopen(by) => workflow.loops.get(by.index()).map(|declared| declared.target.index()),
        Then::Settle | Then::End => None,
    });
    let again: BTreeSet<usize> = again.collect();
    let mut found = downstream(workflow, again.iter().copied().chain([step.index()]));
    found.extend(again);
    found
}
