//! Values of a type, and results of actions.

use xp_artifact::workflow::{Action, Datum, Expr, Grant, GrantIx, How, Pin, Root, StepId, Workflow};
use xp_scope::{Digest, Type, Value};

use xp_machine::{Machine, State};

/// A value of a type, determined by the seed.
pub(crate) fn value(machine: &Machine, ty: &Type, seed: &str) -> Value {
    match ty {
        Type::Bool => Value::Bool(true),
        Type::Int => Value::Int(i64::from_str_radix(&short(seed, 6), 16).unwrap_or(1)),
        Type::Text => Value::Text(format!("text of {seed}")),
        Type::Path => Value::Text("src/sampled.rs".to_owned()),
        Type::Branch => Value::Text(format!("branch-{}", short(seed, 8))),
        Type::Commit | Type::Tree => Value::Text(short(seed, 40)),
        Type::Enum(words) => Value::Text(words.first().cloned().unwrap_or_default()),
        Type::List(element) => Value::List(vec![value(machine, element, seed)]),
        Type::Record(name) => {
            let fields = machine.records().get(name).map(Vec::as_slice).unwrap_or_default();
            let sampled = fields
                .iter()
                .map(|(field, ty)| (field.clone(), value(machine, ty, &format!("{seed}.{field}"))));
            Value::Record(sampled.collect())
        }
    }
}

/// Hexadecimal digits determined by the seed.
fn short(seed: &str, digits: usize) -> String {
    Digest::of(seed.as_bytes()).hex().chars().take(digits).collect()
}

/// The results to try: both values of each Boolean that a condition of the step reads. What an action shows
/// is what the step judges, if it judges anything.
pub(crate) fn results(
    machine: &Machine,
    state: &State,
    id: StepId,
    ix: GrantIx,
    action: &Action,
    args: &std::collections::BTreeMap<String, Value>,
) -> Vec<Value> {
    let Some(step) = machine.workflow().steps.get(id.index()) else { return Vec::new() };
    let base = value(machine, &action.result, &format!("{}#{}", step.name, ix.0));
    let mut flags: Vec<Vec<String>> = Vec::new();
    for outcome in &step.outcomes {
        if let How::Auto(condition) | How::JudgedIf(condition) = &outcome.how {
            read_flags(condition, ix, &mut flags);
        }
    }
    flags.sort();
    flags.dedup();
    let judged = judged(machine, state, id);
    // A role that may view what it judges is shown it.
    let mut shown = Vec::new();
    for field in &action.shows {
        let path = std::slice::from_ref(field);
        for value in &judged {
            let mut faithful = base.clone();
            if set(&mut faithful, path, value.clone()) {
                shown.push(faithful);
            }
        }
    }
    if shown.is_empty() {
        shown.push(base);
    }
    let mut all = Vec::new();
    for base in shown {
        for bits in 0..(1_u32 << flags.len().min(6)) {
            let mut variant = base.clone();
            for (number, flag) in flags.iter().enumerate().take(6) {
                set(&mut variant, flag, Value::Bool(bits & (1 << number) != 0));
            }
            // A result declared to be an argument equals it, and the machine refuses any other.
            for identity in &action.clauses.is {
                let param = usize::try_from(identity.argument).ok().and_then(|ix| action.params.get(ix));
                if let Some(value) = param.and_then(|param| args.get(&param.name)?.at(&identity.fields)) {
                    set(&mut variant, &identity.field, value.clone());
                }
            }
            if !all.contains(&variant) {
                all.push(variant);
            }
        }
    }
    all
}

/// The values that outcomes of a step judge now.
pub(crate) fn judged(machine: &Machine, state: &State, id: StepId) -> Vec<Value> {
    let outcomes = machine.workflow().steps.get(id.index()).map(|step| step.outcomes.as_slice());
    let data = outcomes.unwrap_or_default().iter().filter_map(|outcome| outcome.of.as_ref());
    data.filter_map(|datum| machine.value(state, datum).cloned()).collect()
}

/// Some judge can be shown what it judges only if that happens to be the value of an argument which is fixed otherwise. One value
/// of each parameter is explored, so it may happen in runs that are not.
pub(crate) fn is_shown_by_chance(workflow: &Workflow) -> bool {
    workflow.steps.iter().any(|step| {
        let judged: Vec<&Datum> = step.outcomes.iter().filter_map(|outcome| outcome.of.as_ref()).collect();
        let made = |datum: &&&Datum| !matches!(datum.root, Root::Submission { .. });
        judged.iter().filter(made).any(|datum| {
            let shown = step.grants.iter().flat_map(|grant| {
                let action = workflow.actions.get(grant.action.index());
                let fields = action.into_iter().flat_map(|action| &action.shows);
                fields.map(move |field| is_fixed_otherwise(grant, action, field, datum))
            });
            let shown: Vec<bool> = shown.collect();
            !shown.is_empty() && shown.iter().all(|fixed| *fixed)
        })
    })
}

/// The field is an argument with a value of its own.
fn is_fixed_otherwise(grant: &Grant, action: Option<&Action>, field: &str, datum: &Datum) -> bool {
    let identity = action.and_then(|action| action.clauses.identity(&[field.to_owned()]));
    let pin = identity.and_then(|(index, _)| grant.pins.get(usize::try_from(index).ok()?));
    matches!(pin, Some(Pin::Is(expr)) if *expr != Expr::Datum(datum.clone()))
}

fn read_flags(condition: &xp_artifact::workflow::Condition, ix: GrantIx, flags: &mut Vec<Vec<String>>) {
    use xp_artifact::workflow::Condition;
    match condition {
        Condition::Bound(_) => {}
        Condition::Flag { grant, fields, .. } if *grant == ix => flags.push(fields.clone()),
        Condition::Flag { .. } => {}
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                read_flags(part, ix, flags);
            }
        }
    }
}

/// Sets a field to a value of the same type; returns false if there is no such field.
fn set(value: &mut Value, path: &[String], to: Value) -> bool {
    match (value, path.split_first()) {
        (place, None) => {
            let fits = std::mem::discriminant(place) == std::mem::discriminant(&to);
            if fits {
                *place = to;
            }
            fits
        }
        (Value::Record(fields), Some((first, rest))) => {
            fields.get_mut(first).is_some_and(|inner| set(inner, rest, to))
        }
        (Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_), Some(_)) => false,
    }
}
