//! What is made must be new: it is called like nothing that the run was given. Proofs rely on that.

use std::collections::BTreeMap;

use xp_artifact::workflow::Action;
use xp_scope::{Type, Value};

use crate::machine::Machine;
use crate::state::State;

/// Deeper records of records do not exist in a checked workflow.
const MAX_DEPTH: usize = 32;

/// The parameter of the run in which something of the type is called so.
pub(crate) fn given_as<'m>(machine: &'m Machine, state: &State, ty: &Type, value: &Value) -> Option<&'m str> {
    let pairs = machine.workflow.params.iter().zip(&state.params);
    let mut found = pairs.filter(|(param, given)| holds(machine, &param.ty, given, ty, value, MAX_DEPTH));
    found.next().map(|(param, _)| param.name.as_str())
}

fn holds(machine: &Machine, of: &Type, given: &Value, ty: &Type, value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    match (of, given) {
        (Type::List(element), Value::List(elements)) => {
            elements.iter().any(|given| holds(machine, element, given, ty, value, depth))
        }
        (Type::Record(name), Value::Record(members)) => machine.records.get(name).is_some_and(|fields| {
            fields.iter().any(|(field, of)| {
                members.get(field).is_some_and(|given| holds(machine, of, given, ty, value, depth))
            })
        }),
        _ => of == ty && given == value,
    }
}

/// The name of what the action makes, as it was asked for, with the argument's number.
pub(crate) fn name_of<'a>(action: &Action, args: &'a BTreeMap<String, Value>) -> Option<(u32, &'a Value)> {
    let number = action.name_of_made()?;
    let param = action.params.get(usize::try_from(number).ok()?)?;
    Some((number, args.get(&param.name)?))
}
