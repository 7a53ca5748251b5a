//! Other names for what a use makes, where those at hand are taken.

use std::collections::BTreeMap;

use xp_artifact::things::thing;
use xp_artifact::workflow::Pin;
use xp_machine::{Machine, State};
use xp_scope::thing::Thing;
use xp_scope::{Type, Value};

use crate::facts::{Facts, GrantAt};
use crate::naming::{Part, part, parts};
use crate::plain;
use crate::values::put;

/// Names tried for one part where they do not end.
const TRIED: usize = 4;
/// Combinations of names tried for one use.
const MAX_TRIED: usize = 1_024;

/// Lets what a use makes be new by choosing other names, where those of the arguments are taken. Arguments that are `fixed` stay;
/// a `number` that no earlier use has had stands for names that none has given. What the upstream names is in the `result`.
pub(crate) fn rename(
    facts: &Facts<'_>,
    (machine, state): (&Machine, &State),
    at: GrantAt,
    args: &mut BTreeMap<String, Value>,
    (fixed, number): (&dyn Fn(u32) -> bool, usize),
    result: &dyn Fn(&BTreeMap<String, Value>) -> Value,
) {
    let Some((grant, action)) = facts.w.granted(at) else { return };
    let is_new =
        |args: &BTreeMap<String, Value>| machine.makes_new(state, grant.action, args, Some(&result(args)));
    if action.clauses.makes.is_empty() || is_new(args) {
        return;
    }
    let parts: Vec<Part<'_>> = parts(facts.w, at).into_iter().filter(|part| !fixed(part.index)).collect();
    let others: Vec<Vec<Value>> = parts.iter().map(|part| others(part, machine, state, number).0).collect();
    // A choice for each part, the first one least significant; 0 leaves the argument as it is.
    for choice in 1..MAX_TRIED {
        let (mut left, mut tried) = (choice, args.clone());
        for (part, others) in parts.iter().zip(&others) {
            let chosen = left % (others.len() + 1);
            left /= others.len() + 1;
            let param = action.params.get(part.index as usize).map(|param| &param.name);
            let place = param.and_then(|param| tried.get_mut(param));
            if let (Some(value), Some(place)) = (chosen.checked_sub(1).and_then(|at| others.get(at)), place) {
                let fields = if matches!(part.pin, Pin::Any) { part.fields.as_slice() } else { &[] };
                put(place, fields, value.clone());
            }
        }
        if left > 0 {
            return;
        }
        if is_new(&tried) {
            *args = tried;
            return;
        }
    }
}

/// Arguments with which a use of one grant makes what a use of the other would make with these, as far as names are chosen there.
pub(crate) fn in_place_of(
    facts: &Facts<'_>,
    at: GrantAt,
    (other, args): (GrantAt, &BTreeMap<String, Value>),
) -> Option<BTreeMap<u32, Value>> {
    let w = facts.w;
    let granted = w.granted(at)?;
    let named = facts.action_of(other);
    let things =
        named.clauses.makes.iter().filter_map(|making| thing(&w.kinds, named, args, None, &making.thing));
    let made: Vec<Thing> = things.collect();
    granted.1.clauses.makes.iter().find_map(|making| {
        let levels = making.thing.levels();
        let kinds = || levels.iter().map(|level| w.kinds.named(&level.kind));
        let meant = made.iter().find(|thing| kinds().eq(thing.levels.iter().map(|(kind, _)| Some(*kind))))?;
        let values = meant.levels.iter().flat_map(|(_, values)| values);
        let keys = making.thing.keys().zip(values);
        let chosen: BTreeMap<u32, Value> = keys
            .filter_map(|(key, value)| {
                let part = part(w, granted, key).filter(|part| part.fields.is_empty())?;
                (!matches!(part.pin, Pin::Is(_))).then(|| (part.index, value.clone()))
            })
            .collect();
        (!chosen.is_empty()).then_some(chosen)
    })
}

/// Where [`rename`] leaves names that are taken, there are no others.
pub(crate) fn tries_all(facts: &Facts<'_>, (machine, state): (&Machine, &State), at: GrantAt) -> bool {
    let others = parts(facts.w, at).into_iter().map(|part| others(&part, machine, state, 0));
    let mut many = others.map(|(values, all)| all.then_some(values.len() + 1));
    let many = many.try_fold(1_usize, |so_far, many| so_far.checked_mul(many?));
    many.is_some_and(|many| many <= MAX_TRIED)
}

/// Other values of its argument, and whether these are all that could be new.
fn others(part: &Part<'_>, machine: &Machine, state: &State, number: usize) -> (Vec<Value>, bool) {
    let numbers = number..number.saturating_add(TRIED);
    let texts = |texts: Vec<String>| texts.into_iter().map(Value::Text).collect::<Vec<_>>();
    match part.pin {
        Pin::Is(_) | Pin::Absent => (Vec::new(), true),
        Pin::OneOf { set, within } => match machine.evaluate(state, set) {
            Some(Value::List(elements)) => {
                let inside = |value: &Value| {
                    within
                        .as_ref()
                        .is_none_or(|within| value.as_text().is_some_and(|path| within.matches(path)))
                };
                (elements.into_iter().filter(inside).collect(), true)
            }
            _ => (Vec::new(), true),
        },
        Pin::Within(patterns) => match patterns.written_out() {
            Some(all) => (texts(all), true),
            None => {
                let found = numbers.filter_map(|number| patterns.sample_with(&number.to_string()));
                let found = texts(found.collect());
                let all = part.is_endless() && !found.is_empty();
                (found, all)
            }
        },
        Pin::Content { .. } => (texts(numbers.map(|number| number.to_string()).collect()), part.is_endless()),
        Pin::Any => {
            let id = |number: usize| format!("{:040x}", 0xe0_0000 + number);
            let values = match part.ty {
                Type::Enum(words) => texts(words.clone()),
                Type::Int => {
                    numbers.filter_map(|number| i64::try_from(number).ok().map(Value::Int)).collect()
                }
                Type::Text | Type::Path | Type::Branch => {
                    texts(numbers.map(|number| format!("other-{number}")).collect())
                }
                Type::Commit | Type::Tree => texts(numbers.map(id).collect()),
                Type::Decimal { .. } | Type::Time | Type::Duration | Type::Url => {
                    numbers.filter_map(|number| plain::value(part.ty, 0xe000 + number)).collect()
                }
                Type::Bool | Type::List(_) | Type::Set(_) | Type::Record(_) => Vec::new(),
            };
            (values, true)
        }
    }
}
