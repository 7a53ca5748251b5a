//! Made-up values: parameters, arguments inside their pins, results of the declared types.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use xp_artifact::declaration::KeyExpr;
use xp_artifact::workflow::{Action, Datum, Expr, GrantIx, Pin, Root, StepId, Submission, SubmissionIx};
use xp_machine::{Machine, State};
use xp_scope::{PatternSet, Type, Value};

use crate::facts::{Class, Facts, GrantAt, class_of};
use crate::plain;
use crate::scopes;

/// Arguments of all uses of a grant, or parts of them, and what they are.
pub(crate) type Aims = BTreeMap<GrantAt, Vec<(u32, Vec<String>, Value)>>;

/// Makes values up so that as much as possible of a workflow can be walked through.
pub(crate) struct Values<'f, 'm> {
    facts: &'f Facts<'m>,
    /// For lists of paths: what later scopes want to find in them.
    wanted: HashMap<Datum, Vec<PatternSet>>,
    /// Paths that lists hold in this run besides.
    also: RefCell<BTreeMap<Datum, Vec<String>>>,
    /// What some data are in this run, instead of what is made up.
    instead: RefCell<BTreeMap<Datum, Value>>,
}

impl<'f, 'm> Values<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>) -> Self {
        let mut wanted: HashMap<Datum, Vec<PatternSet>> = HashMap::new();
        for (_, grant) in facts.grants() {
            for pin in &grant.pins {
                if let Pin::OneOf { set: Expr::Datum(datum), within: Some(patterns) } = pin {
                    wanted.entry(datum.clone()).or_default().push(patterns.clone());
                }
            }
        }
        Self { facts, wanted, also: RefCell::default(), instead: RefCell::default() }
    }

    /// Paths that lists shall hold from now on, besides those that scopes look for.
    pub fn also_in_lists(&self, lists: &BTreeMap<Datum, Vec<String>>) {
        self.also.replace(lists.clone());
    }

    /// What these data are from now on.
    pub fn make_instead(&self, values: &BTreeMap<Datum, Value>) {
        self.instead.replace(values.clone());
    }

    /// A value for each parameter of the run.
    pub fn parameters(&self) -> BTreeMap<String, Value> {
        let params = self.facts.w.params.iter().enumerate();
        params
            .map(|(index, param)| {
                let root = Root::Param(xp_artifact::workflow::ParamId::of(index));
                (param.name.clone(), self.of_type(&param.ty, &mut Datum { root, fields: Vec::new() }, 0))
            })
            .collect()
    }

    /// A value to hand in.
    pub fn submission(&self, step: StepId, index: usize, submission: &Submission) -> Option<Value> {
        let root = Root::Submission { step, submission: SubmissionIx::of(index) };
        let datum = Datum { root, fields: Vec::new() };
        if let Some(value) = self.instead.borrow().get(&datum) {
            return Some(value.clone());
        }
        let most = usize::try_from(submission.max).unwrap_or(usize::MAX).max(1);
        match &submission.ty {
            Type::List(element) | Type::Set(element) if class_of(element) == Class::Text => {
                let mut values: Vec<Value> =
                    self.paths(&datum, submission.within.as_ref()).into_iter().map(Value::Text).collect();
                if values.is_empty() {
                    values.push(self.of_type(element, &mut datum.clone(), 0));
                }
                values.truncate(most);
                Some(Value::List(values))
            }
            ty => match &submission.within {
                Some(patterns) => Some(Value::Text(patterns.sample()?)),
                None => Some(self.of_type(ty, &mut datum.clone(), 0)),
            },
        }
    }

    /// Paths that belong in a list: one for each scope that will look for one, distinct.
    fn paths(&self, datum: &Datum, declared: Option<&PatternSet>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for patterns in self.wanted.get(datum).into_iter().flatten() {
            found.extend(match declared {
                Some(outer) => scopes::common(patterns, outer),
                None => patterns.sample(),
            });
        }
        if found.is_empty() {
            found.extend(declared.and_then(PatternSet::sample));
        }
        if let Some(also) = self.also.borrow().get(datum) {
            found
                .extend(also.iter().filter(|path| declared.is_none_or(|outer| outer.matches(path))).cloned());
        }
        found.sort();
        found.dedup();
        found
    }

    /// Arguments inside the pins, by parameter, as the state stands; `None` where a pin has no value or lets nothing
    /// through.
    pub fn arguments(
        &self,
        machine: &Machine,
        state: &State,
        at: GrantAt,
        (given, aims): (&BTreeMap<u32, Value>, &Aims),
    ) -> Option<BTreeMap<String, Value>> {
        let grant = self.facts.grant(at)?;
        let action = self.facts.action_of(at);
        let mut args = BTreeMap::new();
        for (number, (param, pin)) in (0_u32..).zip(action.params.iter().zip(&grant.pins)) {
            if *pin == Pin::Absent {
                continue;
            }
            let value = match given.get(&number) {
                Some(value) => value.clone(),
                None => {
                    let aims = aims.get(&at).into_iter().flatten().filter(|(of, ..)| *of == number);
                    let whole = aims.clone().find(|(_, fields, _)| fields.is_empty());
                    match whole {
                        Some((.., value)) => value.clone(),
                        None => {
                            let mut value = self.argument(machine, state, pin, &param.ty)?;
                            aims.for_each(|(_, fields, part)| put(&mut value, fields, part.clone()));
                            value
                        }
                    }
                }
            };
            args.insert(param.name.clone(), value);
        }
        Some(args)
    }

    fn argument(&self, machine: &Machine, state: &State, pin: &Pin, ty: &Type) -> Option<Value> {
        match pin {
            Pin::Is(expr) => machine.evaluate(state, expr),
            Pin::OneOf { set, within } => {
                let Value::List(elements) = machine.evaluate(state, set)? else { return None };
                let inside = |value: &&Value| {
                    within
                        .as_ref()
                        .is_none_or(|patterns| value.as_text().is_some_and(|path| patterns.matches(path)))
                };
                elements.iter().find(inside).cloned()
            }
            Pin::Within(patterns) => patterns.sample().map(Value::Text),
            Pin::Content { .. } => Some(Value::Text("x".to_owned())),
            Pin::Absent => None,
            // Not what a parameter is called: what is made must be new.
            Pin::Any if *ty == Type::Branch => Some(Value::Text("free".to_owned())),
            Pin::Any => {
                let root = Root::Param(xp_artifact::workflow::ParamId(u32::MAX));
                Some(self.of_type(ty, &mut Datum { root, fields: Vec::new() }, 7))
            }
        }
    }

    /// A result of the declared type with the values asked for.
    pub fn result(
        &self,
        at: GrantAt,
        args: &BTreeMap<String, Value>,
        asked: &BTreeMap<Vec<String>, Value>,
        number: usize,
    ) -> Value {
        let action = self.facts.action_of(at);
        let root = Root::Result { step: at.0, grant: at.1 };
        let mut value = self.of_type(&action.result, &mut Datum { root, fields: Vec::new() }, number);
        for field in minted(action) {
            let named = Datum { root, fields: field.clone() };
            if self.instead.borrow().contains_key(&named) {
                continue;
            }
            let Some(place) = value.at(field).cloned() else { continue };
            put(&mut value, field, another(place, number));
        }
        for (fields, is) in asked {
            put(&mut value, fields, is.clone());
        }
        // What is an argument is that, whatever somebody would like to read there.
        for identity in &action.clauses.is {
            let param = action.params.get(identity.argument as usize);
            if let Some(given) = param.and_then(|param| args.get(&param.name)?.at(&identity.fields)) {
                put(&mut value, &identity.field, given.clone());
            }
        }
        value
    }

    /// A value of a type; texts that name things differ with `number`.
    fn of_type(&self, ty: &Type, at: &mut Datum, number: usize) -> Value {
        if let Some(value) = self.instead.borrow().get(at) {
            return value.clone();
        }
        match ty {
            Type::Bool => Value::Bool(false),
            Type::Int => Value::Int(1),
            Type::Text => Value::Text("x".to_owned()),
            Type::Path => Value::Text("x".to_owned()),
            Type::Branch => Value::Text("main".to_owned()),
            Type::Commit => Value::Text(format!("{:040x}", 0xc000 + number)),
            Type::Tree => Value::Text(format!("{:040x}", 0x7000 + number)),
            Type::Decimal { .. } | Type::Time | Type::Duration | Type::Url => {
                plain::value(ty, number).unwrap_or(Value::Bool(false))
            }
            Type::Enum(words) => Value::Text(words.first().cloned().unwrap_or_default()),
            Type::List(element) | Type::Set(element) => {
                let paths = if class_of(element) == Class::Text { self.paths(at, None) } else { Vec::new() };
                if paths.is_empty() {
                    Value::List(vec![self.of_type(element, &mut at.clone(), number)])
                } else {
                    Value::List(paths.into_iter().map(Value::Text).collect())
                }
            }
            Type::Record(name) => {
                let record = self.facts.w.records.iter().find(|record| record.name == *name);
                let fields = record.map(|record| record.fields.as_slice()).unwrap_or_default();
                // A record inside itself would not end; the compiler refuses those.
                if at.fields.len() > 16 {
                    return Value::Record(BTreeMap::new());
                }
                let members = fields.iter().map(|field| {
                    at.fields.push(field.name.clone());
                    let value = self.of_type(&field.ty, at, number);
                    at.fields.pop();
                    (field.name.clone(), value)
                });
                Value::Record(members.collect())
            }
        }
    }
}

/// Sets a member deep inside a record; does nothing where the record has no such place.
pub(crate) fn put(value: &mut Value, fields: &[String], to: Value) {
    match (fields.split_first(), value) {
        (None, place) => *place = to,
        (Some((field, rest)), Value::Record(members)) => {
            if let Some(member) = members.get_mut(field) {
                put(member, rest, to);
            }
        }
        (Some(_), Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_)) => {}
    }
}

/// The fields of a result that name what the use makes.
fn minted(action: &Action) -> impl Iterator<Item = &Vec<String>> {
    let own = action.clauses.makes.iter().filter_map(|making| making.thing.levels().last());
    own.flat_map(|level| &level.keys).filter_map(|key| match key {
        KeyExpr::Field(fields) => Some(fields),
        KeyExpr::Literal(_) | KeyExpr::Argument { .. } | KeyExpr::Every(_) | KeyExpr::Some => None,
    })
}

/// A name that no other use makes.
fn another(name: Value, number: usize) -> Value {
    match name {
        Value::Int(_) => Value::Int(i64::try_from(700_000 + number).unwrap_or(xp_scope::MAX_INT)),
        Value::Text(text) if xp_scope::is_object_id(&text) => Value::Text(text),
        Value::Text(text) if xp_scope::url::check(&text).is_ok() => {
            Value::Text(format!("https://example.com/made-{number}"))
        }
        Value::Text(_) => Value::Text(format!("made-{number}")),
        other => other,
    }
}

/// The position of a grant, for tables.
pub(crate) fn grant_at(step: StepId, index: usize) -> GrantAt {
    (step, GrantIx::of(index))
}
