//! Parameters that decide a comparison with other data.

use crate::fold::Literal;
use crate::formula::{Operand, Test};
use crate::passing::{identities, judges};
use crate::question::Question;
use crate::rests::needs_one_of;
use crate::workflow::{Atom, Datum, Grant, How, OutcomeIx, Root, Step, StepId, Then, Workflow};

/// A parameter that is compared with a datum.
pub(super) struct Deciding<'w> {
    pub(super) param: &'w Datum,
    /// The step that opens, ends or may use a grant by it.
    pub(super) step: StepId,
    /// The outcome whose condition it is.
    outcome: Option<Atom>,
}

impl Deciding<'_> {
    /// Whatever the way, a role has judged the parameter, by one of these outcomes, before or when it decides.
    pub(super) fn is_judged(&self, workflow: &Workflow, atoms: &[Atom]) -> bool {
        let lasting: Vec<Atom> =
            atoms.iter().copied().filter(|atom| then(workflow, *atom) == Some(Then::Settle)).collect();
        self.outcome.is_some_and(|outcome| atoms.contains(&outcome))
            || (!lasting.is_empty() && needs_one_of(workflow, self.step, &lasting))
    }
}

/// Of a workflow: what its steps wait for, the conditions of their outcomes, and what guards require of uses in them.
pub(super) fn deciding(workflow: &Workflow) -> Vec<Deciding<'_>> {
    let mut found = Vec::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        let id = StepId::of(number);
        let waits = step.after.tests().into_iter().map(|test| (None, test));
        let guards = guarding(workflow, step).into_iter().map(|test| (None, test));
        let conditions = step.outcomes.iter().enumerate().flat_map(|(number, outcome)| {
            let atom = Atom { step: id, outcome: OutcomeIx::of(number) };
            let literals = outcome.how.condition().into_iter().flat_map(|condition| condition.literals());
            literals.filter_map(move |literal| match literal {
                Literal::Test(test) => Some((Some(atom), test)),
                Literal::Bound(_) => None,
            })
        });
        for (outcome, test) in waits.chain(guards).chain(conditions) {
            found.extend(params(workflow, test).into_iter().map(|param| Deciding {
                param,
                step: id,
                outcome,
            }));
        }
    }
    found
}

/// What guards require of uses in the step.
fn guarding<'w>(workflow: &'w Workflow, step: &Step) -> Vec<&'w Test> {
    let actions = |grant: &Grant| workflow.actions.get(grant.action.index());
    let formulas = workflow.guards.iter().filter_map(|guard| match &guard.question {
        Question::Requires(uses, formula)
            if step.grants.iter().filter_map(actions).any(|action| uses.means(action)) =>
        {
            Some(formula)
        }
        _ => None,
    });
    formulas.flat_map(|formula| formula.tests()).collect()
}

/// The parameters of a comparison that does not hold, or fail, by what the declarations say.
fn params<'w>(workflow: &Workflow, test: &'w Test) -> Vec<&'w Datum> {
    let Operand::Datum(right) = &test.right else { return Vec::new() };
    if identities(workflow, &test.left).contains(right) || identities(workflow, right).contains(&test.left) {
        return Vec::new();
    }
    test.data().filter(|datum| matches!(datum.root, Root::Param(_))).collect()
}

/// The outcomes by which a role judges the parameter.
pub(super) fn by_roles(workflow: &Workflow, judged: &[(Atom, &Datum)], param: &Datum) -> Vec<Atom> {
    let same = identities(workflow, param);
    let by_role = |atom: Atom| {
        let step = workflow.steps.get(atom.step.index());
        let outcome = step.and_then(|step| step.outcomes.get(atom.outcome.index()));
        outcome.is_some_and(|outcome| matches!(outcome.how, How::Judged | How::JudgedIf(_)))
    };
    let of = judged.iter().filter(|(atom, of)| by_role(*atom) && judges(workflow, of, &same));
    of.map(|(atom, _)| *atom).collect()
}

fn then(workflow: &Workflow, atom: Atom) -> Option<Then> {
    let step = workflow.steps.get(atom.step.index())?;
    step.outcomes.get(atom.outcome.index()).map(|outcome| outcome.then)
}
