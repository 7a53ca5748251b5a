//! The clause of the workflow that led to a refusal, in source form.

use xp_artifact::print;
use xp_artifact::workflow::{ActionId, Outcome, Step, StepId, Then, Workflow};
use xp_machine::Clause;

/// The clause in source form.
pub(super) fn text(workflow: &Workflow, clause: Clause) -> Option<String> {
    let step = |id: StepId| workflow.steps.get(id.index());
    let role = |step: &Step| workflow.roles.get(step.role.index()).map(|role| role.name.clone());
    match clause {
        Clause::Role(id) => {
            let step = step(id)?;
            Some(format!("step {} by {}", step.name, role(step)?))
        }
        Clause::Separation(index) => {
            let separation = workflow.separations.get(index as usize)?;
            let names = separation.roles.iter().filter_map(|id| workflow.roles.get(id.index()));
            let names: Vec<&str> = names.map(|role| role.name.as_str()).collect();
            Some(format!("separate roles {}", names.join(", ")))
        }
        Clause::After(id) => {
            let step = step(id)?;
            Some(format!("step {} after {}", step.name, print::formula(workflow, &step.after)))
        }
        Clause::Step(id) | Clause::Grants(id) => {
            let step = step(id)?;
            Some(format!("step {} by {}", step.name, role(step)?))
        }
        Clause::Pin(id, grant, _) | Clause::Limit(id, grant) => {
            let grant = step(id)?.grants.get(grant.index())?;
            Some(format!("may {}", print::grant(workflow, grant)))
        }
        Clause::Outcome(atom) => {
            let outcome = step(atom.step)?.outcomes.get(atom.outcome.index())?;
            Some(format!("outcome {}", outcome_text(workflow, outcome)))
        }
        Clause::Guard(index) => Some(workflow.guards.get(index as usize)?.source.clone()),
    }
}

/// The first grant of a step for an action, in source form.
pub(super) fn granting(workflow: &Workflow, step: &str, action: &str) -> Option<String> {
    let step = workflow.steps.iter().find(|found| found.name == step)?;
    let names = |id: ActionId| {
        workflow.actions.get(id.index()).is_some_and(|found| crate::registry::qualified(found) == action)
    };
    let grant = step.grants.iter().find(|grant| names(grant.action))?;
    Some(format!("may {}", print::grant(workflow, grant)))
}

fn outcome_text(workflow: &Workflow, outcome: &Outcome) -> String {
    let mut text = outcome.name.clone();
    if let Some(of) = &outcome.of {
        text.push_str(" of ");
        text.push_str(&print::datum(workflow, of));
    }
    if let Some(distinct) = outcome.distinct {
        text.push_str(&format!(" by {distinct} distinct"));
    }
    match outcome.then {
        Then::Settle => {}
        Then::End => text.push_str(" -> end"),
        Then::Reopen(by) => {
            let target = workflow.loops.get(by.index()).and_then(|l| workflow.steps.get(l.target.index()));
            if let Some(target) = target {
                text.push_str(" -> reopen ");
                text.push_str(&target.name);
            }
        }
    }
    text
}
