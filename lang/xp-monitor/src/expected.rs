//! Evidence that cannot mislead, since the upstream refuses every final use of it if its thing has moved.

use std::collections::BTreeSet;

use xp_artifact::declaration::{Expectation, Source, ThingExpr};
use xp_artifact::workflow::{Atom, Expr, Pin, Root, StepId, Workflow};

use crate::evidence::{Evidence, can_change, evidence};
use crate::fact::GrantAt;
use crate::same::Same;

/// The evidence that can mislead somebody: not that whose every final use expects what it is about as it was.
#[must_use]
pub fn asked(workflow: &Workflow) -> Vec<Evidence> {
    let mut same = Same::of(workflow);
    let mut found = evidence(workflow);
    found.retain(|one| !is_expected(workflow, one, &mut same));
    found
}

/// Every final use that may rest on the evidence expects what it is about at the version that the evidence was about: should it
/// have moved, the upstream refuses the use, and the evidence cannot mislead. There is at least one such use.
fn is_expected(workflow: &Workflow, evidence: &Evidence, same: &mut Same<'_>) -> bool {
    let finals: Vec<GrantAt> = workflow
        .grants()
        .filter(|at| workflow.granted(*at).is_some_and(|(_, action)| !action.clauses.finals.is_empty()))
        .filter(|at| waits_for(workflow, at.0, &evidence.relying))
        .collect();
    !finals.is_empty() && finals.iter().all(|at| expects(workflow, *at, evidence, same))
}

fn expects(workflow: &Workflow, at: GrantAt, evidence: &Evidence, same: &mut Same<'_>) -> bool {
    let Some((grant, action)) = workflow.granted(at) else { return false };
    // At the version that the evidence gave, or that the use gave which made what it is about: that one is no newer.
    let is_version = |expected: &Expectation, about: (GrantAt, &ThingExpr), same: &mut Same<'_>| {
        let Some(Source::Argument { index, fields }) = &expected.at else { return false };
        let Some(Pin::Is(Expr::Datum(datum))) = grant.pins.get(*index as usize) else { return false };
        let field: Vec<String> = datum.fields.iter().chain(fields).cloned().collect();
        [evidence.by, about.0].into_iter().any(|by| {
            let versions = workflow.granted(by).map(|(_, gave)| gave.clauses.versions.as_slice());
            datum.root == Root::Result { step: by.0, grant: by.1 }
                && versions
                    .unwrap_or_default()
                    .iter()
                    .any(|version| version.field == field && same.one((by, &version.thing), about))
        })
    };
    let mut changing = evidence.about.iter().filter(|(_, about)| can_change(workflow, about));
    changing.all(|(of, about)| {
        action.clauses.expects.iter().any(|expected| {
            same.one((at, &expected.thing), (*of, about)) && is_version(expected, (*of, about), same)
        })
    })
}

/// The step's guard speaks of one of the outcomes, or waits for a step whose guard does.
fn waits_for(workflow: &Workflow, step: StepId, on: &[Atom]) -> bool {
    let mut seen = BTreeSet::from([step]);
    let mut open = vec![step];
    while let Some(here) = open.pop() {
        let Some(declared) = workflow.steps.get(here.index()) else { continue };
        for atom in declared.after.atoms() {
            if on.contains(&atom) {
                return true;
            }
            if seen.insert(atom.step) {
                open.push(atom.step);
            }
        }
    }
    false
}
