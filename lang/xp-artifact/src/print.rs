//! Parts of a workflow as people read them, in the words of the source.

use xp_scope::{Type, Value};

use crate::formula::{Operand, Relation, Test};
use crate::workflow::{Atom, Datum, Expr, Formula, Grant, Limit, Per, Pin, Root, TemplatePart, Workflow};

/// `step.outcome`.
#[must_use]
pub fn atom(workflow: &Workflow, atom: Atom) -> String {
    let step = workflow.steps.get(atom.step.index());
    let outcome = step.and_then(|step| step.outcomes.get(atom.outcome.index()));
    match (step, outcome) {
        (Some(step), Some(outcome)) => format!("{}.{}", step.name, outcome.name),
        _ => "?".to_owned(),
    }
}

/// A guard, with parentheses where `and` and `or` mix.
#[must_use]
pub fn formula(workflow: &Workflow, formula_: &Formula) -> String {
    match formula_ {
        Formula::Is(is) => atom(workflow, *is),
        Formula::Test(leaf) => test(workflow, leaf),
        Formula::All(parts) if parts.is_empty() => "true".to_owned(),
        Formula::Any(parts) if parts.is_empty() => "false".to_owned(),
        Formula::All(parts) => joined(workflow, parts, " and "),
        Formula::Any(parts) => joined(workflow, parts, " or "),
    }
}

/// A comparison as written; a Boolean that must be true by its name alone.
#[must_use]
pub fn test(workflow: &Workflow, test: &Test) -> String {
    let left = datum(workflow, &test.left);
    match (&test.relation, &test.right) {
        (Relation::Is, Operand::Literal(Value::Bool(true))) => left,
        (Relation::Is, Operand::Literal(Value::Bool(false))) => format!("not {left}"),
        (relation, Operand::Literal(literal)) => {
            let literal = match (&test.ty, literal) {
                (Type::Enum(_), Value::Text(word)) => word.clone(),
                _ => value(literal),
            };
            format!("{left} {} {literal}", relation.sign())
        }
        (relation, Operand::Datum(right)) => {
            format!("{left} {} {}", relation.sign(), datum(workflow, right))
        }
    }
}

fn joined(workflow: &Workflow, parts: &[Formula], with: &str) -> String {
    let texts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Formula::All(inner) | Formula::Any(inner) if inner.len() > 1 => {
                format!("({})", formula(workflow, part))
            }
            _ => formula(workflow, part),
        })
        .collect();
    texts.join(with)
}

/// A name with its fields, `triage.ticket.number`.
#[must_use]
pub fn datum(workflow: &Workflow, datum_: &Datum) -> String {
    let step_name = |index: usize| workflow.steps.get(index).map(|step| step.name.as_str()).unwrap_or("?");
    let root = match datum_.root {
        Root::Param(id) => workflow.params.get(id.index()).map(|param| param.name.clone()),
        Root::Result { step, grant } => {
            let binder = workflow.steps.get(step.index()).and_then(|s| s.grants.get(grant.index()));
            binder.and_then(|g| g.binder.as_ref()).map(|b| format!("{}.{b}", step_name(step.index())))
        }
        Root::Submission { step, submission } => workflow
            .steps
            .get(step.index())
            .and_then(|s| s.submissions.get(submission.index()))
            .map(|s| format!("{}.{}", step_name(step.index()), s.name)),
    };
    let mut text = root.unwrap_or_else(|| "?".to_owned());
    for field in &datum_.fields {
        text.push('.');
        text.push_str(field);
    }
    text
}

/// An expression as written.
#[must_use]
pub fn expr(workflow: &Workflow, expr_: &Expr) -> String {
    match expr_ {
        Expr::Literal(value_) => value(value_),
        Expr::Datum(named) => datum(workflow, named),
        Expr::Template(parts) => {
            let pieces: Vec<String> = parts
                .iter()
                .map(|part| match part {
                    TemplatePart::Text(text) => text.clone(),
                    TemplatePart::Datum(named) => format!("{{{}}}", datum(workflow, named)),
                })
                .collect();
            format!("\"{}\"", pieces.concat())
        }
    }
}

/// A value; text in quotes.
#[must_use]
pub fn value(value_: &Value) -> String {
    serde_json::to_string(value_).unwrap_or_else(|_| "?".to_owned())
}

/// A pin as written; `absent` of an argument that the grant leaves out.
#[must_use]
pub fn pin(workflow: &Workflow, pin_: &Pin) -> String {
    match pin_ {
        Pin::Is(is) => expr(workflow, is),
        Pin::OneOf { set, within: None } => format!("one of {}", expr(workflow, set)),
        Pin::OneOf { set, within: Some(patterns) } => {
            format!("one of {} within {patterns}", expr(workflow, set))
        }
        Pin::Within(patterns) => format!("within {patterns}"),
        Pin::Content { max } => format!("content max {max}"),
        Pin::Any => "any".to_owned(),
        Pin::Absent => "absent".to_owned(),
    }
}

/// A limit as written.
#[must_use]
pub fn limit(limit_: Limit) -> String {
    let per = match limit_.per {
        Per::Opening => "opening",
        Per::Run => "run",
    };
    if limit_.uses == 1 { format!("once per {per}") } else { format!("max {} per {per}", limit_.uses) }
}

/// A grant as written, with every argument.
#[must_use]
pub fn grant(workflow: &Workflow, grant_: &Grant) -> String {
    let Some(action) = workflow.actions.get(grant_.action.index()) else { return "?".to_owned() };
    let arguments: Vec<String> = action
        .params
        .iter()
        .zip(&grant_.pins)
        .map(|(param, pin_)| format!("{}: {}", param.name, pin(workflow, pin_)))
        .collect();
    format!("{}.{}({}) {}", action.connector, action.name, arguments.join(", "), limit(grant_.limit))
}
