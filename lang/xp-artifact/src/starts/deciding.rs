//! Parameters that decide a comparison with other data.

use std::collections::BTreeSet;

use super::asked::{Asked, Taken, asked};
use super::behind::{Behind, Judging};
use super::{Why, paths};
use crate::fold::Literal;
use crate::formula::{Operand, Test};
use crate::passing::{Passing, identities, judges, pinned};
use crate::question::Question;
use crate::rests::needs_one_of;
use crate::workflow::{Atom, Datum, Grant, How, OutcomeIx, Root, Step, StepId, Then, Workflow};

/// A parameter that is compared with a datum, or behind one that is.
pub(super) struct Deciding {
    pub(super) param: Datum,
    /// [`Why::Compared`] or [`Why::Limit`].
    pub(super) why: Why,
    /// The step that opens, ends or may use a grant by it.
    pub(super) step: StepId,
    /// The outcome whose condition it is.
    outcome: Option<Atom>,
}

impl Deciding {
    /// Whatever the way, a role has judged the parameter, by one of these outcomes, before or when it decides.
    pub(super) fn is_judged(&self, workflow: &Workflow, atoms: &[Atom]) -> bool {
        let lasting: Vec<Atom> =
            atoms.iter().copied().filter(|atom| then(workflow, *atom) == Some(Then::Settle)).collect();
        self.outcome.is_some_and(|outcome| atoms.contains(&outcome))
            || (!lasting.is_empty() && needs_one_of(workflow, self.step, &lasting))
    }
}

/// Of a workflow: what its steps wait for, the conditions of their outcomes, and what guards require of uses in them.
pub(super) fn deciding<'w>(workflow: &'w Workflow, behind: &mut Behind<'w>) -> Vec<Deciding> {
    let subjects = subjects(workflow, behind);
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
            if is_settled(workflow, test) {
                continue;
            }
            for datum in test.data() {
                let deciding = |param: Datum, why| Deciding { param, why, step: id, outcome };
                if let Root::Param(_) = datum.root {
                    // A parameter that is one of the words of the workflow is there to be chosen.
                    if let Operand::Datum(_) = test.right {
                        found.push(deciding(datum.clone(), Why::Compared));
                    }
                    continue;
                }
                let Some(subjects) = &subjects else { continue };
                let behind = all_behind(behind, datum).into_iter();
                let other =
                    behind.filter(|param| !paths(workflow, param).iter().all(|path| subjects.contains(path)));
                found.extend(other.map(|param| deciding(param, Why::Limit)));
            }
        }
    }
    found
}

/// The parameters behind what is made final, by path: they, or what they name, are what the run is about. Where nothing is made final,
/// those behind what is altered; none where nothing is.
fn subjects<'w>(workflow: &'w Workflow, behind: &mut Behind<'w>) -> Option<BTreeSet<String>> {
    let mut found: Option<BTreeSet<String>> = None;
    for at in workflow.grants() {
        for Asked { from, why, .. } in asked(workflow, &behind.read, &mut behind.finals, at) {
            if let Why::Final(_) = why {
                let params = behind.given(at, from, &NOTHING_JUDGED);
                let found = found.get_or_insert_default();
                found.extend(params.iter().flat_map(|param| paths(workflow, param)));
            }
        }
    }
    // What is made final may be fixed by the workflow.
    let is_final = |at| workflow.granted(at).is_some_and(|(_, action)| action.clauses.is_final());
    if found.is_some() || workflow.grants().any(is_final) {
        return Some(found.unwrap_or_default());
    }
    for at in workflow.grants() {
        let Some((granted, action)) = workflow.granted(at) else { continue };
        if action.clauses.altered().next().is_none() {
            continue;
        }
        let found = found.get_or_insert_default();
        for from in granted.pins.iter().flat_map(|pin| pinned(pin, &[])) {
            let params = behind.given(at, Taken::Passing(from), &NOTHING_JUDGED);
            found.extend(params.iter().flat_map(|param| paths(workflow, param)));
        }
    }
    found
}

/// The parameters behind a datum: it is one, is made of one, or is read in what one names.
fn all_behind(behind: &mut Behind<'_>, datum: &Datum) -> Vec<Datum> {
    let Root::Result { step, grant } = datum.root else { return Vec::new() };
    behind.given((step, grant), Taken::Passing(Passing::Datum(datum.clone())), &NOTHING_JUDGED)
}

const NOTHING_JUDGED: Judging<'static, 'static> =
    Judging { all: &[], is_judged: &|_| false, is_shown: &|_, _| false };

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

/// Both sides are one value by what the declarations say.
fn is_settled(workflow: &Workflow, test: &Test) -> bool {
    let Operand::Datum(right) = &test.right else { return false };
    identities(workflow, &test.left).contains(right) || identities(workflow, right).contains(&test.left)
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
