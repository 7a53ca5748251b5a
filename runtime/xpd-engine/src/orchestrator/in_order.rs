//! Sets from outside are put in canonical order, so that equal sets have equal digests. The machine refuses others.

use std::collections::BTreeMap;

use xp_artifact::workflow::Action;
use xp_machine::Machine;
use xp_scope::{Type, Value};

use crate::memory::Tx;
use crate::registry::qualified;

/// Arguments of an action.
pub(super) fn arguments(machine: &Machine, action: &Action, args: &mut BTreeMap<String, Value>) {
    typed(machine, action.params.iter().map(|param| (&param.name, &param.ty)), args);
}

/// Parameters of a run.
pub(super) fn parameters(machine: &Machine, given: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut params = given.clone();
    typed(machine, machine.workflow().params.iter().map(|param| (&param.name, &param.ty)), &mut params);
    params
}

/// A submission of a step.
pub(super) fn submission(machine: &Machine, step: &str, name: &str, value: Value) -> Value {
    let step = machine.step_named(step).and_then(|id| machine.workflow().steps.get(id.index()));
    let declared = step.and_then(|step| step.submissions.iter().find(|submission| submission.name == name));
    match declared {
        Some(declared) => machine.in_order(value, &declared.ty),
        // The machine refuses it.
        None => value,
    }
}

/// A result of an action in a run.
pub(super) fn result(
    tx: &mut Tx<'_>,
    run: &str,
    action: &str,
    value: Value,
) -> Result<Value, xpd_store::StoreError> {
    let Some(run) = tx.run(run)? else { return Ok(value) };
    let declared = run.machine.workflow().actions.iter().find(|declared| qualified(declared) == action);
    Ok(match declared {
        Some(declared) => run.machine.in_order(value, &declared.result),
        None => value,
    })
}

fn typed<'t>(
    machine: &Machine,
    types: impl Iterator<Item = (&'t String, &'t Type)>,
    values: &mut BTreeMap<String, Value>,
) {
    for (name, ty) in types {
        if let Some(value) = values.remove(name) {
            values.insert(name.clone(), machine.in_order(value, ty));
        }
    }
}
