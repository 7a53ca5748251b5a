//! Whether a question names only what the workflow has. Questions come beside a workflow, and from elsewhere.

use crate::question::{Extent, Question, Sinks, Uses};
use crate::workflow::{Atom, Datum, Expr, Formula, Workflow};

/// Every id of the question is one of the workflow.
#[must_use]
pub fn has_ids(workflow: &Workflow, question: &Question) -> bool {
    match question {
        Question::StepsOpen
        | Question::OutcomesHappen
        | Question::NeverStuck
        | Question::Progress
        | Question::AutomaticOutcomes
        | Question::NamesBound
        | Question::Scopes
        | Question::StartRights
        | Question::FreshEvidence
        | Question::IrreversibleOnce
        | Question::ReviewedBeforeDeploy
        | Question::Bounds => true,
        Question::NoRole(one, other) | Question::NoPrincipal(one, other) => {
            uses(workflow, one) && uses(workflow, other)
        }
        Question::Requires(what, needed) => uses(workflow, what) && formula(workflow, needed),
        Question::Never(what) | Question::AtMost(what, _) => uses(workflow, what),
        Question::OnlyWithin(what, Extent::Datum(list)) => uses(workflow, what) && datum(workflow, list),
        Question::OnlyWithin(what, Extent::Patterns(_)) => uses(workflow, what),
        Question::Through(what, role) | Question::Unexposed(what, role) => {
            uses(workflow, what) && role.index() < workflow.roles.len()
        }
        Question::Private(secret, sinks, role) => {
            let sinks = match sinks {
                Sinks::Uses(what) => uses(workflow, what),
                Sinks::Outsiders => true,
                Sinks::Anybody(allowed) => allowed.iter().all(|one| {
                    uses(workflow, &one.uses) && one.things.given.iter().all(|one| expr(workflow, one))
                }),
            };
            let role = role.is_none_or(|role| role.index() < workflow.roles.len());
            sinks && role && secret.given.iter().all(|one| expr(workflow, one))
        }
    }
}

fn uses(workflow: &Workflow, uses: &Uses) -> bool {
    let Uses::Action { id, args, .. } = uses else { return true };
    let numbered = match id.map(|id| workflow.actions.get(id.index())) {
        Some(Some(action)) => args.iter().all(|(number, _)| (*number as usize) < action.params.len()),
        Some(None) => false,
        // Granted nowhere: its arguments are those of no action here.
        None => true,
    };
    numbered && args.iter().all(|(_, arg)| expr(workflow, arg))
}

fn expr(workflow: &Workflow, expr: &Expr) -> bool {
    expr.data().all(|one| datum(workflow, one))
}

fn datum(workflow: &Workflow, datum: &Datum) -> bool {
    workflow.type_of(datum).is_some()
}

fn formula(workflow: &Workflow, formula: &Formula) -> bool {
    let known = |atom: &Atom| {
        let step = workflow.steps.get(atom.step.index());
        step.is_some_and(|step| atom.outcome.index() < step.outcomes.len())
    };
    formula.atoms().iter().all(known) && formula.tests().iter().all(|test| test.is_typed(workflow))
}
