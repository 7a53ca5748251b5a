//! Arguments: complete and neutralised before anything is decided about them. Refused rather than repaired.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Action, ActionId, Effect, Grant, Pin, Step};
use xp_machine::{Machine, State};
use xp_scope::Value;
use xp_wire::RefusalCode;
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
            let neutral = neutral.map_err(|error| {
                Refused::new(RefusalCode::BadValue, format!("argument `{}`: {error}", param.name))
            })?;
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

/// What a use concerns, for leases: each thing that it alters or speaks about, below the upstream that it lies in. One that
/// begins with another lies in it.
pub(super) fn concerned(
    machine: &Machine,
    state: &State,
    action: &Action,
    args: &BTreeMap<String, Value>,
) -> Vec<String> {
    let kinds = &machine.workflow().kinds;
    let text = |thing: &xp_scope::thing::Canonical| {
        let realm = kinds.get(thing.kind()?)?.realm.as_str();
        let instance = state.instance(realm).unwrap_or(realm);
        Some(format!("{instance}\n{}", thing.lines(kinds).pop()?))
    };
    machine.concerned(action, args).iter().filter_map(text).collect()
}
