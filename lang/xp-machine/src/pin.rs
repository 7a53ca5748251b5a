//! Whether an argument is inside its pin.

use xp_artifact::workflow::{Datum, Expr, Pin};
use xp_scope::Value;

use crate::data;
use crate::state::State;

/// Why an argument is refused by its pin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// The pin names something that has no value.
    Unbound,
    /// The argument is something else.
    Outside,
}

/// Whether `value` is inside `pin`.
pub(crate) fn admits(state: &State, pin: &Pin, value: &Value) -> Result<(), Miss> {
    let inside = match pin {
        Pin::Is(expr) => data::expr(state, expr).ok_or(Miss::Unbound)? == *value,
        Pin::OneOf { set, within } => {
            let Value::List(elements) = data::expr(state, set).ok_or(Miss::Unbound)? else {
                return Err(Miss::Outside);
            };
            elements.contains(value) && within.as_ref().is_none_or(|patterns| matches(patterns, value))
        }
        Pin::Within(patterns) => matches(patterns, value),
        Pin::Content { max } => match value {
            Value::Text(text) => text.chars().nth(*max as usize).is_none(),
            Value::Bool(_) | Value::Int(_) | Value::List(_) | Value::Record(_) => false,
        },
        Pin::Any => true,
        Pin::Absent => false,
    };
    if inside { Ok(()) } else { Err(Miss::Outside) }
}

/// Whether a use may have no argument where this pin is, of an optional parameter: the grant leaves it out or lets anything
/// through, or it is pinned to a value that is absent.
pub(crate) fn admits_absence(state: &State, pin: &Pin) -> bool {
    match pin {
        Pin::Any | Pin::Absent => true,
        Pin::Is(Expr::Datum(named)) => {
            let whole = Datum { root: named.root, fields: Vec::new() };
            data::datum(state, &whole).is_some() && data::datum(state, named).is_none()
        }
        Pin::Is(_) | Pin::OneOf { .. } | Pin::Within(_) | Pin::Content { .. } => false,
    }
}

fn matches(patterns: &xp_scope::PatternSet, value: &Value) -> bool {
    match value {
        Value::Text(path) => patterns.matches(path),
        Value::Bool(_) | Value::Int(_) | Value::List(_) | Value::Record(_) => false,
    }
}
