//! From a trace, which names things, back to the ids of the workflow.

use xp_artifact::workflow::{Atom, GrantIx, OutcomeIx, RoleId, StepId, SubmissionIx};
use xp_diagnostics::{Event, EventKind, HandedIn};

use crate::facts::{Facts, GrantAt};

fn step(facts: &Facts<'_>, name: &str) -> Option<StepId> {
    facts.w.steps.iter().position(|step| step.name == name).map(StepId::of)
}

/// The grant that a use names; nothing for another event, or one of another workflow.
pub(crate) fn used(facts: &Facts<'_>, event: &Event) -> Option<GrantAt> {
    let EventKind::Use { grant, action, .. } = &event.kind else { return None };
    let at = (step(facts, &event.step)?, GrantIx(*grant));
    facts.grant(at)?;
    (facts.action_name(at) == *action).then_some(at)
}

/// The outcome that an event takes; nothing for a use, or an event of another workflow.
pub(crate) fn taken(facts: &Facts<'_>, event: &Event) -> Option<Atom> {
    let outcome = match &event.kind {
        EventKind::Use { .. } => return None,
        EventKind::Settle { outcome } | EventKind::Reopen { outcome, .. } | EventKind::End { outcome } => {
            outcome
        }
    };
    let step = step(facts, &event.step)?;
    let index = facts.step(step).outcomes.iter().position(|known| known.name == *outcome)?;
    Some(Atom { step, outcome: OutcomeIx::of(index) })
}

/// # Errors
/// The workflow has no such role.
pub(crate) fn role(facts: &Facts<'_>, event: &Event) -> Result<RoleId, String> {
    let index = facts.w.roles.iter().position(|role| role.name == event.role);
    index.map(RoleId::of).ok_or_else(|| nothing(event))
}

/// # Errors
/// The workflow has no such submission.
pub(crate) fn submission(facts: &Facts<'_>, one: &HandedIn) -> Result<(StepId, SubmissionIx), String> {
    let found = step(facts, &one.step).and_then(|id| {
        let index = facts.step(id).submissions.iter().position(|known| known.name == one.name)?;
        Some((id, SubmissionIx::of(index)))
    });
    found.ok_or_else(|| format!("`{}.{}` is nothing that is handed in", one.step, one.name))
}

/// Why an event cannot be replayed.
pub(crate) fn nothing(event: &Event) -> String {
    format!("an event of step `{}` names nothing of the workflow", event.step)
}
