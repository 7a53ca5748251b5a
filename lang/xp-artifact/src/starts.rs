//! Which parameters whoever starts a run must not choose freely: the roster says what they may be.
//!
//! A run is for a ticket, an invoice or a version, which may be any. Where it acts, what decides its measurements and comparisons and
//! what it makes final without a judgement are not the starter's to say.

mod asked;
mod behind;
mod deciding;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use xp_scope::Type;
use xp_scope::thing::Term;

use crate::declaration::ThingExpr;
use crate::fold::Literal;
use crate::judgement::{Finals, judgements};
use crate::passing::{identities, judges};
use crate::rests::needs_one_of;
use crate::workflow::{Atom, Datum, Expr, GrantIx, How, ParamId, Pin, RoleId, Root, StepId, Then, Workflow};
use asked::{Asked, asked};
use behind::{Behind, Judging};
use deciding::{by_roles, deciding};

/// A grant of a step.
type GrantAt = (StepId, GrantIx);

/// Why a parameter is to be pinned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It names an outermost thing that others lie in, of which not all have the same readers: the kind.
    Container(String),
    /// It decides a measurement of this action.
    Instrument(String),
    /// This action makes it final, and nobody judges it.
    Final(String),
    /// The declaration of this action does not say what it reads: the argument may say where it acts.
    Unsaid(String),
    /// It is compared with another datum than a literal, which decides what opens, what ends or what may be used.
    Compared,
    /// A value that is read from what it names decides a condition, such as the policy that a limit is read from, and nothing that is
    /// made final comes from it.
    Limit,
}

/// A parameter, or a field of one, that is to be pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToPin {
    /// `repo.owner`.
    pub path: String,
    /// Why.
    pub why: Why,
    /// A step in which it matters.
    pub step: StepId,
}

/// A parameter that the starter chooses, and of which something is made final that a role judges, or which decides a comparison once
/// a role has judged it: what a starter chose, the starter made, so it is not to be of that role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Judged {
    /// As in [`ToPin::path`].
    pub path: String,
    /// Whose judgement it is.
    pub role: RoleId,
    /// The step of the judgement.
    pub step: StepId,
    /// What it is judged for: [`Why::Final`], [`Why::Compared`] or [`Why::Limit`].
    pub why: Why,
}

impl Judged {
    /// Why, for whoever reads the roster.
    #[must_use]
    pub fn reason(&self, role: &str) -> String {
        match &self.why {
            Why::Final(action) => format!("`{action}` makes it final on the judgement of `{role}`"),
            Why::Limit => {
                format!("what it names decides a condition on the judgement of `{role}`")
            }
            _ => format!("other data are compared with it on the judgement of `{role}`"),
        }
    }
}

/// The parameters that rules do not name and whose judge must not have started the run, each once for a role.
#[must_use]
pub fn judged(workflow: &Workflow, named: &[&str]) -> Vec<Judged> {
    let judgements = judgements(workflow);
    let mut behind = Behind::of(workflow);
    let mut found: BTreeMap<(String, RoleId), Judged> = BTreeMap::new();
    for at in workflow.grants() {
        for Asked { from, why, number } in asked(workflow, &behind.read, &mut behind.finals, at) {
            let Why::Final(_) = &why else { continue };
            let met = RefCell::new(Vec::new());
            let counting = Counting::of(workflow, &mut behind.finals, at, number, &judgements);
            let is_judged = |datum: &Datum| {
                let of = counting.of_datum(datum);
                met.borrow_mut().extend(of.iter().map(|atom| (*atom, Met::Datum(datum.clone()))));
                !of.is_empty()
            };
            let is_shown = |thing: &ThingExpr, atoms: &[Atom]| {
                met.borrow_mut().extend(atoms.iter().map(|atom| (*atom, Met::Thing(thing.clone()))));
                !atoms.is_empty()
            };
            behind.given(at, from, &Judging { all: &judgements, is_judged: &is_judged, is_shown: &is_shown });
            let contents = &mut behind.contents;
            for (atom, of) in met.take() {
                let Some(step) = workflow.steps.get(atom.step.index()) else { continue };
                let outcome = step.outcomes.get(atom.outcome.index());
                // A measurement that stands for a judgement is that of whoever decides how it measures.
                let judges: BTreeSet<RoleId> = match outcome.map(|outcome| &outcome.how) {
                    Some(How::Judged | How::JudgedIf(_)) => BTreeSet::from([step.role]),
                    Some(How::Auto(condition)) => {
                        let read = condition.literals().into_iter().flat_map(|literal| match literal {
                            Literal::Bound(grant) => vec![((atom.step, grant), &[][..])],
                            Literal::Test(test) => test.data().filter_map(Datum::of_result).collect(),
                        });
                        read.flat_map(|(by, field)| contents.deciders(by, field).into_keys()).collect()
                    }
                    Some(How::Exhausted(_) | How::TimedOut) | None => continue,
                };
                let made_of = match of {
                    Met::Datum(datum) => contents.params(&datum, atom.step),
                    Met::Thing(thing) => contents.params_of(at, &thing),
                };
                for path in made_of.iter().flat_map(|datum| paths(workflow, datum)) {
                    for role in &judges {
                        let one =
                            Judged { path: path.clone(), role: *role, step: atom.step, why: why.clone() };
                        found.entry((path.clone(), *role)).or_insert(one);
                    }
                }
            }
        }
    }
    for one in deciding(workflow, &mut behind) {
        for atom in by_roles(workflow, &judgements, &one.param) {
            let Some(role) = workflow.steps.get(atom.step.index()).map(|step| step.role) else { continue };
            for path in paths(workflow, &one.param) {
                let one = Judged { path: path.clone(), role, step: atom.step, why: one.why.clone() };
                found.entry((path, role)).or_insert(one);
            }
        }
    }
    // Whoever started the run judges in no role of people, whatever the roster says.
    let others = found.into_values().filter(|one| !workflow.is_human(one.role));
    others.filter(|one| !is_named(&one.path, named)).collect()
}

/// A rule names the parameter, or what it is a part of.
fn is_named(path: &str, named: &[&str]) -> bool {
    named
        .iter()
        .any(|name| path.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// The parameters of a workflow that a roster must pin, each once, by path. Of records every field that has no fields.
#[must_use]
pub fn to_pin(workflow: &Workflow) -> Vec<ToPin> {
    let judgements = judgements(workflow);
    let mut judged = judgements.clone();
    judged.retain(|(atom, _)| {
        let outcomes = workflow.steps.get(atom.step.index()).map(|step| step.outcomes.as_slice());
        outcomes
            .and_then(|outcomes| outcomes.get(atom.outcome.index()))
            .is_some_and(|outcome| outcome.then == Then::Settle)
    });
    let mut behind = Behind::of(workflow);
    let mut found: BTreeMap<String, ToPin> = BTreeMap::new();
    for at in workflow.grants() {
        for Asked { from, why, number } in asked(workflow, &behind.read, &mut behind.finals, at) {
            // Whatever the way to the step, a judgement of it is in force.
            let in_force = |atoms: &[Atom]| !atoms.is_empty() && needs_one_of(workflow, at.0, atoms);
            let of: &[(Atom, &Datum)] = if matches!(why, Why::Final(_)) { &judged } else { &[] };
            let counting = Counting::of(workflow, &mut behind.finals, at, number, of);
            let is_judged = |datum: &Datum| in_force(&counting.of_datum(datum));
            let is_shown = |_: &ThingExpr, atoms: &[Atom]| in_force(atoms);
            let judging = Judging { all: of, is_judged: &is_judged, is_shown: &is_shown };
            for path in behind.given(at, from, &judging).iter().flat_map(|datum| paths(workflow, datum)) {
                let one = ToPin { path: path.clone(), why: why.clone(), step: at.0 };
                found.entry(path).or_insert(one);
            }
        }
    }
    for one in deciding(workflow, &mut behind) {
        if one.is_judged(workflow, &by_roles(workflow, &judgements, &one.param)) {
            continue;
        }
        for path in paths(workflow, &one.param) {
            let to_pin = ToPin { path: path.clone(), why: one.why.clone(), step: one.step };
            found.entry(path).or_insert(to_pin);
        }
    }
    found.into_values().collect()
}

/// Those that rules do not name: neither the parameter, nor what it is a part of.
#[must_use]
pub fn open(workflow: &Workflow, named: &[&str]) -> Vec<ToPin> {
    let mut asked = to_pin(workflow);
    asked.retain(|one| !is_named(&one.path, named));
    asked
}

/// The type of the parameter, or of the field of one, that a rule names; none where there is no such.
#[must_use]
pub fn named<'w>(workflow: &'w Workflow, name: &str) -> Option<&'w Type> {
    let mut path = name.split('.');
    let root = path.next()?;
    let param = workflow.params.iter().find(|param| param.name == root)?;
    path.try_fold(&param.ty, |ty, field| workflow.field_type(ty, field))
}

/// Every parameter, and below it every field that has no fields, as rules name them.
#[must_use]
pub fn leaves(workflow: &Workflow) -> Vec<String> {
    let params = (0..workflow.params.len()).map(|index| Root::Param(ParamId::of(index)));
    params.flat_map(|root| paths(workflow, &Datum { root, fields: Vec::new() })).collect()
}

impl ToPin {
    /// Why, for whoever reads the roster.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.why {
            Why::Container(kind) => format!("it says in which `{kind}` the run acts"),
            Why::Instrument(action) => format!("it decides what `{action}` measures"),
            Why::Unsaid(action) => {
                format!("it may say where `{action}` acts, whose declaration does not say what it `reads`")
            }
            Why::Final(action) => format!("`{action}` makes it final and nobody judges it"),
            Why::Compared => "other data are compared with it and nobody judges it".to_owned(),
            Why::Limit => "a value read from what it names decides, nothing that is made final comes from it, and nobody judges it"
                .to_owned(),
        }
    }
}

/// What somebody judged.
enum Met {
    Datum(Datum),
    /// What is in a thing, which the judge was shown.
    Thing(ThingExpr),
}

/// The judgements that count for an argument that is made final: a measurement only for the very thing that it is about.
struct Counting<'a, 'w> {
    workflow: &'w Workflow,
    all: &'a [(Atom, &'w Datum)],
    /// What the argument is, if that is a datum.
    argument: Vec<Datum>,
    /// Measurements of all that the argument names.
    of_named: Vec<Atom>,
    /// Measurements of content by its name.
    of_content: Vec<Atom>,
}

impl<'a, 'w> Counting<'a, 'w> {
    fn of(
        workflow: &'w Workflow,
        finals: &mut Finals<'w>,
        at: GrantAt,
        number: Option<u32>,
        all: &'a [(Atom, &'w Datum)],
    ) -> Self {
        let pin = number.and_then(|number| workflow.granted(at)?.0.pins.get(number as usize));
        let argument = match pin {
            Some(Pin::Is(Expr::Datum(datum))) => identities(workflow, datum),
            _ => Vec::new(),
        };
        let named = number.map(|number| finals.all_named(at, number)).unwrap_or_default();
        let mut counting = |things: &[Term]| {
            let atoms = all.iter().map(|(atom, _)| *atom);
            atoms.filter(|atom| finals.is_of(*atom, things)).collect()
        };
        let (of_named, of_content) = (counting(&named), counting(&[]));
        Self { workflow, all, argument, of_named, of_content }
    }

    fn of_datum(&self, datum: &Datum) -> Vec<Atom> {
        let same = identities(self.workflow, datum);
        let is_argument = same.iter().any(|one| self.argument.contains(one));
        let counting = if is_argument { &self.of_named } else { &self.of_content };
        let of = self.all.iter().filter(|(_, of)| judges(self.workflow, of, &same));
        of.map(|(atom, _)| *atom).filter(|atom| counting.contains(atom)).collect()
    }
}

/// The parameter that the datum is, and below it every field that has no fields.
fn paths(workflow: &Workflow, datum: &Datum) -> Vec<String> {
    let Root::Param(id) = datum.root else { return Vec::new() };
    let Some(param) = workflow.params.get(id.index()) else { return Vec::new() };
    let path: Vec<&str> =
        std::iter::once(param.name.as_str()).chain(datum.fields.iter().map(String::as_str)).collect();
    let ty = workflow.type_of(datum).unwrap_or(&param.ty);
    let below = workflow.leaves(ty).into_iter();
    below
        .map(|leaf| path.iter().copied().chain(leaf.iter().map(String::as_str)).collect::<Vec<_>>().join("."))
        .collect()
}
