//! Whether a question names only what the workflow has. The workflow's own ids are the machine's to check; questions come
//! beside it, and from another process.

use xp_artifact::question::{Extent, Question, Sinks, Uses};
use xp_artifact::workflow::{Datum, Expr, Formula};

use crate::facts::Facts;

/// Every id of the question is one of the workflow.
pub(crate) fn known(facts: &Facts<'_>, question: &Question) -> bool {
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
            uses(facts, one) && uses(facts, other)
        }
        Question::Requires(what, needed) => uses(facts, what) && formula(facts, needed),
        Question::Never(what) | Question::AtMost(what, _) => uses(facts, what),
        Question::OnlyWithin(what, Extent::Datum(list)) => uses(facts, what) && datum(facts, list),
        Question::OnlyWithin(what, Extent::Patterns(_)) => uses(facts, what),
        Question::Through(what, role) => uses(facts, what) && role.index() < facts.w.roles.len(),
        Question::Private(_, sinks, role) => {
            let known = match sinks {
                Sinks::Uses(what) => uses(facts, what),
                Sinks::Outsiders => true,
            };
            known && role.is_none_or(|role| role.index() < facts.w.roles.len())
        }
    }
}

fn uses(facts: &Facts<'_>, uses: &Uses) -> bool {
    let Uses::Action { id, args, .. } = uses else { return true };
    let numbered = match id.map(|id| facts.w.actions.get(id.index())) {
        Some(Some(action)) => args.iter().all(|(number, _)| (*number as usize) < action.params.len()),
        Some(None) => false,
        // Granted nowhere: its arguments are those of no action here.
        None => true,
    };
    numbered && args.iter().all(|(_, arg)| expr(facts, arg))
}

fn expr(facts: &Facts<'_>, expr: &Expr) -> bool {
    expr.data().all(|one| datum(facts, one))
}

fn datum(facts: &Facts<'_>, datum: &Datum) -> bool {
    facts.type_of(datum).is_some()
}

fn formula(facts: &Facts<'_>, formula: &Formula) -> bool {
    formula.atoms().into_iter().all(|atom| facts.outcome(atom).is_some())
}
