//! The grants of a workflow.

use xp_artifact::workflow::{Action, Grant, GrantIx, StepId, Workflow};

use crate::fact::GrantAt;

/// A grant and its action.
#[must_use]
pub fn granted(workflow: &Workflow, at: GrantAt) -> Option<(&Grant, &Action)> {
    let grant = workflow.steps.get(at.0.index())?.grants.get(at.1.index())?;
    Some((grant, workflow.actions.get(grant.action.index())?))
}

/// Every grant of a workflow.
pub(crate) fn grants(workflow: &Workflow) -> impl Iterator<Item = GrantAt> + '_ {
    workflow.steps.iter().enumerate().flat_map(|(step, declared)| {
        (0..declared.grants.len()).map(move |grant| (StepId::of(step), GrantIx::of(grant)))
    })
}
