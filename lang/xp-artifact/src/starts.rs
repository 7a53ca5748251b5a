//! Which parameters whoever starts a run must not choose freely: the roster says what they may be.
//!
//! A run is for a ticket, an invoice or a version, which may be any. Where it acts, what decides its measurements and what it
//! makes final without a judgement are not the starter's to say.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use xp_scope::Type;
use xp_scope::thing::{Audience, Immutable, Kind, Term};

use crate::content::{Contents, altering, holds, may_hold, measured_with};
use crate::declaration::{Source, ThingExpr};
use crate::judgement::{Finals, filling, judgements};
use crate::named;
use crate::order::{Moment, Order};
use crate::passing::{Passing, identities, judges, named_by, naming, passing, pinned};
use crate::rests::needs_one_of;
use crate::things::Terms;
use crate::workflow::{
    Atom, Condition, Datum, Expr, GrantIx, How, ParamId, Pin, RoleId, Root, StepId, Then, Workflow,
};

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

/// A parameter that the starter chooses, and of which something is made final that a role judges: what a starter chose, the
/// starter made, so it is not to be of that role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Judged {
    /// As in [`ToPin::path`].
    pub path: String,
    /// Whose judgement it is.
    pub role: RoleId,
    /// The step of the judgement.
    pub step: StepId,
    /// The action that makes it final.
    pub action: String,
}

impl Judged {
    /// Why, for whoever reads the roster.
    #[must_use]
    pub fn reason(&self, role: &str) -> String {
        format!("`{}` makes it final on the judgement of `{role}`", self.action)
    }
}

/// The parameters that rules do not name and whose judge must not have started the run, each once for a role.
#[must_use]
pub fn judged(workflow: &Workflow, named: &[&str]) -> Vec<Judged> {
    let (judgements, mut contents) = (judgements(workflow), Contents::of(workflow));
    let mut behind = Behind::of(workflow);
    let mut found: BTreeMap<(String, RoleId), Judged> = BTreeMap::new();
    for at in workflow.grants() {
        for Asked { from, why } in asked(workflow, &mut behind.finals, at) {
            let Why::Final(action) = why else { continue };
            let met = RefCell::new(Vec::new());
            let is_judged = |datum: &Datum| {
                let same = identities(workflow, datum);
                let of = judgements.iter().filter(|(_, of)| judges(workflow, of, &same));
                let before = met.borrow().len();
                met.borrow_mut().extend(of.map(|(atom, _)| (*atom, datum.clone())));
                met.borrow().len() > before
            };
            behind.given(at, from, &is_judged);
            for (atom, datum) in met.take() {
                let Some(step) = workflow.steps.get(atom.step.index()) else { continue };
                let outcome = step.outcomes.get(atom.outcome.index());
                // A measurement that stands for a judgement is that of whoever decides how it measures.
                let judges: BTreeSet<RoleId> = match outcome.map(|outcome| &outcome.how) {
                    Some(How::Judged | How::JudgedIf(_)) => BTreeSet::from([step.role]),
                    Some(How::Auto(condition)) => {
                        let read = condition.literals().into_iter();
                        let deciders = read.flat_map(|literal| {
                            let field = literal.flag.map(|(field, _)| field).unwrap_or_default();
                            contents.deciders((atom.step, literal.grant), field).into_keys()
                        });
                        deciders.collect()
                    }
                    Some(How::Exhausted(_)) | None => continue,
                };
                let made_of = contents.params(&datum, atom.step);
                for path in made_of.iter().flat_map(|datum| paths(workflow, datum)) {
                    for role in &judges {
                        let one = Judged {
                            path: path.clone(),
                            role: *role,
                            step: atom.step,
                            action: action.clone(),
                        };
                        found.entry((path.clone(), *role)).or_insert(one);
                    }
                }
            }
        }
    }
    found.into_values().filter(|one| !is_named(&one.path, named)).collect()
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
    let mut judged = judgements(workflow);
    judged.retain(|(atom, _)| {
        let outcomes = workflow.steps.get(atom.step.index()).map(|step| step.outcomes.as_slice());
        outcomes
            .and_then(|outcomes| outcomes.get(atom.outcome.index()))
            .is_some_and(|outcome| outcome.then == Then::Settle)
    });
    let mut behind = Behind::of(workflow);
    let mut found: BTreeMap<String, ToPin> = BTreeMap::new();
    for at in workflow.grants() {
        for Asked { from, why } in asked(workflow, &mut behind.finals, at) {
            // Whatever the way to the step, a judgement of it is in force.
            let is_judged = |datum: &Datum| {
                let same = identities(workflow, datum);
                let of = judged.iter().filter(|_| matches!(why, Why::Final(_)));
                let of = of.filter(|(_, of)| judges(workflow, of, &same));
                let atoms: Vec<Atom> = of.map(|(atom, _)| *atom).collect();
                !atoms.is_empty() && needs_one_of(workflow, at.0, &atoms)
            };
            for path in behind.given(at, from, &is_judged).iter().flat_map(|datum| paths(workflow, datum)) {
                let one = ToPin { path: path.clone(), why: why.clone(), step: at.0 };
                found.entry(path).or_insert(one);
            }
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
        }
    }
}

/// What a use of a grant takes from somewhere that a starter must not choose freely.
struct Asked {
    from: Taken,
    why: Why,
}

/// Where it takes that from.
enum Taken {
    Passing(Passing),
    /// What is in a thing that a final argument names.
    Named {
        thing: ThingExpr,
        number: u32,
        /// The argument, where it is a datum.
        by: Option<Datum>,
    },
}

fn asked(workflow: &Workflow, finals: &mut Finals<'_>, at: GrantAt) -> Vec<Asked> {
    let Some((grant, action)) = workflow.granted(at) else { return Vec::new() };
    let clauses = &action.clauses;
    let name = || format!("{}.{}", action.connector, action.name);
    let mut found = Vec::new();
    for expr in clauses.altered().chain(clauses.said_read()).chain(clauses.subjects()) {
        let Some(outermost) = expr.levels().first() else { continue };
        let Some(kind) = workflow.kinds.named(&outermost.kind).and_then(|kind| workflow.kinds.get(kind))
        else {
            continue;
        };
        if !is_container(workflow, kind) || has_one_audience(workflow, kind) {
            continue;
        }
        for passing in outermost.keys.iter().flat_map(|key| named_by(grant, action, key)) {
            found.push((passing, Why::Container(kind.name.clone())));
        }
    }
    if clauses.reads.is_none() {
        let anywhere = clauses.changes.contains(&ThingExpr::Anything);
        let may_name_a_container = |ty: &Type| {
            let mut kinds = workflow.kinds.iter().filter(|kind| kind.parents.is_empty());
            kinds.any(|kind| {
                is_container(workflow, kind)
                    && !has_one_audience(workflow, kind)
                    && kind.key.iter().any(|part| holds(workflow, ty, &part.ty))
            })
        };
        let passed = grant.pins.iter().zip(&action.params);
        let passed = passed.filter(|(_, param)| anywhere || may_name_a_container(&param.ty));
        let passed = passed.flat_map(|(pin, _)| pinned(pin, &[]));
        found.extend(passed.map(|passing| (passing, Why::Unsaid(name()))));
    }
    if action.attests {
        // With what the fields come from that conditions read, and where none does, with what it is measured by.
        let mut sources: Vec<Source> = Vec::new();
        for field in read_by_conditions(workflow, at).into_iter().chain([&[] as &[String]]) {
            let more = measured_with(workflow, action, field).into_iter();
            sources.extend(more.filter(|source| !sources.contains(source)).collect::<Vec<_>>());
        }
        for source in sources {
            let of = match &source {
                Source::Argument { .. } | Source::Field(_) => passing(workflow, grant, &source),
                // Which thing decides it is its name to say.
                Source::Thing(expr) => {
                    let named = naming(grant, action, expr).into_iter();
                    named.chain([Passing::Thing(expr.clone())]).collect()
                }
            };
            found.extend(of.into_iter().map(|passing| (passing, Why::Instrument(name()))));
        }
    }
    let mut found: Vec<Asked> =
        found.into_iter().map(|(passing, why)| Asked { from: Taken::Passing(passing), why }).collect();
    for number in finals.decided(at) {
        let Some(pin) = grant.pins.get(number as usize) else { continue };
        let passed = pinned(pin, &[]).into_iter().map(Taken::Passing);
        // What was put into what it names is made final with it; of what is removed, which one it is.
        let is_final = clauses.finals.contains(&number);
        let by = if let Pin::Is(Expr::Datum(datum)) = pin { Some(datum) } else { None };
        let named = is_final.then(|| named::named_by(workflow, action, number));
        let named = named.into_iter().flatten();
        let named = named.map(|thing| Taken::Named { thing: thing.clone(), number, by: by.cloned() });
        found.extend(passed.chain(named).map(|from| Asked { from, why: Why::Final(name()) }));
    }
    found
}

/// The fields of a result of the grant that conditions of its step read.
fn read_by_conditions(workflow: &Workflow, (step, grant): GrantAt) -> Vec<&[String]> {
    let outcomes = workflow.steps.get(step.index()).into_iter().flat_map(|step| &step.outcomes);
    let conditions = outcomes.filter_map(|outcome| match &outcome.how {
        How::Auto(condition) | How::JudgedIf(condition) => Some(condition),
        How::Judged | How::Exhausted(_) => None,
    });
    let literals = conditions.flat_map(Condition::literals).filter(|literal| literal.grant == grant);
    literals.filter_map(|literal| literal.flag.map(|(fields, _)| fields)).collect()
}

/// Follows what uses take back to the parameters.
struct Behind<'w> {
    workflow: &'w Workflow,
    terms: Terms<'w>,
    order: Order<'w>,
    finals: Finals<'w>,
    /// What uses make or change, with what goes into it.
    altered: Vec<(GrantAt, Term, Vec<Source>)>,
    /// By term that is read: the altered ones that it may hold.
    met: HashMap<Term, Vec<usize>>,
}

impl<'w> Behind<'w> {
    fn of(workflow: &'w Workflow) -> Self {
        let mut terms = Terms::of(workflow);
        let mut altered = Vec::new();
        for by in workflow.grants() {
            let Some((_, action)) = workflow.granted(by) else { continue };
            let of_use = altering(action).map(|(expr, sources)| (by, terms.term(by.0, by.1, expr), sources));
            altered.extend(of_use);
        }
        let (order, finals) = (Order::of(workflow), Finals::of(workflow));
        Self { workflow, terms, order, finals, altered, met: HashMap::new() }
    }

    /// The parameters of which something may be made, or which it is; not by way of data that are judged. What is in a thing is
    /// what uses of the run put there before, and which thing it is, where that never changes, its name says.
    fn given(&mut self, at: GrantAt, from: Taken, is_judged: &dyn Fn(&Datum) -> bool) -> Vec<Datum> {
        let open = match from {
            Taken::Passing(passing) => vec![(at, passing)],
            Taken::Named { thing, number, by } => self.named(at, (&thing, number), by, is_judged),
        };
        self.followed(open, is_judged)
    }

    /// What is in a thing that a final argument names. A judgement of the name that the run gave to the very thing is one of what is in
    /// it; where the run made it, nobody else says which thing it is.
    fn named(
        &mut self,
        at: GrantAt,
        (thing, number): (&ThingExpr, u32),
        by: Option<Datum>,
        is_judged: &dyn Fn(&Datum) -> bool,
    ) -> Vec<(GrantAt, Passing)> {
        let same = by.map(|datum| identities(self.workflow, &datum)).unwrap_or_default();
        let mut made = same.iter().filter(|datum| self.finals.is_name_of(datum, at, number)).peekable();
        if made.peek().is_none() {
            return vec![(at, Passing::Thing(thing.clone()))];
        }
        if made.any(is_judged) { Vec::new() } else { self.put_in(at, thing) }
    }

    fn followed(
        &mut self,
        mut open: Vec<(GrantAt, Passing)>,
        is_judged: &dyn Fn(&Datum) -> bool,
    ) -> Vec<Datum> {
        let workflow = self.workflow;
        let (mut found, mut seen) = (BTreeSet::new(), HashSet::new());
        while let Some((at, passing)) = open.pop() {
            if !seen.insert((at, passing.clone())) {
                continue;
            }
            match passing {
                Passing::Choice => {}
                Passing::Field(fields) => {
                    open.push((
                        at,
                        Passing::Datum(Datum { root: Root::Result { step: at.0, grant: at.1 }, fields }),
                    ));
                }
                Passing::Datum(datum) if is_judged(&datum) => {}
                Passing::Datum(datum) => match datum.root {
                    Root::Param(_) => {
                        found.insert(datum);
                    }
                    Root::Submission { .. } => {}
                    Root::Result { step, grant } => {
                        let Some((_, action)) = workflow.granted((step, grant)) else { continue };
                        let made = action.clauses.all_made_as(&datum.fields);
                        // All that the use put into what it made, or into what that lies in.
                        let content: Vec<Source> = made
                            .into_iter()
                            .flat_map(|making| filling(workflow, &mut self.terms, (step, grant), making))
                            .collect();
                        let sources = workflow.sources(action, &datum.fields).into_iter().chain(content);
                        open.extend(passed(workflow, (step, grant), sources));
                    }
                },
                Passing::Thing(expr) => {
                    let Some((granted, action)) = workflow.granted(at) else { continue };
                    // Whoever names what is read has decided what that is.
                    open.extend(naming(granted, action, &expr).into_iter().map(|name| (at, name)));
                    open.extend(self.put_in(at, &expr));
                }
            }
        }
        found.into_iter().collect()
    }

    /// What uses of the run put into the thing before.
    fn put_in(&mut self, at: GrantAt, expr: &ThingExpr) -> Vec<(GrantAt, Passing)> {
        let read = self.terms.term(at.0, at.1, expr);
        let mut found = Vec::new();
        for number in self.meeting(read) {
            let Some((by, _, sources)) = self.altered.get(number) else { continue };
            if self.order.may_follow(Moment::used(*by), at.0) {
                found.extend(passed(self.workflow, *by, sources.iter().cloned()));
            }
        }
        found
    }

    fn meeting(&mut self, read: Term) -> Vec<usize> {
        let (kinds, altered) = (&self.workflow.kinds, &self.altered);
        let meets = |term: &Term| {
            let all = altered.iter().enumerate();
            all.filter(|(_, (_, altered, _))| may_hold(kinds, term, altered))
                .map(|(number, _)| number)
                .collect()
        };
        match self.met.entry(read) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let found: Vec<usize> = meets(new.key());
                new.insert(found).clone()
            }
        }
    }
}

/// Where sources come from in the uses of a grant.
fn passed(
    workflow: &Workflow,
    at: GrantAt,
    sources: impl IntoIterator<Item = Source>,
) -> Vec<(GrantAt, Passing)> {
    let Some((granted, _)) = workflow.granted(at) else { return Vec::new() };
    let passing = |source: Source| passing(workflow, granted, &source);
    sources.into_iter().flat_map(passing).map(|passing| (at, passing)).collect()
}

/// Things of other kinds lie in things of this one, and a run can act there: what is known by its content has all of that in it already.
fn is_container(workflow: &Workflow, kind: &Kind) -> bool {
    let holds_others = workflow.kinds.named(&kind.name).is_some_and(|kind| workflow.kinds.is_container(kind));
    kind.immutable != Some(Immutable::Content) && holds_others
}

/// All things of the kind, and all that lies in them, are said to have the same readers, each of their kind.
fn has_one_audience(workflow: &Workflow, kind: &Kind) -> bool {
    let same = |kind: &Kind| match &kind.audience {
        None => false,
        Some(Audience::Public) => true,
        Some(Audience::Groups(readers)) => readers.iter().all(|group| group.of.is_none()),
    };
    let (mut seen, mut open) = (BTreeSet::new(), vec![kind]);
    while let Some(kind) = open.pop() {
        if !same(kind) {
            return false;
        }
        let inside = workflow.kinds.iter().filter(|inner| inner.parents.contains(&kind.name));
        open.extend(inside.filter(|inner| seen.insert(inner.name.as_str())));
    }
    true
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
