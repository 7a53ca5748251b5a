//! The things that a workflow names by literals and parameters: nothing that the run makes may be one of them. The machine
//! compares them with the values of a run, the prover with what is known of them before it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xp_scope::thing::{Canonical, KindIx, Thing, canonical};
use xp_scope::{Type, Value};

use crate::declaration::{Clauses, KeyExpr, LevelExpr, Making, Source, ThingExpr};
use crate::workflow::{Datum, Expr, GrantIx, Pin, Root, StepId, TemplatePart, Workflow};

/// Identities followed from one pin; a checked workflow has no circle.
const MAX_DEPTH: usize = 32;

/// Kinds with keys, outermost first.
pub type Levels = Vec<(KindIx, Vec<GivenKey>)>;

/// A part of a key, as far as it is known before the run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GivenKey {
    /// This value, in canonical form.
    Literal(Value),
    /// This parameter, or a field of it.
    Param(Datum),
    /// A field of some element of a parameter that is a list: only names of git are looked for in lists.
    Element(Datum, Vec<String>),
    /// Not known, so any.
    Any,
}

/// A thing that a clause of a grant names so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its kinds and keys; all parts of the innermost key are literals and parameters.
    pub levels: Levels,
    /// The first grant that names it.
    pub by: (StepId, GrantIx),
}

/// Something that a grant makes, as far as its name is known before the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its kinds and keys.
    pub levels: Levels,
    /// Whoever uses the grant says how it is called, and not the upstream.
    pub by_author: bool,
}

/// Every thing that a workflow names so, once.
#[derive(Debug, Default)]
pub struct AllGiven {
    all: Vec<Given>,
    exactly: HashMap<Levels, usize>,
    /// By kinds: which parts of the keys are any, in some thing of these kinds.
    shapes: HashMap<Vec<KindIx>, BTreeSet<Vec<bool>>>,
    /// By kinds: the things.
    of_kinds: HashMap<Vec<KindIx>, Vec<usize>>,
}

impl Given {
    /// Its own key is written in the workflow: no parameter is in it. That says nothing about what exists where the workflow, too,
    /// says how the new thing is called.
    #[must_use]
    pub fn is_written(&self) -> bool {
        let own = self.levels.last().map(|(_, keys)| keys.as_slice()).unwrap_or_default();
        !own.iter().any(|key| matches!(key, GivenKey::Param(_)))
    }

    /// Whether a thing that is made in a run is this one.
    pub fn is<'v>(
        &self,
        workflow: &Workflow,
        (made, canonical): (&Thing, &Canonical),
        value: impl Fn(&Datum) -> Option<&'v Value>,
    ) -> bool {
        if self.levels.len() != made.levels.len() {
            return false;
        }
        let mut levels = Vec::with_capacity(self.levels.len());
        for ((kind, keys), (of, values)) in self.levels.iter().zip(&made.levels) {
            if kind != of {
                return false;
            }
            let known = keys.iter().zip(values).map(|(key, here)| match key {
                GivenKey::Literal(literal) => Some(literal.clone()),
                GivenKey::Param(datum) => value(datum).cloned(),
                GivenKey::Element(..) | GivenKey::Any => Some(here.clone()),
            });
            let Some(keys) = known.collect::<Option<Vec<Value>>>() else { return false };
            levels.push((*kind, keys));
        }
        Thing { levels }.canonical(&workflow.kinds) == *canonical
    }
}

impl Made {
    /// What a grant makes by one of its clauses.
    #[must_use]
    pub fn of(workflow: &Workflow, at: (StepId, GrantIx), making: &Making) -> Option<Self> {
        let (grant, action) = workflow.granted(at)?;
        let clauses = &action.clauses;
        let key = |key: &KeyExpr| match key {
            KeyExpr::Field(fields) => clauses.identity(fields).map_or(GivenKey::Any, |(index, fields)| {
                given_argument(workflow, &grant.pins, index, &fields)
            }),
            key => given_key(workflow, clauses, key, &grant.pins),
        };
        let levels = levels(workflow, &making.thing, key)?;
        Some(Self { levels, by_author: is_said(clauses, &making.thing) })
    }

    /// In every run a part of its own key is a name of git that the run is given as a parameter, or in one.
    #[must_use]
    pub fn is_a_parameter_of_git(&self, workflow: &Workflow) -> bool {
        let Some((kind, keys)) = self.levels.last() else { return false };
        let decls = workflow.kinds.get(*kind).map(|kind| kind.key.as_slice()).unwrap_or_default();
        keys.iter().zip(decls).any(|(key, decl)| {
            let ty = match key {
                GivenKey::Param(datum) => workflow.type_of(datum),
                GivenKey::Element(list, fields) => match workflow.type_of(list) {
                    Some(Type::List(element) | Type::Set(element)) => {
                        fields.iter().try_fold(element.as_ref(), |ty, field| workflow.field_type(ty, field))
                    }
                    _ => None,
                },
                GivenKey::Literal(_) | GivenKey::Any => None,
            };
            decl.is_of_git() && ty == Some(&decl.ty)
        })
    }
}

/// Things as a workflow writes them, outside of every grant.
#[must_use]
pub fn written(workflow: &Workflow, thing: &ThingExpr, given: &[Expr]) -> Option<Levels> {
    let pins: Vec<Pin> = given.iter().cloned().map(Pin::Is).collect();
    let key = |key: &KeyExpr| match key {
        KeyExpr::Literal(value) => GivenKey::Literal(value.clone()),
        KeyExpr::Argument { index, fields } => given_argument(workflow, &pins, *index, fields),
        KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => GivenKey::Any,
    };
    levels(workflow, thing, key)
}

impl AllGiven {
    /// Of a workflow. Whoever makes nothing needs nothing to be new.
    #[must_use]
    pub fn of(workflow: &Workflow) -> Self {
        let mut found = Self::default();
        if workflow.actions.iter().all(|action| action.clauses.makes.is_empty()) {
            return found;
        }
        let mut first: BTreeMap<Levels, (StepId, GrantIx)> = BTreeMap::new();
        for at in workflow.grants() {
            let Some((grant, action)) = workflow.granted(at) else { continue };
            let clauses = &action.clauses;
            let named = named(clauses).map(|expr| (expr, expr.levels().len()));
            // What is made is new; what it is made in is there, unless the same use makes that.
            let is_made = |expr: &ThingExpr| {
                let outer = expr.levels().split_last().map(|(_, outer)| outer).unwrap_or_default();
                clauses.makes.iter().any(|making| making.thing.levels() == outer)
            };
            let made = clauses.makes.iter().map(|making| &making.thing).filter(|expr| !is_made(expr));
            let around = made.map(|expr| (expr, expr.levels().len().saturating_sub(1)));
            for (expr, depth) in named.chain(around) {
                let key = |key: &KeyExpr| match given_key(workflow, clauses, key, &grant.pins) {
                    GivenKey::Element(..) => GivenKey::Any,
                    key => key,
                };
                let Some(mut levels) = levels(workflow, expr, key) else { continue };
                levels.truncate(depth);
                // A thing for each kind whose own key is given.
                while let Some((_, own)) = levels.last() {
                    if !own.contains(&GivenKey::Any) {
                        first.entry(levels.clone()).or_insert(at);
                    }
                    levels.pop();
                }
            }
        }
        for (levels, by) in first {
            let (number, kinds) = (found.all.len(), kinds(&levels));
            found.shapes.entry(kinds.clone()).or_default().insert(shape(&levels));
            found.of_kinds.entry(kinds).or_default().push(number);
            found.exactly.insert(levels.clone(), number);
            found.all.push(Given { levels, by });
        }
        found
    }

    /// The things of these kinds that something made must not be.
    pub fn against(&self, kinds: &[KindIx], by_author: bool) -> impl Iterator<Item = &Given> {
        let numbers = self.of_kinds.get(kinds).map(Vec::as_slice).unwrap_or_default();
        let given = numbers.iter().filter_map(|number| self.all.get(*number));
        given.filter(move |given| !(by_author && given.is_written()))
    }

    /// One that something made is in every run.
    #[must_use]
    pub fn certainly(&self, made: &Made) -> Option<&Given> {
        let shapes = self.shapes.get(&kinds(&made.levels)).into_iter().flatten();
        let mut found = shapes.filter_map(|shape| {
            let mut any = shape.iter();
            let masked = made.levels.iter().map(|(kind, keys)| {
                let keys = keys.iter().map(|key| match any.next() {
                    Some(true) => GivenKey::Any,
                    _ => key.clone(),
                });
                (*kind, keys.collect())
            });
            self.all.get(*self.exactly.get(&masked.collect::<Levels>())?)
        });
        found.find(|given| !(made.by_author && given.is_written()))
    }
}

/// Whether a use says how what it makes is called, with all that it lies in; else the upstream does. What lies in another thing that the
/// same use makes is as new as that, however that is called.
#[must_use]
pub fn is_said(clauses: &Clauses, made: &ThingExpr) -> bool {
    let levels = made.levels();
    let around = |depth: usize| {
        let outer = levels.get(..depth).unwrap_or_default();
        clauses.makes.iter().any(|making| making.thing.levels() == outer)
    };
    let own = (1..levels.len()).rev().find(|depth| around(*depth)).unwrap_or(0);
    levels.iter().skip(own).flat_map(|level| &level.keys).all(|key| match key {
        KeyExpr::Literal(_) | KeyExpr::Argument { .. } => true,
        KeyExpr::Field(fields) => clauses.identity(fields).is_some(),
        KeyExpr::Every(_) | KeyExpr::Some => false,
    })
}

/// The kinds of the levels.
fn kinds(levels: &Levels) -> Vec<KindIx> {
    levels.iter().map(|(kind, _)| *kind).collect()
}

fn shape(levels: &Levels) -> Vec<bool> {
    levels.iter().flat_map(|(_, keys)| keys).map(|key| *key == GivenKey::Any).collect()
}

/// Everything the clauses name but what is made.
fn named(clauses: &Clauses) -> impl Iterator<Item = &ThingExpr> {
    clauses
        .changes
        .iter()
        .chain(&clauses.removes)
        .chain(clauses.said_read())
        .chain(clauses.subjects())
        .chain(clauses.makes.iter().flat_map(|making| &making.valid_while))
        .chain(clauses.expects.iter().map(|expectation| &expectation.thing))
        .chain(clauses.versions.iter().map(|version| &version.thing))
        .chain(clauses.measured_by.iter().flatten().filter_map(Source::thing))
}

fn levels(workflow: &Workflow, expr: &ThingExpr, known: impl Fn(&KeyExpr) -> GivenKey) -> Option<Levels> {
    let level = |level: &LevelExpr| {
        let kind = workflow.kinds.named(&level.kind)?;
        let decls = workflow.kinds.get(kind)?.key.as_slice();
        let keys = level.keys.iter().enumerate().map(|(part, key)| match (known(key), decls.get(part)) {
            (GivenKey::Literal(value), Some(decl)) => GivenKey::Literal(canonical(decl, &value)),
            (key, _) => key,
        });
        Some((kind, keys.collect()))
    };
    expr.levels().iter().map(level).collect()
}

fn given_key(workflow: &Workflow, clauses: &Clauses, key: &KeyExpr, pins: &[Pin]) -> GivenKey {
    match key {
        KeyExpr::Literal(value) => GivenKey::Literal(value.clone()),
        KeyExpr::Argument { index, fields } => given_argument(workflow, pins, *index, fields),
        // What the use itself makes is named after it was made.
        KeyExpr::Field(fields) if clauses.made_as(fields).is_none() => clauses
            .identity(fields)
            .map_or(GivenKey::Any, |(index, fields)| given_argument(workflow, pins, index, &fields)),
        KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => GivenKey::Any,
    }
}

fn given_argument(workflow: &Workflow, pins: &[Pin], index: u32, fields: &[String]) -> GivenKey {
    pins.get(index as usize).map_or(GivenKey::Any, |pin| given_pin(workflow, pin, fields, MAX_DEPTH))
}

/// What a pin is known to be, also where a result is said to be an argument that is known.
fn given_pin(workflow: &Workflow, pin: &Pin, fields: &[String], depth: usize) -> GivenKey {
    let Some(depth) = depth.checked_sub(1) else { return GivenKey::Any };
    let datum = match pin {
        Pin::Is(Expr::Literal(value)) => {
            return value.at(fields).map_or(GivenKey::Any, |value| GivenKey::Literal(value.clone()));
        }
        Pin::Is(Expr::Datum(datum)) => datum,
        Pin::Is(Expr::Template(parts)) => match parts.as_slice() {
            // The text of a text is that text.
            [TemplatePart::Datum(datum)]
                if !matches!(
                    workflow.type_of(datum),
                    Some(Type::Int | Type::Duration | Type::Bool) | None
                ) =>
            {
                datum
            }
            _ => return GivenKey::Any,
        },
        Pin::OneOf { set: Expr::Datum(list), .. } if matches!(list.root, Root::Param(_)) => {
            return GivenKey::Element(list.clone(), fields.to_vec());
        }
        Pin::OneOf { .. } | Pin::Within(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => {
            return GivenKey::Any;
        }
    };
    let fields: Vec<String> = datum.fields.iter().chain(fields).cloned().collect();
    match datum.root {
        Root::Param(_) => GivenKey::Param(Datum { root: datum.root, fields }),
        Root::Submission { .. } => GivenKey::Any,
        Root::Result { step, grant } => {
            let known = workflow.granted((step, grant)).and_then(|(granted, action)| {
                // What a use makes is named after it was made.
                if action.clauses.made_as(&fields).is_some() {
                    return None;
                }
                let (index, rest) = action.clauses.identity(&fields)?;
                Some(given_pin(workflow, granted.pins.get(index as usize)?, &rest, depth))
            });
            known.unwrap_or(GivenKey::Any)
        }
    }
}
