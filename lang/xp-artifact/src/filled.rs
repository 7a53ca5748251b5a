//! What is in a thing beyond what its name says: a name that is derived from content says that.

use xp_scope::thing::Immutable;

use crate::declaration::{KeyExpr, Making, ThingExpr};
use crate::workflow::{Action, Workflow};

/// What the use makes and a field of its result names, where what is in it is not said by that name.
#[must_use]
pub fn filled_as<'a>(workflow: &Workflow, action: &'a Action, field: &[String]) -> Vec<&'a Making> {
    let mut made = action.clauses.all_made_as(field);
    made.retain(|making| is_filled_by(workflow, action, making));
    made
}

/// The use puts in what the name of what it makes does not say. A name that is said to come from nothing says nothing of it.
#[must_use]
pub fn is_filled_by(workflow: &Workflow, action: &Action, making: &Making) -> bool {
    let generated = |key: &KeyExpr| match key {
        KeyExpr::Field(field) => action.clauses.said_of(field).is_some_and(|said| said.is_empty()),
        KeyExpr::Literal(_) | KeyExpr::Argument { .. } | KeyExpr::Every(_) | KeyExpr::Some => false,
    };
    is_filled(workflow, &making.thing) || making.thing.own_keys().iter().any(generated)
}

/// What is in it is not said by its name.
#[must_use]
pub fn is_filled(workflow: &Workflow, expr: &ThingExpr) -> bool {
    let kind = expr.levels().last().and_then(|level| workflow.kinds.named(&level.kind));
    let kind = kind.and_then(|kind| workflow.kinds.get(kind));
    kind.is_none_or(|kind| kind.immutable != Some(Immutable::Content))
}
