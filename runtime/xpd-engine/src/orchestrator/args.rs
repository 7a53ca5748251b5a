//! Arguments: complete and neutralised before anything is decided about them. Refused rather than repaired.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Action, ActionId, Effect, Grant, Pin, Step};
use xp_machine::{Machine, State};
use xp_scope::Value;
use xpd_proxy::Refused;

use crate::registry::qualified;

/// The declaration of an action in a workflow.
pub(super) fn declared<'m>(machine: &'m Machine, action: &str) -> Option<(ActionId, &'m Action)> {
    let actions = machine.workflow().actions.iter().enumerate();
    actions
        .map(|(at, declared)| (ActionId::of(at), declared))
        .find(|(_, declared)| qualified(declared) == action)
}

/// Fills what was left out and can have one value only, and breaks commands in free text.
pub(super) fn complete(
    machine: &Machine,
    state: &State,
    step: &str,
    action: &str,
    mut args: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, Refused> {
    let step = machine.step_named(step).and_then(|id| machine.workflow().steps.get(id.index()));
    let (Some(step), Some((_, declared))) = (step, declared(machine, action)) else { return Ok(args) };
    let grants = grants_of(machine, step, action);
    for (index, param) in declared.params.iter().enumerate() {
        let pins: Vec<&Pin> = grants.iter().filter_map(|grant| grant.pins.get(index)).collect();
        let only = |pin: &&Pin| match pin {
            Pin::Is(expr) => machine.evaluate(state, expr),
            Pin::OneOf { .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any => None,
        };
        let single: Vec<Value> = pins.iter().filter_map(only).collect();
        let Some(given) = args.get(&param.name) else {
            let filled = param.default.clone().or_else(|| single.first().cloned());
            if let Some(filled) = filled {
                args.insert(param.name.clone(), filled);
            }
            continue;
        };
        let free = pins.iter().filter_map(|pin| match pin {
            Pin::Content { max } => Some(*max),
            Pin::Is(_) | Pin::OneOf { .. } | Pin::Within(_) | Pin::Any => None,
        });
        // Text that a grant names literally is the workflow's own.
        if let (Some(max), Value::Text(text), false) = (free.max(), given, single.contains(given)) {
            let max = usize::try_from(max).unwrap_or(usize::MAX);
            // What goes into a file stays as it is: a mark in code would be another program.
            let neutral = if declared.effect == Effect::Write {
                xp_scope::content::check_file(text, max).map(|()| text.clone())
            } else {
                xp_scope::neutralise(text, max)
            };
            let neutral = neutral
                .map_err(|error| Refused::new("bad_value", format!("argument `{}`: {error}", param.name)))?;
            args.insert(param.name.clone(), Value::Text(neutral));
        }
    }
    Ok(args)
}

fn grants_of<'m>(machine: &'m Machine, step: &'m Step, action: &str) -> Vec<&'m Grant> {
    let named = |grant: &&Grant| {
        machine
            .workflow()
            .actions
            .get(grant.action.index())
            .is_some_and(|declared| qualified(declared) == action)
    };
    step.grants.iter().filter(named).collect()
}

/// What an action concerns, for leases: each touched or spoken-about argument with the records it stands beside.
pub(super) fn resources(action: &Action, instance: &str, args: &BTreeMap<String, Value>) -> Vec<String> {
    let within: Vec<Value> = action
        .params
        .iter()
        .filter(|param| matches!(param.ty, xp_scope::Type::Record(_)))
        .filter_map(|param| args.get(&param.name))
        .map(identity)
        .collect();
    let named = action.touches.iter().chain(&action.about);
    named
        .filter_map(|index| action.params.get(*index as usize))
        .filter_map(|param| {
            let value = args.get(&param.name)?;
            Some(serde_json::json!([instance, within, param.ty.to_string(), value]).to_string())
        })
        .collect()
}

/// What a record stands for: its owner and name where it has them, in one case, so that a field that only says how it is
/// worked with does not make it another resource.
fn identity(value: &Value) -> Value {
    let named = |field: &str| value.at(&[field.to_owned()]).and_then(Value::as_text).map(str::to_lowercase);
    match (named("owner"), named("name")) {
        (Some(owner), Some(name)) => Value::List(vec![Value::Text(owner), Value::Text(name)]),
        _ => value.clone(),
    }
}
