//! Values of names, expressions and conditions in a state.

use xp_artifact::Literal;
use xp_artifact::workflow::{
    Atom, Condition, Datum, Expr, Formula, GrantIx, How, Outcome, Root, StepId, Then,
};
use xp_scope::Value;

use crate::state::{State, StepState};

/// The value of a datum, if it has one now: what a step made has none for others until the step has settled.
pub(crate) fn datum<'s>(state: &'s State, datum: &Datum) -> Option<&'s Value> {
    if let Some(step) = datum.root.step() {
        state.steps.get(step.index())?.settled?;
    }
    let root = match datum.root {
        Root::Param(id) => state.params.get(id.index())?,
        Root::Result { step, grant } => {
            state.steps.get(step.index())?.grants.get(grant.index())?.result.as_ref()?
        }
        Root::Submission { step, submission } => {
            state.steps.get(step.index())?.submissions.get(submission.index())?.as_ref()?
        }
    };
    root.at(&datum.fields)
}

/// The value of an expression, if everything it names has one.
pub(crate) fn expr(state: &State, expr: &Expr) -> Option<Value> {
    expr.value(|named| datum(state, named))
}

/// Truth of a condition of a step. A literal that reads unbound or doubtful data is false, negated or not; so is one that reads a
/// value which a use under way may replace: what an outcome was accepted on is what it takes effect on.
pub(crate) fn condition(state: &State, own: StepId, condition: &Condition) -> bool {
    let Some(step) = state.steps.get(own.index()) else { return false };
    let certain = |grant: &GrantIx| step.grants.get(grant.index()).filter(|grant| grant.doubts == 0);
    condition.holds(&|literal| match literal {
        Literal::Bound(grant) => certain(&grant).is_some_and(|grant| grant.result.is_some()),
        Literal::Test(test) => test.holds(&|named| match named.root {
            Root::Result { step, grant } if step == own => {
                let settled = certain(&grant).filter(|grant| grant.claimed == 0);
                settled?.result.as_ref()?.at(&named.fields).cloned()
            }
            _ => datum(state, named).cloned(),
        }),
    })
}

/// Truth of a guard.
pub(crate) fn formula(state: &State, formula: &Formula) -> bool {
    formula.holds(&|atom| state.is_settled(atom), &|test| test.holds(&|named| datum(state, named).cloned()))
}

/// Truth of a formula over outcomes alone if, besides what is settled, `extra` were.
pub(crate) fn formula_with(state: &State, formula: &Formula, extra: Atom) -> bool {
    formula.holds(&|atom| atom == extra || state.is_settled(atom), &|_| false)
}

/// Every submission has been made, or the outcome does not need them.
pub(crate) fn submitted(state: &StepState, outcome: &Outcome) -> bool {
    outcome.then != Then::Settle || state.submissions.iter().all(Option::is_some)
}

/// An automatic outcome of an open step whose evidence is there.
pub(crate) fn due(state: &State, own: StepId, outcome: &Outcome) -> bool {
    match &outcome.how {
        How::Auto(evidence) => {
            condition(state, own, evidence) && step(state, own).is_some_and(|step| submitted(step, outcome))
        }
        How::Judged | How::JudgedIf(_) | How::Exhausted(_) | How::TimedOut => false,
    }
}

/// Steps by id, for code that has checked the id before.
pub(crate) fn step(state: &State, id: StepId) -> Option<&StepState> {
    state.steps.get(id.index())
}
