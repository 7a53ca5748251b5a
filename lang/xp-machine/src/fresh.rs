//! What is made must be new: it is called like nothing that the run was given. Proofs rely on that.

use std::collections::BTreeMap;

use xp_artifact::workflow::Action;
use xp_scope::{Type, Value};

use crate::machine::Machine;
use crate::state::State;

/// Deeper records of records do not exist in a checked workflow.
const MAX_DEPTH: usize = 32;

/// The parameter of the run that is called so, if what the type names is identified by its text.
pub(crate) fn given_as<'m>(machine: &'m Machine, state: &State, ty: &Type, value: &Value) -> Option<&'m str> {
    if !matches!(ty, Type::Branch | Type::Commit | Type::Tree) {
        return None;
    }
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

/// The argument of a making action that is the name of what it makes: the first it touches of the result's type.
pub(crate) fn name_of<'a>(action: &'a Action, args: &'a BTreeMap<String, Value>) -> Option<(u32, &'a Value)> {
    let named = action.touches.iter().find_map(|number| {
        let param = action.params.get(usize::try_from(*number).ok()?)?;
        (param.ty == action.result).then_some((*number, param))
    });
    named.and_then(|(number, param)| Some((number, args.get(&param.name)?)))
}
