//! Values of a type, and results of actions.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{
    Action, Condition, Datum, Expr, Field, Grant, GrantIx, ParamId, Pin, Root, Step, StepId, Workflow,
};
use xp_artifact::{Literal, Operand, Test};
use xp_scope::{Digest, Type, Value};

use xp_machine::{Machine, State};

/// Fields of one result of which each value is tried.
const MOST_FIELDS: usize = 6;

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
        Type::List(element) | Type::Set(element) => Value::List(vec![value(machine, element, seed)]),
        Type::Decimal { .. } | Type::Time | Type::Duration => {
            let number = i64::from_str_radix(&short(seed, 6), 16).unwrap_or(1);
            xp_scope::rank::ranked(number, ty).unwrap_or(Value::Int(number))
        }
        Type::Url => Value::Text(format!("https://example.com/{}", short(seed, 8))),
        Type::Record(name) => {
            // An optional field is there or not, as the seed has it.
            let is_there =
                |field: &Field| !field.optional || short(&format!("{seed}?{}", field.name), 1).as_str() < "8";
            let fields =
                machine.records().get(name).unwrap_or_default().iter().filter(|field| is_there(field));
            let sampled = fields.map(|field| {
                let of_field = value(machine, &field.ty, &format!("{seed}.{}", field.name));
                (field.name.clone(), of_field)
            });
            Value::Record(sampled.collect())
        }
    }
}

/// Hexadecimal digits determined by the seed.
fn short(seed: &str, digits: usize) -> String {
    Digest::of(seed.as_bytes()).hex().chars().take(digits).collect()
}

/// The results to try: with each value of the fields that are compared. What an action shows
/// is what the step judges, if it judges anything.
pub(crate) fn results(
    machine: &Machine,
    state: &State,
    (id, ix): (StepId, GrantIx),
    action: &Action,
    args: &BTreeMap<String, Value>,
    literals: &[Value],
) -> Vec<Value> {
    let Some(step) = machine.workflow().steps.get(id.index()) else { return Vec::new() };
    let base = value(machine, &action.result, &format!("{}#{}", step.name, ix.0));
    let root = Root::Result { step: id, grant: ix };
    let read = compared(machine.workflow(), literals).into_iter().filter(|(datum, _)| datum.root == root);
    let fields: Vec<(Vec<String>, Vec<Value>)> =
        read.map(|(datum, values)| (datum.fields, values)).take(MOST_FIELDS).collect();
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
        let mut variants = vec![base];
        for (field, values) in &fields {
            let with = |variant: &Value| {
                let each = values.iter().map(|value| {
                    let mut one = variant.clone();
                    set(&mut one, field, value.clone());
                    one
                });
                each.collect::<Vec<Value>>()
            };
            variants = variants.iter().flat_map(with).collect();
        }
        for mut variant in variants {
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

/// The data that guards and conditions compare, each with the values to try: both Booleans, the words, and numbers at and beside
/// each number that anything is compared with. `literals` are numbers that questions compare with.
pub(crate) fn compared(workflow: &Workflow, literals: &[Value]) -> BTreeMap<Datum, Vec<Value>> {
    let conditions = |step: &'_ Step| -> Vec<Test> {
        let own = step.outcomes.iter().filter_map(|outcome| outcome.how.condition());
        let tests = own.flat_map(Condition::literals).filter_map(|literal| match literal {
            Literal::Bound(_) => None,
            Literal::Test(test) => Some(test.clone()),
        });
        tests.chain(step.after.tests().into_iter().cloned()).collect()
    };
    let tests: Vec<Test> = workflow.steps.iter().flat_map(conditions).collect();
    let written = tests.iter().filter_map(|test| match &test.right {
        Operand::Literal(value) => Some(value.clone()),
        Operand::Datum(_) => None,
    });
    let written: BTreeSet<Value> = written.chain(literals.iter().cloned()).collect();
    let mut found = BTreeMap::new();
    for test in &tests {
        for datum in test.data() {
            found.insert(datum.clone(), values(&test.ty, &written));
        }
    }
    found
}

fn values(ty: &Type, written: &BTreeSet<Value>) -> Vec<Value> {
    let numbers = || {
        let near =
            written.iter().filter_map(Value::as_int).flat_map(|number| [number - 1, number, number + 1]);
        near.collect::<BTreeSet<i64>>()
    };
    match ty {
        Type::Bool => vec![Value::Bool(false), Value::Bool(true)],
        Type::Int if numbers().is_empty() => vec![Value::Int(1), Value::Int(2)],
        Type::Int => numbers().into_iter().map(Value::Int).collect(),
        Type::Enum(words) => words.iter().cloned().map(Value::Text).collect(),
        Type::Text => {
            let texts = written.iter().filter(|value| value.as_text().is_some()).cloned();
            texts.chain([Value::Text("something else".to_owned())]).collect()
        }
        _ => Vec::new(),
    }
}

/// The parameters to start runs with: those that are compared with each of their values.
pub(crate) fn starts(machine: &Machine, literals: &[Value]) -> Vec<BTreeMap<String, Value>> {
    let workflow = machine.workflow();
    let base = workflow.params.iter();
    let base = base.map(|param| (param.name.clone(), value(machine, &param.ty, &param.name)));
    let mut starts = vec![base.collect::<BTreeMap<String, Value>>()];
    let mut tried = compared(workflow, literals);
    // A question may compare a parameter that nothing in the workflow does.
    let written: BTreeSet<Value> =
        literals.iter().filter(|value| value.as_int().is_some()).cloned().collect();
    for (index, param) in workflow.params.iter().enumerate() {
        let datum = Datum { root: Root::Param(ParamId::of(index)), fields: Vec::new() };
        if param.ty == Type::Int && !written.is_empty() {
            tried.entry(datum).or_insert_with(|| values(&param.ty, &written));
        }
    }
    for (datum, values) in tried {
        let Root::Param(id) = datum.root else { continue };
        let Some(param) = workflow.params.get(id.index()) else { continue };
        let with = |start: &BTreeMap<String, Value>| {
            let each = values.iter().map(|value| {
                let mut one = start.clone();
                if let Some(place) = one.get_mut(&param.name) {
                    set(place, &datum.fields, value.clone());
                }
                one
            });
            each.collect::<Vec<_>>()
        };
        if !values.is_empty() {
            starts = starts.iter().flat_map(with).collect();
        }
    }
    starts
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
