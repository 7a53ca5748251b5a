//! Which outcomes judge which data, as far as "judged before it is made final" counts them, and what the names of final
//! arguments say of the things behind them.

use std::collections::BTreeMap;

use xp_scope::thing::{Immutable, Key, Kinds, MadeBy, Meeting, Side, Term, relate};

use crate::content::{Contents, altering, depth, may_fill, placing};
use crate::declaration::{FieldPath, KeyExpr, Making, Source, ThingExpr};
use crate::filled::{filled_as, is_filled};
use crate::formula::Operand;
use crate::looks::is_judged_with;
use crate::named::{all_named_by, arguments_naming, is_open, named_by};
use crate::order::{Moment, Order};
use crate::passing::{identities, is_made_as, parts, picks};
use crate::things::Terms;
use crate::workflow::{
    Atom, Condition, Datum, Expr, Grant, GrantIx, How, OutcomeIx, Per, Pin, RoleId, Root, StepId, Workflow,
};

/// A grant of a step.
type GrantAt = (StepId, GrantIx);

/// The outcomes that judge something, each with what.
///
/// A role judges what its outcome is `of`. An automatic outcome that `counts as judgement` stands for that only where it is
/// independent: it reads a measurement whose subject is what is judged, and nobody who made some of its content, or who may
/// be of one controller with somebody who did, chose any of what decides the measurement besides.
#[must_use]
pub fn judgements(workflow: &Workflow) -> Vec<(Atom, &Datum)> {
    let measured = measurements(workflow);
    let mut found = Vec::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        for (number, outcome) in step.outcomes.iter().enumerate() {
            let Some(datum) = &outcome.of else { continue };
            let atom = Atom { step: StepId::of(index), outcome: OutcomeIx::of(number) };
            let counts = match &outcome.how {
                How::Judged | How::JudgedIf(_) => true,
                How::Auto(condition) => {
                    let counting = measured.get(&atom).map(Vec::as_slice).unwrap_or_default();
                    carries(condition, atom.step, &mut |grant, field| is_counted(counting, grant, field))
                }
                How::Exhausted(_) | How::TimedOut => false,
            };
            if counts {
                found.push((atom, datum));
            }
        }
    }
    found
}

/// A field of the result of a grant that a condition reads.
type Measured = (GrantIx, FieldPath);

/// By automatic outcome that `counts as judgement`: the fields that its condition reads and that measure what it judges independently
/// of whoever made that.
fn measurements(workflow: &Workflow) -> BTreeMap<Atom, Vec<Measured>> {
    let mut contents: Option<Contents<'_>> = None;
    let mut found = BTreeMap::new();
    for (index, step) in workflow.steps.iter().enumerate() {
        for (number, outcome) in step.outcomes.iter().enumerate() {
            let (Some(datum), How::Auto(condition), Some(_)) = (&outcome.of, &outcome.how, &outcome.counts)
            else {
                continue;
            };
            let atom = Atom { step: StepId::of(index), outcome: OutcomeIx::of(number) };
            let contents = contents.get_or_insert_with(|| Contents::of(workflow));
            let makers: Vec<RoleId> = contents.makers(datum, atom.step).into_keys().collect();
            let read = condition.data().filter_map(Datum::of_result);
            let own = read.filter(|((step, _), _)| *step == atom.step);
            let fields = own.map(|((_, grant), field)| (grant, field.to_vec()));
            let counting = fields.filter(|(grant, field)| {
                is_independent(workflow, contents, (atom.step, *grant), field, (datum, &makers))
            });
            found.insert(atom, counting.collect());
        }
    }
    found
}

fn is_counted(counting: &[Measured], grant: GrantIx, field: &[String]) -> bool {
    counting.iter().any(|(of, fields)| *of == grant && fields == field)
}

/// The field measures what the datum names, and nobody who made some of that chose any of what decides the measurement.
fn is_independent(
    workflow: &Workflow,
    contents: &mut Contents<'_>,
    (step, grant): GrantAt,
    field: &[String],
    (datum, makers): (&Datum, &[RoleId]),
) -> bool {
    measures(workflow, step, grant, field, datum) && {
        // Whoever names what is measured need not be who made it.
        let action = workflow.granted((step, grant)).map(|(_, action)| action);
        let subjects = action.into_iter().flat_map(|action| action.clauses.subjects_of(field));
        let mut makers = makers.to_vec();
        for subject in subjects.filter(|subject| is_filled(workflow, subject)) {
            makers.extend(contents.makers_of((step, grant), subject).into_keys());
        }
        let mut deciders = contents.deciders((step, grant), field).into_keys();
        deciders.all(|decider| makers.iter().all(|maker| workflow.are_separate(decider, *maker)))
    }
}

/// Each way to satisfy the condition compares a field of a result of the step, for which this is so, with a literal. What it is
/// compared with decides as much as what is measured, and other data are chosen by somebody.
fn carries(
    condition: &Condition,
    step: StepId,
    independent: &mut impl FnMut(GrantIx, &[String]) -> bool,
) -> bool {
    match condition {
        Condition::Bound(_) => false,
        Condition::Test(test) => match (test.left.root, &test.right) {
            (Root::Result { step: own, grant }, Operand::Literal(_)) if own == step => {
                independent(grant, &test.left.fields)
            }
            _ => false,
        },
        Condition::All(parts) => parts.iter().any(|part| carries(part, step, independent)),
        Condition::Any(parts) => {
            !parts.is_empty() && parts.iter().all(|part| carries(part, step, independent))
        }
    }
}

/// A field of the grant's result is about what the datum names.
fn measures(workflow: &Workflow, step: StepId, grant: GrantIx, field: &[String], datum: &Datum) -> bool {
    let granted = workflow.steps.get(step.index()).and_then(|step| step.grants.get(grant.index()));
    let action = granted.and_then(|granted| workflow.actions.get(granted.action.index()));
    let Some((granted, action)) = granted.zip(action) else { return false };
    let mut subjects = action.clauses.subjects_of(field);
    subjects.any(|subject| names(workflow, granted, (step, grant), subject, datum))
}

/// The subject is pinned to the datum, and is the very thing that the datum names: what the use that gave it made, or else what
/// has that name, which is asked for where it is made final ([`Finals::is_of`]).
fn names(workflow: &Workflow, pinned: &Grant, at: GrantAt, subject: &ThingExpr, datum: &Datum) -> bool {
    let Some(own) = subject.levels().last() else { return false };
    let is_pinned = is_named_by(pinned, subject, datum);
    let mut terms = Terms::of(workflow);
    is_pinned
        && match made_by(workflow, datum) {
            Some((by, making)) => {
                let made = terms.made(by.0, by.1, making);
                let measured = terms.term(at.0, at.1, subject);
                let same_content = making.thing.levels().last().is_some_and(|made| made.kind == own.kind)
                    && !is_filled(workflow, subject);
                same_content || relate(&workflow.kinds, &made, &measured) == Meeting::One
            }
            None => {
                let kind = workflow.kinds.named(&own.kind).and_then(|kind| workflow.kinds.get(kind));
                kind.is_some_and(|kind| match kind.immutable {
                    // What can change is evidence that goes out of date.
                    Some(Immutable::Content) | None => true,
                    Some(Immutable::Minted) => is_only_one(workflow, &mut terms, at, subject, datum),
                })
            }
        }
}

/// An own key of the thing is pinned to the datum.
fn is_named_by(granted: &Grant, expr: &ThingExpr, datum: &Datum) -> bool {
    expr.own_keys().iter().any(|key| match key {
        KeyExpr::Argument { index, fields } if fields.is_empty() => {
            matches!(granted.pins.get(*index as usize), Some(Pin::Is(Expr::Datum(pinned))) if pinned == datum)
        }
        _ => false,
    })
}

/// Whatever of that kind the workflow means by the datum is the very thing: a minted name says which one it is only with all
/// that it lies in.
fn is_only_one(
    workflow: &Workflow,
    terms: &mut Terms<'_>,
    at: GrantAt,
    subject: &ThingExpr,
    datum: &Datum,
) -> bool {
    let measured = terms.term(at.0, at.1, subject);
    let kind = |expr: &ThingExpr| expr.levels().last().map(|own| own.kind.clone());
    workflow.grants().all(|by| {
        let Some((granted, action)) = workflow.granted(by) else { return true };
        let clauses = &action.clauses;
        let mut meant = clauses.altered().chain(clauses.said_read()).chain(clauses.subjects());
        meant.all(|expr| {
            kind(expr) != kind(subject)
                || !is_named_by(granted, expr, datum)
                || relate(&workflow.kinds, &terms.term(by.0, by.1, expr), &measured) == Meeting::One
        })
    })
}

/// The use that made what the datum names, with what it made.
fn made_by<'w>(workflow: &'w Workflow, datum: &Datum) -> Option<(GrantAt, &'w Making)> {
    let Root::Result { step, grant } = datum.root else { return None };
    let (_, action) = workflow.granted((step, grant))?;
    action.clauses.made_as(&datum.fields).map(|making| ((step, grant), making))
}

/// What the final arguments of a workflow's grants name.
#[derive(Debug)]
pub struct Finals<'w> {
    workflow: &'w Workflow,
    terms: Terms<'w>,
    /// What each grant alters.
    altered: Vec<(GrantAt, Vec<Term>)>,
    order: Order<'w>,
    /// What counts as a measurement, once that is asked.
    measured: Option<BTreeMap<Atom, Vec<Measured>>>,
}

impl<'w> Finals<'w> {
    /// Of a workflow.
    #[must_use]
    pub fn of(workflow: &'w Workflow) -> Self {
        let (terms, order) = (Terms::of(workflow), Order::of(workflow));
        let mut finals = Self { workflow, terms, altered: Vec::new(), order, measured: None };
        for (index, step) in workflow.steps.iter().enumerate() {
            for number in 0..step.grants.len() {
                let at = (StepId::of(index), GrantIx::of(number));
                let Some((_, action)) = workflow.granted(at) else { continue };
                let terms = action.clauses.altered().map(|expr| finals.term(at, expr)).collect();
                finals.altered.push((at, terms));
            }
        }
        finals
    }

    /// The arguments that a use of the grant makes final, each once: those that the declaration says, and the names of what it
    /// removes and of what that lies in, unless the run made it itself.
    pub fn decided(&mut self, at: GrantAt) -> Vec<u32> {
        let Some((declared, action)) = self.workflow.granted(at) else { return Vec::new() };
        // What a run is for, whoever starts it says.
        let is_given = |index: u32| {
            let pin = declared.pins.get(index as usize);
            let is_param = |datum: &Datum| matches!(datum.root, Root::Param(_));
            let given =
                |expr: &Expr| expr.data().all(|datum| identities(self.workflow, datum).iter().any(is_param));
            matches!(pin, Some(Pin::Is(expr) | Pin::OneOf { set: expr, .. }) if given(expr))
        };
        let mut found = self.with_content(at);
        for expr in &action.clauses.removes {
            let term = self.term(at, expr);
            let own = self.terms.own_levels(&term);
            // What it lies in says which one it is, and all there is to say where several are removed.
            let keys = expr.levels().iter().skip(own).flat_map(|level| &level.keys);
            let mut deciding: Vec<u32> =
                keys.clone().flat_map(|key| arguments_naming(self.workflow, action, key)).collect();
            // Where nothing says which one it is, any argument may.
            if *expr == ThingExpr::Anything || keys.clone().any(|key| matches!(key, KeyExpr::Some)) {
                deciding.extend((0_u32..).zip(&action.params).map(|(index, _)| index));
            }
            found.extend(deciding.into_iter().filter(|index| !is_given(*index)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The arguments that are final with what is in the things they name: those that the declaration says, and those that pick among
    /// several things that are removed. A filter states no subject of a run: it may pick anything.
    pub fn with_content(&mut self, at: GrantAt) -> Vec<u32> {
        let Some((_, action)) = self.workflow.granted(at) else { return Vec::new() };
        let mut found = action.clauses.finals.clone();
        for expr in &action.clauses.removes {
            let term = self.term(at, expr);
            if self.terms.own_levels(&term) < expr.levels().len() {
                found.extend(picks(self.workflow, action, expr).into_iter().map(|(index, _)| index));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The grants that may make or change what the argument names before the use is over: then its name, which may be anything, says
    /// nothing of what is in it. The grant itself is one of them where an earlier use of it may have filled the thing.
    pub fn filled_by(&mut self, at: GrantAt, number: u32) -> Vec<GrantAt> {
        let named = self.named_by(at, number);
        self.altering(at, &named)
    }

    /// Where the declaration does not say what is read, that may be anything the argument names: a grant that may make or
    /// change such a thing before the use.
    pub fn silently_filled_by(&mut self, at: GrantAt, number: u32) -> Option<GrantAt> {
        let (_, action) = self.workflow.granted(at)?;
        if !is_open(self.workflow, action, number) {
            return None;
        }
        let anything = Term::Undescribed("`reads`".to_owned());
        self.altering(at, &[anything]).into_iter().next()
    }

    /// The grants of which other uses may make or change what a use of the grant means by this, before that is over.
    pub fn altered_by(&mut self, at: GrantAt, expr: &ThingExpr) -> Vec<GrantAt> {
        let read = self.term(at, expr);
        self.altering(at, &[read])
    }

    /// Some use of the run may make or change what a use of the grant means by this, while the step is open or settled: what opens
    /// the step of such a use again opens this one, too.
    pub fn may_be_altered_after(&mut self, at: GrantAt, expr: &ThingExpr, step: StepId) -> bool {
        !self.altered_after(at, expr, step).is_empty()
    }

    /// The grants of which such uses are.
    pub fn altered_after(&mut self, at: GrantAt, expr: &ThingExpr, step: StepId) -> Vec<GrantAt> {
        let read = self.term(at, expr);
        let mut by = self.fillers(at, &[read]);
        by.retain(|by| !self.order.is_settled_at(Moment::open(step), by.0));
        by
    }

    /// The grants that may make or change these things before a use of the grant is over.
    fn altering(&mut self, at: GrantAt, things: &[Term]) -> Vec<GrantAt> {
        let fills = self.fillers(at, things);
        fills.into_iter().filter(|by| self.order.may_follow(Moment::used(*by), at.0)).collect()
    }

    /// The grants that may make or change these things, whenever; the grant itself where another use of it may.
    fn fillers(&mut self, at: GrantAt, things: &[Term]) -> Vec<GrantAt> {
        let again: Vec<Term> = match self.workflow.granted(at) {
            Some((granted, action)) if !(granted.limit.uses == 1 && self.is_once(at.0, granted)) => {
                let made = action.clauses.makes.iter().map(|making| &making.thing);
                action.clauses.changes.iter().chain(made).map(|expr| self.term(at, expr)).collect()
            }
            _ => Vec::new(),
        };
        // They may have been altered in an earlier opening, with other values.
        let things = things.iter().map(|thing| self.terms.at_another_time(thing, self.order.reopened()));
        let things: Vec<Term> = things.collect();
        let kinds = &self.workflow.kinds;
        let fills = |(by, altered): &&(GrantAt, Vec<Term>)| {
            // After its own removal of a thing there is nothing left to use.
            let altered = if *by == at { &again } else { altered };
            let mut pairs = altered.iter().flat_map(|one| things.iter().map(move |thing| (one, thing)));
            pairs.any(|(one, thing)| may_fill(kinds, thing, one) && !is_named_by_content(kinds, one))
        };
        self.altered.iter().filter(fills).map(|(by, _)| *by).collect()
    }

    /// What the limit counts are uses of the whole run.
    fn is_once(&self, step: StepId, granted: &Grant) -> bool {
        granted.limit.per == Per::Run || !self.order.reopened().contains(&step)
    }

    /// The datum is given by the use that made the very thing which the argument names, and names it, or has a field that does.
    pub fn is_name_of(&mut self, datum: &Datum, at: GrantAt, number: u32) -> bool {
        let named = self.named_by(at, number);
        self.are_named(datum, &named)
    }

    /// As [`Self::is_name_of`], of what a clause of a use means.
    pub fn is_name_of_thing(&mut self, datum: &Datum, at: GrantAt, expr: &ThingExpr) -> bool {
        let thing = self.term(at, expr);
        self.are_named(datum, &[thing])
    }

    fn are_named(&mut self, datum: &Datum, things: &[Term]) -> bool {
        let made = self.made_as(datum);
        let kinds = &self.workflow.kinds;
        let is_made = |thing: &Term| made.iter().any(|made| is_judged_with(kinds, made, thing));
        !things.is_empty() && things.iter().all(is_made)
    }

    /// The judgement is one of exactly these things, by whatever they are named, or of a value where it names none of them. A role
    /// that judges a name has judged the name; a measurement that stands for a judgement is of the thing that it is about, and of
    /// nothing else that is called so.
    pub fn is_of(&mut self, atom: Atom, things: &[Term]) -> bool {
        self.is_measured_by(atom, things, None)
    }

    /// As [`Self::is_of`]; of a measurement, by the result of this grant alone.
    pub fn is_measured_by(&mut self, atom: Atom, things: &[Term], by: Option<GrantIx>) -> bool {
        let workflow = self.workflow;
        let outcome =
            workflow.steps.get(atom.step.index()).and_then(|step| step.outcomes.get(atom.outcome.index()));
        let Some(How::Auto(condition)) = outcome.map(|outcome| &outcome.how) else { return true };
        let measured = self.measured.get_or_insert_with(|| measurements(workflow));
        let counting = measured.get(&atom).cloned().unwrap_or_default();
        carries(condition, atom.step, &mut |grant, field| {
            if by.is_some_and(|by| by != grant) || !is_counted(&counting, grant, field) {
                return false;
            }
            let at = (atom.step, grant);
            let action = workflow.granted(at).map(|(_, action)| action);
            let subjects = action.into_iter().flat_map(|action| action.clauses.subjects_of(field));
            let measured: Vec<Term> = subjects.map(|subject| self.term(at, subject)).collect();
            let is_measured =
                |thing: &Term| measured.iter().any(|one| is_judged_with(&workflow.kinds, one, thing));
            let is_content = |one: &Term| is_named_by_content(&workflow.kinds, one);
            if things.is_empty() { measured.iter().any(is_content) } else { things.iter().all(is_measured) }
        })
    }

    /// The argument, which is this datum, names no thing, or some other one than was made under that name: then only what it is
    /// called counts.
    pub fn is_mere_name(&mut self, datum: &Datum, at: GrantAt, number: u32) -> bool {
        let Some((_, action)) = self.workflow.granted(at) else { return true };
        let named = all_named_by(self.workflow, action, number);
        named.is_empty() || named.into_iter().any(|expr| !self.is_named_as_made(datum, at, expr))
    }

    /// The parts of the argument, a record, by which it names things, with what each names.
    pub fn parts_that_name(&mut self, at: GrantAt, number: u32) -> BTreeMap<Vec<String>, Vec<Term>> {
        let mut found: BTreeMap<Vec<String>, Vec<Term>> = BTreeMap::new();
        let Some((_, action)) = self.workflow.granted(at) else { return found };
        for expr in all_named_by(self.workflow, action, number) {
            let term = self.term(at, expr);
            for key in expr.keys() {
                if let KeyExpr::Argument { index, fields } = key
                    && *index == number
                    && !fields.is_empty()
                {
                    found.entry(fields.clone()).or_default().push(term.clone());
                }
            }
        }
        found
    }

    /// What a clause means is what was made under the name, or lies in it.
    fn is_named_as_made(&mut self, datum: &Datum, at: GrantAt, expr: &ThingExpr) -> bool {
        let given = identities(self.workflow, datum).pop().unwrap_or_else(|| datum.clone());
        is_filled(self.workflow, expr) && self.is_in_what_was_made(&given, at, expr)
            || is_made_as(self.workflow, datum, at, expr)
    }

    /// As [`Self::is_mere_name`], of the part of a record, by what that names.
    pub fn is_mere_part(&mut self, part: &Datum, things: &[Term]) -> bool {
        let given = identities(self.workflow, part).pop().unwrap_or_else(|| part.clone());
        let made = self.made_as(&given);
        !things.iter().all(|thing| made.iter().any(|made| is_all_in(&self.workflow.kinds, made, thing)))
    }

    /// The use that gave the datum made the thing that a clause means, or what encloses it, and named it so.
    fn is_in_what_was_made(&mut self, datum: &Datum, at: GrantAt, expr: &ThingExpr) -> bool {
        let thing = self.term(at, expr);
        let made = self.made_as(datum);
        made.iter().any(|made| is_all_in(&self.workflow.kinds, made, &thing))
    }

    /// What the use that gave the datum made under that name, or under a name in it.
    fn made_as(&mut self, datum: &Datum) -> Vec<Term> {
        let Root::Result { step, grant } = datum.root else { return Vec::new() };
        let Some((_, action)) = self.workflow.granted((step, grant)) else { return Vec::new() };
        let parts = parts(self.workflow, datum);
        let made = parts.iter().flat_map(|part| filled_as(self.workflow, action, &part.fields));
        made.map(|making| self.term((step, grant), &making.thing)).collect()
    }

    /// What goes into the thing that a use of the grant makes: see [`filling`].
    pub fn filling(&mut self, at: GrantAt, making: &Making) -> Vec<Source> {
        filling(self.workflow, &mut self.terms, at, making)
    }

    /// All that the argument names, also what is what its name says.
    pub fn all_named(&mut self, at: GrantAt, number: u32) -> Vec<Term> {
        let Some((_, action)) = self.workflow.granted(at) else { return Vec::new() };
        all_named_by(self.workflow, action, number).into_iter().map(|expr| self.term(at, expr)).collect()
    }

    fn named_by(&mut self, at: GrantAt, number: u32) -> Vec<Term> {
        let Some((_, action)) = self.workflow.granted(at) else { return Vec::new() };
        named_by(self.workflow, action, number).into_iter().map(|expr| self.term(at, expr)).collect()
    }

    /// What a clause of a use means: see [`meant`].
    pub fn term(&mut self, at: GrantAt, expr: &ThingExpr) -> Term {
        meant(self.workflow, &mut self.terms, at, expr)
    }
}

/// What a clause of a use means; what the use itself makes is new under the name that it is given.
pub fn meant<'w>(workflow: &'w Workflow, terms: &mut Terms<'w>, at: GrantAt, expr: &ThingExpr) -> Term {
    let action = workflow.granted(at).map(|(_, action)| action);
    match action.and_then(|action| action.clauses.makes.iter().find(|making| making.thing == *expr)) {
        Some(making) => terms.made(at.0, at.1, making),
        None => terms.term(at.0, at.1, expr),
    }
}

/// As [`meant`], in the last use of the grant, whose result stands: that made one thing, however many others the grant makes.
pub fn meant_by_last<'w>(
    workflow: &'w Workflow,
    terms: &mut Terms<'w>,
    at: GrantAt,
    expr: &ThingExpr,
) -> Term {
    let mut term = meant(workflow, terms, at, expr);
    if let Term::Path(levels) = &mut term {
        for key in levels.last_mut().into_iter().flat_map(|own| &mut own.keys) {
            if let Key::Minted { by: by @ MadeBy::Any, .. } = key {
                *by = MadeBy::Last;
            }
        }
    }
    term
}

/// What a use of the grant puts into the thing that it makes, into what that lies in, and into what may be one with it or lie in it;
/// also where in it.
pub fn filling<'w>(
    workflow: &'w Workflow,
    terms: &mut Terms<'w>,
    at: GrantAt,
    making: &Making,
) -> Vec<Source> {
    let Some((_, action)) = workflow.granted(at) else { return Vec::new() };
    let made = meant(workflow, terms, at, &making.thing);
    let goes_in = altering(action).filter(|(expr, _)| {
        **expr == making.thing
            || !relate(&workflow.kinds, &made, &meant(workflow, terms, at, expr)).is_apart()
    });
    let placed: Vec<Source> = goes_in
        .flat_map(|(expr, sources)| placing(workflow, action, expr, depth(&made)).chain(sources))
        .collect();
    // What is in what was made is what the rest put there.
    let mut is_other = |source: &Source| {
        source
            .thing()
            .is_none_or(|read| !is_all_in(&workflow.kinds, &made, &meant(workflow, terms, at, read)))
    };
    placed.into_iter().filter(|source| is_other(source)).collect()
}

/// The thing is the one that was made, or lies in it.
fn is_all_in(kinds: &Kinds, made: &Term, thing: &Term) -> bool {
    matches!(relate(kinds, made, thing), Meeting::One | Meeting::Within(Side::Right))
}

/// Its name is derived from what is in it: whoever names it, says that.
#[must_use]
pub fn is_named_by_content(kinds: &Kinds, term: &Term) -> bool {
    let Term::Path(levels) = term else { return false };
    let kind = levels.last().and_then(|own| kinds.get(own.kind));
    kind.is_some_and(|kind| kind.immutable == Some(Immutable::Content))
}
