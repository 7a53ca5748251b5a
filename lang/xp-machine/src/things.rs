//! The things that one use concerns: what it makes must be new, what it writes must not have moved.
//!
//! Invariant that proofs rely on: no thing that the run makes is one that it was given by a parameter, or that it made before
//! and has not removed; and none that the upstream names is one that the workflow names by a literal. A literal says nothing
//! about what exists where the workflow, too, says how the new thing is called: it may mean that one.

use std::collections::BTreeMap;

use xp_artifact::declaration::{KeyExpr, Source, ThingExpr};
use xp_artifact::given;
use xp_artifact::things;
use xp_artifact::workflow::{Action, ActionId, Datum};
use xp_scope::thing::{Canonical, Immutable, Kind, KindIx, Thing};
use xp_scope::{Type, Value};

use crate::machine::Machine;
use crate::state::State;

/// What a use concerns, for leases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Concern {
    /// What.
    pub what: What,
    /// It is a thing that the run altered, or it gave evidence about: the run relies on it from then on. Else the use may alter
    /// any of what it encloses, which concerns others only while the use is under way.
    pub lasting: bool,
}

/// Things of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// One, with all that lies in it.
    Thing(Canonical),
    /// All of a realm.
    Realm(String),
    /// All there are.
    Anything,
}

/// Deeper records of records do not exist in a checked workflow.
const MAX_DEPTH: usize = 32;

impl Machine {
    /// A thing of a use, if all its keys have values.
    pub(crate) fn thing(
        &self,
        action: &Action,
        args: &BTreeMap<String, Value>,
        result: Option<&Value>,
        expr: &ThingExpr,
    ) -> Option<Thing> {
        things::thing(&self.workflow.kinds, action, args, result, expr)
            .filter(|thing| thing.levels.len() == expr.levels().len())
    }

    /// The arguments of a use that name things: what is kept of it until it ends.
    pub(crate) fn naming(&self, action: &Action, args: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
        let exprs = || {
            let clauses = &action.clauses;
            let versions = clauses.versions.iter().map(|version| &version.thing);
            clauses
                .altered()
                .chain(clauses.expects.iter().map(|expectation| &expectation.thing))
                .chain(versions)
        };
        let named = |index: usize| {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            exprs().any(|expr| expr.names_argument(index))
                || action.clauses.is.iter().any(|identity| identity.argument == index)
                || action.clauses.expects.iter().any(|expectation| {
                    matches!(&expectation.at, Some(Source::Argument { index: at, .. }) if *at == index)
                })
        };
        let params = action.params.iter().enumerate().filter(|(index, _)| named(*index));
        params.filter_map(|(_, param)| Some((param.name.clone(), args.get(&param.name)?.clone()))).collect()
    }

    /// Whether all that a use makes is new, as far as its arguments, and its result if there is one, say how it is called.
    #[must_use]
    pub fn makes_new(
        &self,
        state: &State,
        action: ActionId,
        args: &BTreeMap<String, Value>,
        result: Option<&Value>,
    ) -> bool {
        let action = self.workflow.actions.get(action.index());
        action.is_some_and(|action| self.not_new(state, action, args, result).is_none())
    }

    /// Why something that a use makes is not new, in words.
    pub(crate) fn not_new(
        &self,
        state: &State,
        action: &Action,
        args: &BTreeMap<String, Value>,
        result: Option<&Value>,
    ) -> Option<String> {
        action.clauses.makes.iter().find_map(|making| {
            let thing = self.thing(action, args, result, &making.thing)?;
            let (kind, keys) = thing.levels.last()?;
            let declared = self.workflow.kinds.get(*kind)?;
            for (decl, key) in declared.key.iter().zip(keys) {
                if let Some(param) = given_as(self, state, &decl.ty, key).filter(|_| decl.is_of_git()) {
                    return Some(format!("the run was given it as `{param}`"));
                }
            }
            let canonical = thing.canonical(&self.workflow.kinds);
            let kinds: Vec<KindIx> = thing.levels.iter().map(|(kind, _)| *kind).collect();
            let by_author = given::is_said(&action.clauses, &making.thing);
            let value = |datum: &Datum| crate::data::datum(state, datum);
            let mut given = self.index.given.against(&kinds, by_author);
            if given.any(|given| given.is(&self.workflow, (&thing, &canonical), value)) {
                return Some("the workflow names it as something that exists".to_owned());
            }
            state.made.contains(&canonical).then(|| "the run made it before".to_owned())
        })
    }

    /// Records what a use that was carried out made, removed, and saw of versions.
    pub(crate) fn carried_out(
        &self,
        state: &mut State,
        action: &Action,
        args: &BTreeMap<String, Value>,
        result: &Value,
    ) {
        let kinds = &self.workflow.kinds;
        for expr in &action.clauses.removes {
            if let Some(gone) = things::thing(kinds, action, args, Some(result), expr) {
                // Of several, only what they lie in is known.
                let whole = gone.levels.len() == expr.levels().len();
                let gone = gone.canonical(kinds);
                let is_gone = |thing: &Canonical| thing.is_in(&gone, kinds) && (whole || *thing != gone);
                // What encloses what is gone is still there, and has moved since its version was seen.
                state.made.retain(|made| !is_gone(made));
                state.versions.retain(|(thing, _)| !is_gone(thing));
            }
        }
        for making in &action.clauses.makes {
            let Some(made) = self.thing(action, args, Some(result), &making.thing) else { continue };
            let derived = made.levels.last().and_then(|(kind, _)| kinds.get(*kind));
            if derived.is_none_or(|kind| kind.immutable != Some(Immutable::Content)) {
                state.made.insert(made.canonical(kinds));
            }
        }
        for version in &action.clauses.versions {
            let thing = self.thing(action, args, Some(result), &version.thing);
            if let (Some(thing), Some(value)) = (thing, result.at(&version.field)) {
                let thing = thing.canonical(kinds);
                state.versions.retain(|(known, _)| *known != thing);
                state.versions.push((thing, value.clone()));
            }
        }
    }

    /// What a use alters or gives evidence about, as far as it can change and is known before the use: what it makes under a
    /// name that the upstream is yet to give, nobody else has.
    #[must_use]
    pub fn concerned(&self, action: ActionId, args: &BTreeMap<String, Value>) -> Vec<Concern> {
        let Some(declared) = self.workflow.actions.get(action.index()) else { return Vec::new() };
        let clauses = &declared.clauses;
        let evident = self.evident(action).iter().chain(clauses.subjects());
        let changed = clauses.changes.iter().chain(&clauses.removes);
        let made = clauses.makes.iter().map(|making| &making.thing);
        let made = made.filter(|expr| self.thing(declared, args, None, expr).is_some());
        let evident = evident.map(|expr| (expr, true));
        let mut found: Vec<Concern> = evident
            .chain(changed.chain(made).map(|expr| (expr, false)))
            .filter_map(|(expr, evident)| self.concern(declared, args, expr, evident))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// What a run holds from its start, by its `lease` lines.
    #[must_use]
    pub fn leased(&self, state: &State) -> Vec<What> {
        let leases = self.workflow.leases.iter();
        let found = leases.filter_map(|lease| {
            let value = |index: u32, fields: &[String]| {
                let given = lease.given.get(index as usize)?;
                self.evaluate(state, given)?.at(fields).cloned()
            };
            let mut levels = Vec::new();
            for level in lease.thing.levels() {
                let keys = level.keys.iter().map(|key| match key {
                    KeyExpr::Literal(value) => Some(value.clone()),
                    KeyExpr::Argument { index, fields } => value(*index, fields),
                    KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => None,
                });
                // Of several, all that they lie in.
                let Some(keys) = keys.collect::<Option<Vec<Value>>>() else { break };
                levels.push((self.workflow.kinds.named(&level.kind)?, keys));
            }
            Some(match levels.is_empty() {
                true => self.all_of(&lease.thing),
                false => What::Thing(Thing { levels }.canonical(&self.workflow.kinds)),
            })
        });
        found.collect()
    }

    fn concern(
        &self,
        action: &Action,
        args: &BTreeMap<String, Value>,
        expr: &ThingExpr,
        evident: bool,
    ) -> Option<Concern> {
        let kinds = &self.workflow.kinds;
        let Some(thing) = things::thing(kinds, action, args, None, expr) else {
            let changes = self.outermost(expr).is_none_or(|kind| kind.immutable.is_none());
            return changes.then(|| Concern { what: self.all_of(expr), lasting: evident });
        };
        let fixed = kinds.never_change(thing.levels.iter().map(|(kind, _)| Some(*kind)), false);
        let whole = thing.levels.len() == expr.levels().len();
        let what = What::Thing(thing.canonical(kinds));
        (!fixed).then_some(Concern { what, lasting: evident || whole })
    }

    fn outermost(&self, expr: &ThingExpr) -> Option<&Kind> {
        let level = expr.levels().first()?;
        self.workflow.kinds.get(self.workflow.kinds.named(&level.kind)?)
    }

    /// All of the upstream that things lie in which not even their outermost key tells apart.
    fn all_of(&self, expr: &ThingExpr) -> What {
        self.outermost(expr).map_or(What::Anything, |kind| What::Realm(kind.realm.clone()))
    }

    /// The things that must not have moved for a use, each with the version it must be at, where one is known.
    #[must_use]
    pub fn expected(
        &self,
        state: &State,
        action: &Action,
        args: &BTreeMap<String, Value>,
    ) -> Vec<(Canonical, Option<Value>)> {
        let expected = action.clauses.expects.iter().filter_map(|expectation| {
            let thing = self.thing(action, args, None, &expectation.thing)?.canonical(&self.workflow.kinds);
            let at = match &expectation.at {
                Some(Source::Argument { index, fields }) => {
                    let param = action.params.get(*index as usize)?;
                    args.get(&param.name)?.at(fields).cloned()
                }
                Some(Source::Field(_) | Source::Thing(_)) => None,
                None => state.versions.iter().find(|(known, _)| *known == thing).map(|(_, at)| at.clone()),
            };
            Some((thing, at))
        });
        expected.collect()
    }
}

/// The parameter of the run in which something of the type is called so.
fn given_as<'m>(machine: &'m Machine, state: &State, ty: &Type, value: &Value) -> Option<&'m str> {
    let pairs = machine.workflow.params.iter().zip(&state.params);
    let mut found = pairs.filter(|(param, given)| holds(machine, &param.ty, given, ty, value, MAX_DEPTH));
    found.next().map(|(param, _)| param.name.as_str())
}

fn holds(machine: &Machine, of: &Type, given: &Value, ty: &Type, value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    match (of, given) {
        (Type::List(element) | Type::Set(element), Value::List(elements)) => {
            elements.iter().any(|given| holds(machine, element, given, ty, value, depth))
        }
        (Type::Record(name), Value::Record(members)) => machine.records.get(name).is_some_and(|fields| {
            fields.iter().any(|field| {
                let given = members.get(&field.name);
                given.is_some_and(|given| holds(machine, &field.ty, given, ty, value, depth))
            })
        }),
        _ => of == ty && given == value,
    }
}
