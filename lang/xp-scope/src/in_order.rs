//! Puts the sets in a value from outside in canonical order.

use crate::types::{Records, Type};
use crate::value::Value;

/// Deeper types do not exist in a checked workflow.
const MAX_DEPTH: usize = 32;

/// The value with the elements of every set in it in canonical order, for what comes from outside. Nothing else is changed,
/// and nothing is checked: equal elements stay, and are refused with the value's other faults.
#[must_use]
pub fn in_order(value: Value, ty: &Type, records: &impl Records) -> Value {
    ordered(value, ty, records, MAX_DEPTH)
}

fn ordered(value: Value, ty: &Type, records: &impl Records, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else { return value };
    match (ty, value) {
        (Type::List(element), Value::List(list)) => {
            Value::List(list.into_iter().map(|value| ordered(value, element, records, depth)).collect())
        }
        (Type::Set(element), Value::List(list)) => {
            let mut list: Vec<Value> =
                list.into_iter().map(|value| ordered(value, element, records, depth)).collect();
            list.sort_by_cached_key(Value::canonical);
            Value::List(list)
        }
        (Type::Record(name), Value::Record(members)) => {
            let Some(fields) = records.fields(name) else { return Value::Record(members) };
            let of = |member: &str| fields.iter().find(|(field, _)| *field == member).map(|(_, ty)| *ty);
            let members = members.into_iter().map(|(member, value)| match of(&member) {
                Some(ty) => {
                    let value = ordered(value, ty, records, depth);
                    (member, value)
                }
                None => (member, value),
            });
            Value::Record(members.collect())
        }
        (_, value) => value,
    }
}
