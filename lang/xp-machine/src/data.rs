//! Values of names, expressions and conditions in a state.

use xp_artifact::workflow::{
    Condition, Datum, Expr, Formula, How, Outcome, Root, StepId, TemplatePart, Then,
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
    match expr {
        Expr::Literal(value) => Some(value.clone()),
        Expr::Datum(named) => datum(state, named).cloned(),
        Expr::Template(parts) => parts
            .iter()
            .try_fold(String::new(), |mut text, part| {
                match part {
                    TemplatePart::Text(piece) => text.push_str(piece),
                    TemplatePart::Datum(named) => match datum(state, named)? {
                        Value::Text(piece) => text.push_str(piece),
                        Value::Int(number) => text.push_str(&number.to_string()),
                        Value::Bool(_) | Value::List(_) | Value::Record(_) => return None,
                    },
                }
                Some(text)
            })
            .map(Value::Text),
    }
}

/// Truth of a condition. A literal that reads unbound or doubtful data is false, negated or not.
pub(crate) fn condition(step: &StepState, condition_: &Condition) -> bool {
    let result = |grant: &xp_artifact::workflow::GrantIx| {
        step.grants
            .get(grant.index())
            .filter(|grant| grant.doubts == 0)
            .and_then(|grant| grant.result.as_ref())
    };
    match condition_ {
        Condition::Bound(grant) => result(grant).is_some(),
        Condition::Flag { grant, fields, is } => {
            result(grant).and_then(|value| value.at(fields)) == Some(&Value::Bool(*is))
        }
        Condition::All(parts) => parts.iter().all(|part| condition(step, part)),
        Condition::Any(parts) => parts.iter().any(|part| condition(step, part)),
    }
}

/// Truth of a guard.
pub(crate) fn formula(state: &State, formula_: &Formula) -> bool {
    formula_with(state, formula_, None)
}

/// Truth of a guard if, besides what is settled, `extra` were.
pub(crate) fn formula_with(
    state: &State,
    formula_: &Formula,
    extra: Option<xp_artifact::workflow::Atom>,
) -> bool {
    match formula_ {
        Formula::Is(atom) => {
            extra == Some(*atom)
                || state.steps.get(atom.step.index()).is_some_and(|step| step.settled == Some(atom.outcome))
        }
        Formula::All(parts) => parts.iter().all(|part| formula_with(state, part, extra)),
        Formula::Any(parts) => parts.iter().any(|part| formula_with(state, part, extra)),
    }
}

/// Every submission has been made, or the outcome does not need them.
pub(crate) fn submitted(state: &StepState, outcome: &Outcome) -> bool {
    outcome.then != Then::Settle || state.submissions.iter().all(Option::is_some)
}

/// An automatic outcome of an open step whose evidence is there.
pub(crate) fn due(state: &StepState, outcome: &Outcome) -> bool {
    match &outcome.how {
        How::Auto(evidence) => condition(state, evidence) && submitted(state, outcome),
        How::Judged | How::JudgedIf(_) | How::Exhausted(_) => false,
    }
}

/// Steps by id, for code that has checked the id before.
pub(crate) fn step(state: &State, id: StepId) -> Option<&StepState> {
    state.steps.get(id.index())
}
