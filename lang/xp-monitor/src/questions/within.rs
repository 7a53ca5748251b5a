//! The path arguments of a use lie inside an extent. Paths inside lists and records count, too.

use xp_artifact::question::{Extent, Uses};
use xp_artifact::workflow::Workflow;
use xp_scope::{Type, Value};

use crate::fact::Use;
use crate::sight::Sight;
use crate::uses::matches;

/// Deeper records of records do not exist in a checked workflow.
const MAX_DEPTH: usize = 32;

pub(crate) fn broken(
    workflow: &Workflow,
    uses: &Uses,
    extent: &Extent,
    used: &Use,
    sight: &dyn Sight,
) -> bool {
    if !matches(workflow, uses, used, sight) {
        return false;
    }
    let Some((_, action)) = workflow.granted(used.at) else { return true };
    let allowed = match extent {
        Extent::Datum(datum) => sight.value(datum),
        Extent::Patterns(_) => None,
    };
    let inside = |path: &Value| match extent {
        Extent::Patterns(patterns) => path.as_text().is_some_and(|path| patterns.matches(path)),
        Extent::Datum(_) => allowed.as_ref().and_then(Value::as_list).is_some_and(|all| all.contains(path)),
    };
    let mut params = action.params.iter().filter_map(|param| Some((&param.ty, used.args.get(&param.name)?)));
    !params.all(|(ty, value)| all_paths(workflow, ty, value, &inside, MAX_DEPTH))
}

fn all_paths(
    workflow: &Workflow,
    ty: &Type,
    value: &Value,
    inside: &dyn Fn(&Value) -> bool,
    depth: usize,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match (ty, value) {
        (Type::Path, path) => inside(path),
        (Type::List(element) | Type::Set(element), Value::List(all)) => {
            all.iter().all(|value| all_paths(workflow, element, value, inside, depth))
        }
        (Type::Record(name), Value::Record(members)) => {
            let record = workflow.records.iter().find(|record| record.name == *name);
            record.is_none_or(|record| {
                record.fields.iter().all(|field| {
                    members
                        .get(&field.name)
                        .is_none_or(|value| all_paths(workflow, &field.ty, value, inside, depth))
                })
            })
        }
        _ => true,
    }
}
