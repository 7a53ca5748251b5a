//! What a result of the world shows: what the step judges, or anything but that.

use std::collections::{BTreeMap, BTreeSet};

use xp_machine::{Machine, State};
use xp_scope::{Type, Value};

use crate::facts::{Facts, GrantAt, Shown};
use crate::plain;
use crate::values::put;
use xp_artifact::workflow::{Datum, Pin, Root};

/// Arguments of a use that shows what the step judges because it was asked for that: those that may be anything and that nobody
/// has chosen or `taken` yet.
pub(crate) fn aim(
    facts: &Facts<'_>,
    machine: &Machine,
    state: &State,
    at: GrantAt,
    (chosen, taken): (&BTreeMap<u32, Value>, &BTreeSet<u32>),
) -> BTreeMap<u32, Value> {
    let mut free = chosen.clone();
    for (atom, _) in facts.atoms(at.0) {
        let Some(datum) = facts.judged_datum(atom) else { continue };
        let Some(value) = machine.value(state, datum) else { continue };
        for way in facts.ways_to_see(at.0, datum) {
            if let Shown::Use(grant, field) = way
                && grant == at.1
            {
                ask_for(facts, at, std::slice::from_ref(&field), value, &mut free);
            }
        }
    }
    free.retain(|index, _| chosen.contains_key(index) || !taken.contains(index));
    free
}

/// Lets the argument that a field of the result is be this value, if it may be anything.
pub(crate) fn ask_for(
    facts: &Facts<'_>,
    at: GrantAt,
    field: &[String],
    value: &Value,
    chosen: &mut BTreeMap<u32, Value>,
) {
    let identity = facts.action_of(at).clauses.identity(field);
    let Some((index, _)) = identity.filter(|(_, fields)| fields.is_empty()) else { return };
    let pin = facts.grant(at).and_then(|grant| grant.pins.get(index as usize));
    if matches!(pin, Some(Pin::Any | Pin::Content { .. })) {
        chosen.entry(index).or_insert_with(|| value.clone());
    }
}

/// The world cannot show anything else there: the field is an argument.
pub(crate) fn is_asked_for(facts: &Facts<'_>, at: GrantAt, field: &String) -> bool {
    facts.action_of(at).clauses.identity(std::slice::from_ref(field)).is_some()
}

/// Lets a result show what the step judges, where it can.
pub(crate) fn reveal(facts: &Facts<'_>, machine: &Machine, state: &State, at: GrantAt, result: &mut Value) {
    for (atom, _) in facts.atoms(at.0) {
        let Some(datum) = facts.judged_datum(atom) else { continue };
        for way in facts.ways_to_see(at.0, datum) {
            if let (Shown::Use(grant, field), Some(value)) = (way, machine.value(state, datum))
                && grant == at.1
                && !is_asked_for(facts, at, &field)
            {
                put(result, &[field], value.clone());
            }
        }
    }
}

/// Lets a result show nothing that the step judges, where the types have another value.
pub(crate) fn conceal(facts: &Facts<'_>, machine: &Machine, state: &State, at: GrantAt, result: &mut Value) {
    let judged: Vec<&Value> =
        facts.atoms(at.0).filter_map(|(atom, _)| machine.value(state, facts.judged_datum(atom)?)).collect();
    for field in facts.action_of(at).shows.iter().filter(|field| !is_asked_for(facts, at, field)) {
        let fields = vec![field.clone()];
        let now = result.at(&fields).cloned();
        let datum = Datum { root: Root::Result { step: at.0, grant: at.1 }, fields: fields.clone() };
        let (Some(now), Some(ty)) = (now, facts.type_of(&datum)) else { continue };
        if judged.contains(&&now)
            && let Some(other) = others(ty, judged.len()).into_iter().find(|other| !judged.contains(&other))
        {
            put(result, &fields, other);
        }
    }
}

/// More values of a type than so many, where it has them.
pub(crate) fn others(ty: &Type, many: usize) -> Vec<Value> {
    let numbered = |make: &dyn Fn(usize) -> Value| (0..=many).map(make).collect();
    match ty {
        Type::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Type::Int => (2..).map(Value::Int).take(many + 1).collect(),
        Type::Text | Type::Path | Type::Branch => {
            numbered(&|number| Value::Text(format!("another-{number}")))
        }
        Type::Commit | Type::Tree => numbered(&|number| Value::Text(format!("{:040x}", 0xe0_0000 + number))),
        Type::Enum(words) => words.iter().cloned().map(Value::Text).collect(),
        Type::Decimal { .. } | Type::Time | Type::Duration | Type::Url => {
            (0..=many).filter_map(|number| plain::value(ty, 0xe000 + number)).collect()
        }
        Type::List(_) | Type::Set(_) => vec![Value::List(Vec::new())],
        Type::Record(_) => Vec::new(),
    }
}
