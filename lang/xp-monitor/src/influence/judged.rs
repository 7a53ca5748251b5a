//! Which judgements are of a datum.

use xp_artifact::passing::{identities, judges};
use xp_artifact::workflow::{Atom, Datum, How, OutcomeIx, RoleId, StepId, Then, Workflow};

/// The outcomes by which one of the roles judges the datum, the value that it is, or what that is a part of; while one of them is
/// in force, so is the judgement. Only a role's own judgement counts.
#[must_use]
pub fn judging(workflow: &Workflow, by: &dyn Fn(RoleId) -> bool, datum: &Datum) -> Vec<Atom> {
    let same = identities(workflow, datum);
    let judges = |of: &Datum| judges(workflow, of, &same);
    let mut found = Vec::new();
    for (index, step) in workflow.steps.iter().enumerate().filter(|(_, step)| by(step.role)) {
        for (number, outcome) in step.outcomes.iter().enumerate() {
            let decided =
                matches!(outcome.how, How::Judged | How::JudgedIf(_)) && outcome.then == Then::Settle;
            if decided && outcome.of.as_ref().is_some_and(judges) {
                found.push(Atom { step: StepId::of(index), outcome: OutcomeIx::of(number) });
            }
        }
    }
    found
}
