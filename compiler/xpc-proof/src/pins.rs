//! Whether what a pin admits can be equal to something, as far as the workflow alone tells.

use xp_artifact::workflow::{Datum, Expr, Pin, Root, TemplatePart};
use xp_scope::{Type, Value};

use crate::facts::{Facts, text};
use crate::scopes;

/// Whether what a pin admits can be what the expression says, as far as the workflow alone tells.
pub(crate) fn can_meet(facts: &Facts<'_>, pin: &Pin, expr: &Expr) -> bool {
    match (pin, expr) {
        (Pin::Is(Expr::Literal(a)), Expr::Literal(b)) => a == b,
        (Pin::Is(Expr::Template(parts)), Expr::Literal(value)) => {
            text(value).is_some_and(|text| can_become(parts, text))
        }
        (Pin::Is(Expr::Datum(datum)), Expr::Datum(other)) => {
            !(is_fresh(facts, datum) && matches!(other.root, Root::Param(_))
                || is_fresh(facts, other) && matches!(datum.root, Root::Param(_)))
        }
        (Pin::Within(patterns), Expr::Literal(value)) => {
            text(value).is_some_and(|path| patterns.matches(path))
        }
        (Pin::OneOf { set, within }, Expr::Literal(value)) => {
            let inside =
                |patterns: &xp_scope::PatternSet| text(value).is_some_and(|path| patterns.matches(path));
            let listed = match set {
                Expr::Literal(Value::List(elements)) => elements.contains(value),
                _ => true,
            };
            listed
                && within.as_ref().is_none_or(inside)
                && scopes::declared_within(facts.w, set).is_none_or(inside)
        }
        (Pin::Content { max }, Expr::Literal(value)) => {
            text(value).is_some_and(|text| text.chars().nth(*max as usize).is_none())
        }
        _ => true,
    }
}

/// The result of an action that makes something new: the machine binds none that is called like a parameter of the run or a
/// part of one.
fn is_fresh(facts: &Facts<'_>, datum: &Datum) -> bool {
    let Root::Result { step, grant } = datum.root else { return false };
    let git = matches!(facts.type_of(datum), Some(Type::Branch | Type::Commit | Type::Tree));
    git && facts.action_of((step, grant)).clauses.made_as(&datum.fields).is_some()
}

/// Whether a template can become the text: only what it starts and ends with is looked at.
fn can_become(parts: &[TemplatePart], text: &str) -> bool {
    if let [TemplatePart::Text(whole)] = parts {
        return whole == text;
    }
    let (start, end) = (fixed(parts.first()), fixed(parts.last()));
    text.len() >= start.len() + end.len() && text.starts_with(&start) && text.ends_with(&end)
}

fn fixed(part: Option<&TemplatePart>) -> String {
    match part {
        Some(TemplatePart::Text(fixed)) => fixed.clone(),
        Some(TemplatePart::Datum(_)) | None => String::new(),
    }
}
