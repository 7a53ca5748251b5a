//! Grants of one step that one request can fit.

use std::collections::BTreeMap;

use xp_scope::Value;
use xp_scope::thing::{Key, can_equal};

use crate::things::Terms;
use crate::workflow::{Action, ActionId, Expr, GrantIx, Pin, StepId, Workflow};

/// Two grants of one step and one action that are not known to differ in any argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The step.
    pub step: StepId,
    /// The grant that comes first.
    pub first: GrantIx,
    /// The other one.
    pub second: GrantIx,
}

/// For each grant, the first one before it that a request can fit as well.
#[must_use]
pub fn overlaps(workflow: &Workflow) -> Vec<Overlap> {
    let mut terms = Terms::of(workflow);
    let mut found = Vec::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        let step_id = StepId::of(number);
        let mut by_action: BTreeMap<ActionId, Vec<GrantIx>> = BTreeMap::new();
        for (ix, grant) in step.grants.iter().enumerate() {
            by_action.entry(grant.action).or_default().push(GrantIx::of(ix));
        }
        by_action.retain(|_, grants| grants.len() > 1);
        for (action, grants) in by_action {
            let Some(action) = workflow.actions.get(action.index()) else { continue };
            let mut known: Vec<(GrantIx, Vec<(&Pin, Key)>)> = Vec::with_capacity(grants.len());
            for second in grants {
                let pins = step.grants.get(second.index()).map(|grant| grant.pins.as_slice());
                let pins: Vec<(&Pin, Key)> =
                    pins.unwrap_or_default().iter().map(|pin| (pin, terms.argument(pin))).collect();
                let first = known.iter().find(|(_, other)| fit(action, other, &pins));
                if let Some((first, _)) = first {
                    found.push(Overlap { step: step_id, first: *first, second });
                }
                known.push((second, pins));
            }
        }
    }
    found
}

fn fit(action: &Action, left: &[(&Pin, Key)], right: &[(&Pin, Key)]) -> bool {
    let mut pairs = action.params.iter().zip(left.iter().zip(right));
    pairs.all(|(param, ((left, left_key), (right, right_key)))| {
        let apart =
            too_long(left, right) || too_long(right, left) || is_there(left, right) || is_there(right, left);
        !apart && can_equal(&param.ty, left_key, right_key)
    })
}

/// The one has no argument, the other always has one.
fn is_there(absent: &Pin, pin: &Pin) -> bool {
    *absent == Pin::Absent && !matches!(pin, Pin::Absent | Pin::Any | Pin::Is(Expr::Datum(_)))
}

/// The one is free text, and the other a literal that is longer than it may be.
fn too_long(free: &Pin, literal: &Pin) -> bool {
    match (free, literal) {
        (Pin::Content { max }, Pin::Is(Expr::Literal(Value::Text(text)))) => {
            text.chars().nth(*max as usize).is_some()
        }
        _ => false,
    }
}
