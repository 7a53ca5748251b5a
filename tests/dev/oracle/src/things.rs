//! Concrete things, and whether two of them are or can be the same, or one inside the other. Independent of
//! the relation of terms that proofs use: keys are values of one run, distinguished by their origins.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::declaration::{KeyExpr, ThingExpr};
use xp_artifact::workflow::{Action, Datum, Expr, Grant, GrantIx, Pin, Root, StepId, Workflow};
use xp_machine::{Machine, State};
use xp_scope::{PatternSet, Type, Value};

/// A thing: kinds by name with their keys, outermost first. An empty list stands for whatever an incomplete
/// declaration leaves open.
pub type Thing = Vec<(String, Vec<Part>)>;

/// What the run has made, and the origins of its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// For each value the things from which its content may come.
    pub about: BTreeMap<Value, BTreeSet<Thing>>,
    /// Things made by the run.
    pub made: BTreeSet<Thing>,
    /// The keys of these things.
    pub names: BTreeSet<Value>,
}

impl World {
    /// The things from which the content of a value may come.
    #[must_use]
    pub fn roots(&self, value: &Value) -> BTreeSet<Thing> {
        self.about.get(value).cloned().unwrap_or_default()
    }
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// This value.
    Is(Value),
    /// Any value that an agent or upstream may choose, or all values.
    Free,
    /// The name that the next use gives to a new thing; `None` if the upstream chooses it.
    New(Option<Value>),
    /// One of these paths, or all of them.
    Paths(BTreeSet<String>),
}

/// Whether two things meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meets {
    /// Never.
    No,
    /// Only if the upstream treats two spellings as equal.
    Spelled,
    /// Only if an incomplete declaration hides it.
    Silent,
    /// Yes, or by a possible choice of values.
    Yes,
}

/// The origin of a key's value, which determines how it compares with others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A literal of the workflow.
    Written,
    /// A parameter of the run.
    Given,
    /// The name of a thing that the run made.
    Made,
    /// Chosen by an agent or the upstream.
    Chosen,
}

/// Compares things of one workflow.
#[derive(Debug)]
pub struct Judge<'m> {
    machine: &'m Machine,
    written: BTreeSet<Value>,
    given: BTreeSet<Value>,
    paths: BTreeSet<String>,
}

impl<'m> Judge<'m> {
    /// The workflow.
    #[must_use]
    pub fn workflow(&self) -> &'m Workflow {
        self.machine.workflow()
    }

    /// For a run with this start.
    #[must_use]
    pub fn of(machine: &'m Machine, start: &State) -> Self {
        let workflow = machine.workflow();
        let (mut written, mut given, mut paths) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        start.params().iter().for_each(|value| parts(value, &mut given));
        for step in &workflow.steps {
            let bounds = step.submissions.iter().filter_map(|submission| submission.within.as_ref());
            bounds.for_each(|patterns| samples(patterns, &mut paths));
            for pin in step.grants.iter().flat_map(|grant| &grant.pins) {
                match pin {
                    Pin::Is(Expr::Literal(value)) => parts(value, &mut written),
                    Pin::Within(patterns) => samples(patterns, &mut paths),
                    Pin::OneOf { within, .. } => {
                        within.iter().for_each(|patterns| samples(patterns, &mut paths));
                    }
                    _ => {}
                }
            }
        }
        for action in &workflow.actions {
            let defaults = action.params.iter().filter_map(|param| param.default.as_ref());
            defaults.for_each(|value| parts(value, &mut written));
            let named = action.clauses.altered().chain(action.clauses.subjects());
            let keys = named.flat_map(ThingExpr::levels).flat_map(|level| &level.keys);
            for key in keys {
                match key {
                    KeyExpr::Literal(value) => parts(value, &mut written),
                    KeyExpr::Every(Some(patterns)) => samples(patterns, &mut paths),
                    _ => {}
                }
            }
        }
        let texts = written.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        paths.extend(texts);
        Self { machine, written, given, paths }
    }

    /// The thing denoted by a clause of a grant at present; `None` while an argument is unbound.
    #[must_use]
    pub fn thing(
        &self,
        state: &State,
        at: (StepId, GrantIx),
        expr: &ThingExpr,
        result: Option<&Value>,
        making: bool,
    ) -> Option<Thing> {
        let (granted, action) = granted(self.machine.workflow(), at)?;
        self.of_grant(state, granted, action, expr, result, making)
    }

    /// As `thing`, for a use in which an argument has the value of a datum, whatever else its pin admits.
    #[must_use]
    pub fn thing_where(
        &self,
        state: &State,
        at: (StepId, GrantIx),
        expr: &ThingExpr,
        (argument, datum): (u32, &Datum),
    ) -> Option<Thing> {
        let (granted, action) = granted(self.machine.workflow(), at)?;
        let mut granted = granted.clone();
        *granted.pins.get_mut(usize::try_from(argument).ok()?)? = Pin::Is(Expr::Datum(datum.clone()));
        self.of_grant(state, &granted, action, expr, None, false)
    }

    fn of_grant(
        &self,
        state: &State,
        granted: &Grant,
        action: &Action,
        expr: &ThingExpr,
        result: Option<&Value>,
        making: bool,
    ) -> Option<Thing> {
        let workflow = self.machine.workflow();
        let mut thing = Vec::new();
        for (number, level) in expr.levels().iter().enumerate() {
            let own = number + 1 == expr.levels().len();
            let types = workflow.kinds.iter().find(|kind| kind.name == level.kind)?;
            let mut keys = Vec::new();
            for (key, decl) in level.keys.iter().zip(&types.key) {
                let part = self.part(state, granted, action, key, &decl.ty, result)?;
                keys.push(match part {
                    Part::Is(value) if making && own => Part::New(Some(value)),
                    Part::Free if making && own => Part::New(None),
                    part => part,
                });
            }
            thing.push((level.kind.clone(), keys));
        }
        Some(thing)
    }

    fn part(
        &self,
        state: &State,
        granted: &Grant,
        action: &Action,
        key: &KeyExpr,
        ty: &Type,
        result: Option<&Value>,
    ) -> Option<Part> {
        let argument = |index: u32, fields: &[String]| {
            let pin = granted.pins.get(usize::try_from(index).ok()?)?;
            self.pinned(state, pin, fields, ty)
        };
        match key {
            KeyExpr::Literal(value) => Some(self.value(value, ty)),
            KeyExpr::Argument { index, fields } => argument(*index, fields),
            KeyExpr::Field(fields) => match action.clauses.identity(fields) {
                Some((index, fields)) => argument(index, &fields),
                None => {
                    let known = result.and_then(|result| result.at(fields));
                    Some(known.map_or(Part::Free, |value| self.value(value, ty)))
                }
            },
            KeyExpr::Every(Some(patterns)) => Some(self.matching(Some(patterns))),
            KeyExpr::Every(None) | KeyExpr::Some if *ty == Type::Path => Some(self.matching(None)),
            KeyExpr::Every(None) | KeyExpr::Some => Some(Part::Free),
        }
    }

    fn pinned(&self, state: &State, pin: &Pin, fields: &[String], ty: &Type) -> Option<Part> {
        let free = |within: Option<&PatternSet>| match ty {
            Type::Path => self.matching(within),
            _ => Part::Free,
        };
        match pin {
            Pin::Is(expr) => {
                let value = self.machine.evaluate(state, expr)?;
                Some(self.value(value.at(fields)?, ty))
            }
            Pin::OneOf { set, within } => {
                self.machine.evaluate(state, set)?;
                let declared = self.handed_in(set);
                let Part::Paths(mut paths) = free(within.as_ref()) else { return Some(Part::Free) };
                if let Some(declared) = declared {
                    paths.retain(|path| declared.matches(path));
                }
                Some(Part::Paths(paths))
            }
            Pin::Within(patterns) => Some(free(Some(patterns))),
            Pin::Any | Pin::Content { .. } => Some(free(None)),
            Pin::Absent => None,
        }
    }

    fn handed_in(&self, set: &Expr) -> Option<&PatternSet> {
        let Expr::Datum(datum) = set else { return None };
        let Root::Submission { step, submission } = datum.root else { return None };
        let step = self.machine.workflow().steps.get(step.index())?;
        step.submissions.get(submission.index())?.within.as_ref()
    }

    fn value(&self, value: &Value, ty: &Type) -> Part {
        match (value, ty) {
            (Value::Text(path), Type::Path) => Part::Paths(BTreeSet::from([path.clone()])),
            (value, _) => Part::Is(value.clone()),
        }
    }

    fn matching(&self, patterns: Option<&PatternSet>) -> Part {
        let all = self.paths.iter().filter(|path| patterns.is_none_or(|patterns| patterns.matches(path)));
        Part::Paths(all.cloned().collect())
    }

    /// Whether two things meet.
    #[must_use]
    pub fn meet(&self, world: &World, a: &Thing, b: &Thing) -> Meets {
        let kinds = &self.machine.workflow().kinds;
        let immutable = |thing: &Thing| {
            let own = thing.last().and_then(|(own, _)| kinds.iter().find(|kind| kind.name == *own));
            own.is_some_and(|kind| kind.immutable.is_some())
        };
        if a.is_empty() || b.is_empty() {
            return if immutable(a) || immutable(b) { Meets::No } else { Meets::Silent };
        }
        let mut worst = Meets::Yes;
        for (number, ((kind, left), (other, right))) in a.iter().zip(b).enumerate() {
            let Some(declared) = kinds.iter().find(|known| known.name == *kind) else { return Meets::Silent };
            if kind != other {
                return Meets::No;
            }
            let ends = (number + 1 == a.len(), number + 1 == b.len());
            for ((l, r), decl) in left.iter().zip(right).zip(&declared.key) {
                let git = matches!(decl.ty, Type::Branch | Type::Commit | Type::Tree);
                worst = worst.min(self.parts(world, l, r, ends, decl.exact, git));
            }
        }
        worst
    }

    fn parts(&self, world: &World, a: &Part, b: &Part, ends: (bool, bool), exact: bool, git: bool) -> Meets {
        let differ = if exact { Meets::No } else { Meets::Spelled };
        match (a, b) {
            (Part::Paths(left), Part::Paths(right)) => {
                let inside = |inner: &str, outer: &str| {
                    inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
                };
                let meet = left.iter().any(|l| {
                    right.iter().any(|r| l == r || ends.0 && inside(r, l) || ends.1 && inside(l, r))
                });
                if meet { Meets::Yes } else { differ }
            }
            (Part::Paths(_), _) | (_, Part::Paths(_)) | (Part::Free, _) | (_, Part::Free) => Meets::Yes,
            (Part::New(None), Part::New(None)) => Meets::Yes,
            (Part::New(None), Part::New(Some(_))) | (Part::New(Some(_)), Part::New(None)) => Meets::No,
            (Part::New(None), Part::Is(value)) | (Part::Is(value), Part::New(None)) => {
                match self.origin(world, value) {
                    Origin::Chosen => Meets::Yes,
                    Origin::Made | Origin::Given | Origin::Written => Meets::No,
                }
            }
            (Part::New(Some(l)), Part::New(Some(r))) => {
                if l == r {
                    Meets::Yes
                } else {
                    Meets::No
                }
            }
            (Part::New(Some(new)), Part::Is(value)) | (Part::Is(value), Part::New(Some(new))) => {
                match self.origin(world, value) {
                    _ if new == value => Meets::Yes,
                    Origin::Chosen => Meets::Yes,
                    Origin::Made | Origin::Given => Meets::No,
                    Origin::Written => differ,
                }
            }
            (Part::Is(l), Part::Is(r)) if l == r => Meets::Yes,
            (Part::Is(l), Part::Is(r)) => match (self.origin(world, l), self.origin(world, r)) {
                (Origin::Chosen, _) | (_, Origin::Chosen) => Meets::Yes,
                (Origin::Given, Origin::Made) | (Origin::Made, Origin::Given) if git => Meets::No,
                (Origin::Given, _) | (_, Origin::Given) => Meets::Yes,
                (Origin::Made | Origin::Written, Origin::Made | Origin::Written) => differ,
            },
        }
    }

    fn origin(&self, world: &World, value: &Value) -> Origin {
        if world.names.contains(value) {
            Origin::Made
        } else if self.given.contains(value) {
            Origin::Given
        } else if self.written.contains(value) {
            Origin::Written
        } else {
            Origin::Chosen
        }
    }

    /// Whether the thing, or one that contains it, was made by this run.
    #[must_use]
    pub fn is_own(&self, world: &World, thing: &Thing) -> bool {
        (1..=thing.len()).filter_map(|end| thing.get(..end)).any(|thing| world.made.contains(thing))
    }

    /// Whether the thing is of an immutable kind.
    #[must_use]
    pub fn never_changes(&self, thing: &Thing) -> bool {
        let own = thing.last().map(|(own, _)| own);
        let mut kinds = self.machine.workflow().kinds.iter();
        own.is_some_and(|own| kinds.any(|kind| kind.name == *own && kind.immutable.is_some()))
    }
}

/// A grant and its action.
pub(crate) fn granted(workflow: &Workflow, at: (StepId, GrantIx)) -> Option<(&Grant, &Action)> {
    let grant = workflow.steps.get(at.0.index())?.grants.get(at.1.index())?;
    Some((grant, workflow.actions.get(grant.action.index())?))
}

fn samples(patterns: &PatternSet, found: &mut BTreeSet<String>) {
    found.extend(patterns.patterns().iter().filter_map(|pattern| pattern.sample()));
}

fn parts(value: &Value, found: &mut BTreeSet<Value>) {
    match value {
        Value::Bool(_) => {}
        Value::Int(_) | Value::Text(_) => {
            found.insert(value.clone());
        }
        Value::List(all) => all.iter().for_each(|value| parts(value, found)),
        Value::Record(fields) => fields.values().for_each(|value| parts(value, found)),
    }
}
