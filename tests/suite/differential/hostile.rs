//! The worst behaviour of the environment towards one step, expressed as a workflow that the machine can run.

use xp_artifact::workflow::{ActionId, Expr, Pin, Root, StepId, Workflow};
use xp_scope::{PatternSet, Value};

/// The workflow in which nothing that the step uses shows what it judges, and in which choices that may be
/// empty are empty. `None` if the environment has no such influence. The sampled environment otherwise shows
/// what is judged, so a run of this workflow stands for one in which each view of the step is of something
/// else.
pub fn to(workflow: &Workflow, step: StepId) -> Option<Workflow> {
    let mut worse = workflow.clone();
    let mut any = false;
    for grant in &mut worse.steps[step.index()].grants {
        let action = &workflow.actions[grant.action.index()];
        if !action.shows.is_empty() {
            let mut blind = action.clone();
            blind.name.push_str("_blind");
            blind.shows.clear();
            grant.action = ActionId::of(worse.actions.len());
            worse.actions.push(blind);
            any = true;
        }
        for pin in &mut grant.pins {
            if may_be_empty(workflow, pin) {
                *pin = Pin::OneOf { set: Expr::Literal(Value::List(Vec::new())), within: None };
                any = true;
            }
        }
    }
    any.then_some(worse)
}

/// Whether another result or another submission leaves nothing to choose.
fn may_be_empty(workflow: &Workflow, pin: &Pin) -> bool {
    let Pin::OneOf { set: Expr::Datum(datum), within } = pin else { return false };
    let Root::Submission { step, submission } = datum.root else { return true };
    let declared = &workflow.steps[step.index()].submissions[submission.index()].within;
    within.as_ref().is_some_and(|within| {
        let handed_in = match declared {
            Some(declared) => samples(declared),
            None => vec!["elsewhere/anything".to_owned()],
        };
        handed_in.iter().any(|path| !within.matches(path))
    })
}

fn samples(patterns: &PatternSet) -> Vec<String> {
    patterns.patterns().iter().filter_map(|pattern| pattern.sample()).collect()
}
