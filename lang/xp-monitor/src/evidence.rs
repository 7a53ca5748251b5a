//! What a step relies on that may go out of date.
//!
//! Evidence is a field of a result that a continuing outcome compares and that the declaration says to be `about` something, or
//! that such an outcome is `of`, where it names something that can change or is content of it. That a use happened never goes
//! out of date, nor does evidence about what never changes. What later steps compare counts as compared by each outcome of its
//! step. What was handed in cannot change while its step is settled.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::declaration::{KeyExpr, Making, Source, ThingExpr};
use xp_artifact::judgement::{meant, meant_by_last};
use xp_artifact::passing::{followed, identities, parts};
use xp_artifact::things::Terms;
use xp_artifact::workflow::{
    Action, Atom, Condition, Datum, Expr, Guard, How, Outcome, OutcomeIx, Pin, Root, StepId, Then, Workflow,
};

use xp_scope::thing::{Immutable, Term};

use crate::fact::GrantAt;
use crate::looked::{Looked, covering, looks, renewing};
use crate::validity::{Subject, Valid, Validity};

/// Something a step relies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The step whose outcome relies on it.
    pub step: StepId,
    /// The use that gave it; in another step where it is judged there.
    pub by: GrantAt,
    /// What it is about, by the clauses of that use's action, or of another's that made it. What never changes is named too: a
    /// final use of it spends the evidence.
    pub about: Vec<(GrantAt, ThingExpr)>,
    /// Those of `about` that it may be about: another use than the last of some grant may have made what it is certainly about.
    pub perhaps: Vec<(GrantAt, ThingExpr)>,
    /// The continuing outcomes that rely on it.
    pub relying: Vec<Atom>,
    /// It is judged, not read by a condition.
    pub judged: bool,
    /// The judge looked at the thing, by the name that is judged: then the use counts where it did, whether or not its result
    /// has a name in the workflow.
    pub looked: Option<Looked>,
    /// Uses of the judging step that show all that it is about. A judge who made one judges what it showed, which is evidence
    /// of its own: changes before it are no concern of this one.
    pub renewed: Vec<(GrantAt, Looked)>,
}

impl Evidence {
    /// It is evidence whatever the declarations leave unsaid about what the use that gave it shows.
    #[must_use]
    pub fn is_said(&self) -> bool {
        !self.looked.as_ref().is_some_and(|looked| looked.silent)
    }

    /// The result of the use that gave it names some of what it is about.
    pub(crate) fn is_named_by_result(&self) -> bool {
        let own = self.about.iter().filter(|(at, _)| *at == self.by);
        own.flat_map(|(_, expr)| expr.keys()).any(|key| matches!(key, KeyExpr::Field(_)))
    }

    /// What the judge looked at by a clause of the use that gave the evidence: it has the name that was judged. None where the
    /// clause means what it means in any use.
    pub fn looked_at(&self, terms: &mut Terms<'_>, at: GrantAt, expr: &ThingExpr) -> Option<Term> {
        let looked = self.looked.as_ref().filter(|looked| at == self.by && looked.is_whole())?;
        Some(terms.term_where(at, expr, looked.argument, &looked.name))
    }

    /// What the evidence is about by one of the clauses, as a term. Where it may be, the data in it are of any opening.
    pub fn meant<'w>(&self, workflow: &'w Workflow, terms: &mut Terms<'w>, subject: &Subject) -> Term {
        let (at, expr) = subject;
        if let Some(looked_at) = self.looked_at(terms, *at, expr) {
            return looked_at;
        }
        if self.perhaps.contains(subject) {
            let term = meant(workflow, terms, *at, expr);
            return terms.in_any_opening(&term);
        }
        meant_by_last(workflow, terms, *at, expr)
    }
}

/// All evidence of a workflow, in the order of steps and outcomes.
#[must_use]
pub fn evidence(workflow: &Workflow) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = Vec::new();
    let mut validity = Validity::of(workflow);
    let compared = compared_elsewhere(workflow);
    let mut terms = None;
    for (index, step) in workflow.steps.iter().enumerate() {
        let id = StepId::of(index);
        for (number, outcome) in step.outcomes.iter().enumerate() {
            if outcome.then != Then::Settle {
                continue;
            }
            let atom = Atom { step: id, outcome: OutcomeIx::of(number) };
            let cause = cause(workflow, id, outcome);
            let mut rely = |one: Evidence| {
                if !one.about.iter().any(|(_, expr)| can_change(workflow, expr)) {
                    return;
                }
                let same = |known: &&mut Evidence| {
                    let relying = known.relying.clone();
                    **known == Evidence { relying, ..one.clone() }
                };
                match found.iter_mut().find(same) {
                    Some(known) if known.relying.contains(&atom) => {}
                    Some(known) => known.relying.push(atom),
                    None => found.push(one),
                }
            };
            let read = |by: GrantAt, Valid { about, perhaps }: Valid| Evidence {
                step: id,
                by,
                about,
                perhaps,
                relying: vec![atom],
                judged: false,
                looked: None,
                renewed: Vec::new(),
            };
            let own = cause.how.condition().into_iter().flat_map(Condition::data);
            let own = own.filter_map(Datum::of_result).filter(|(by, _)| by.0 == id);
            let others = compared.get(&id).into_iter().flatten().copied();
            for (by, field) in own.chain(others).collect::<BTreeSet<(GrantAt, &[String])>>() {
                let Some((_, action)) = workflow.granted(by) else { continue };
                for about in told(&mut validity, by, action, field) {
                    rely(read(by, about));
                }
            }
            if let (How::Judged | How::JudgedIf(_), Some(datum)) = (&cause.how, &cause.of) {
                let terms = terms.get_or_insert_with(|| Terms::of(workflow));
                let looks = looks(workflow, terms, id, datum);
                for (by, about) in judged(workflow, &mut validity, datum) {
                    let mut renewed = match about.about.as_slice() {
                        [(of, expr)] if by.0 != id => renewing(workflow, terms, (*of, expr), &looks),
                        // What is made in the same step may be newer than the look; nobody looks at several at once.
                        _ => Vec::new(),
                    };
                    if let [(of, expr)] = about.about.as_slice()
                        && by.0 != id
                    {
                        // What was shown among others is evidence from that look on.
                        for (look, looked) in covering(workflow, terms, (*of, expr), id) {
                            let looked_at = Some(looked.clone());
                            rely(Evidence { judged: true, looked: looked_at, ..read(look, about.clone()) });
                            renewed.push((look, looked));
                        }
                    }
                    rely(Evidence { judged: true, renewed, ..read(by, about) });
                }
                for (by, expr, looked) in looks {
                    for about in validity.lists(vec![(by, expr)]) {
                        rely(Evidence { judged: true, looked: Some(looked.clone()), ..read(by, about) });
                    }
                }
            }
        }
    }
    found
}

/// What decides the outcome: itself, or the reopening one whose used-up loop it stands for.
fn cause<'w>(workflow: &'w Workflow, step: StepId, outcome: &'w Outcome) -> &'w Outcome {
    let How::Exhausted(by) = outcome.how else { return outcome };
    let chosen = workflow.loops.get(by.index()).map(|by| by.outcome.index());
    let step = workflow.steps.get(step.index());
    step.zip(chosen).and_then(|(step, chosen)| step.outcomes.get(chosen)).unwrap_or(outcome)
}

/// Fields of results that other steps or guards compare, by the step whose results they are: each of its outcomes stands for what they
/// say.
fn compared_elsewhere(workflow: &Workflow) -> BTreeMap<StepId, BTreeSet<(GrantAt, &[String])>> {
    let mut found: BTreeMap<StepId, BTreeSet<(GrantAt, &[String])>> = BTreeMap::new();
    for (number, step) in workflow.steps.iter().enumerate() {
        for (by, field) in step.compared().filter_map(Datum::of_result) {
            if by.0 != StepId::of(number) {
                found.entry(by.0).or_default().insert((by, field));
            }
        }
    }
    for (by, field) in workflow.guards.iter().flat_map(Guard::compared).filter_map(Datum::of_result) {
        found.entry(by.0).or_default().insert((by, field));
    }
    found
}

/// What a field of a result is evidence about, one list for each subject.
fn told(validity: &mut Validity<'_>, by: GrantAt, action: &Action, field: &[String]) -> Vec<Valid> {
    let clauses = &action.clauses;
    let mut found: Vec<Vec<Subject>> =
        clauses.subjects_of(field).map(|expr| vec![(by, expr.clone())]).collect();
    let made: Vec<ThingExpr> = clauses.makes.iter().flat_map(|making| &making.valid_while).cloned().collect();
    if !made.is_empty() {
        let subjects = clauses.makes.iter().map(|making| making.thing.clone());
        found.push(subjects.chain(made).map(|expr| (by, expr)).collect());
    }
    // A measured field of which it is not said what it is about may be about all that is read.
    if action.attests && clauses.subjects_of(field).next().is_none() {
        found.extend(clauses.read().into_iter().map(|expr| vec![(by, expr)]));
    }
    found.into_iter().flat_map(|subjects| validity.lists(subjects)).collect()
}

/// What a judgement of a datum is about: the thing that it names, or whose content it is.
fn judged(workflow: &Workflow, validity: &mut Validity<'_>, datum: &Datum) -> Vec<(GrantAt, Valid)> {
    let mut found: Vec<(GrantAt, Vec<Subject>)> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = parts(workflow, datum);
    while let Some(here) = open.pop() {
        let Root::Result { step, grant } = here.root else { continue };
        let at = (step, grant);
        let Some((declared, action)) = workflow.granted(at) else { continue };
        if !seen.insert((at, here.fields.clone())) {
            continue;
        }
        let clauses = &action.clauses;
        // What never changes is what its name says, whatever becomes of what it was made from or of where it was read.
        let made = clauses.all_made_as(&here.fields);
        let lasts = |making: &&Making| !can_change(workflow, &making.thing) && making.valid_while.is_empty();
        if is_final_content(workflow, action, &here) {
            continue;
        }
        let all_last = !made.is_empty() && made.iter().all(&lasts);
        for making in made.into_iter().filter(|making| !lasts(making)) {
            let valid = making.valid_while.iter().cloned();
            let things = std::iter::once(making.thing.clone()).chain(valid);
            found.push((at, things.map(|expr| (at, expr)).collect()));
        }
        if let Some((index, fields)) = clauses.identity(&here.fields) {
            // Whoever judges the name that a thing was looked at by judges the thing.
            let looked = clauses.said_read().chain(clauses.subjects()).chain(&clauses.changes);
            let named = looked.filter(|expr| is_key(expr, index, &fields));
            found.extend(named.map(|expr| (at, vec![(at, expr.clone())])));
            if let Some(Pin::Is(Expr::Datum(datum))) = declared.pins.get(index as usize) {
                open.push(followed(datum, &fields));
            }
            continue;
        }
        if all_last {
            continue;
        }
        for source in workflow.sources(action, &here.fields) {
            match source {
                Source::Thing(expr) => found.push((at, vec![(at, expr)])),
                Source::Field(fields) => open.push(Datum { root: here.root, fields }),
                // A value that went in is that value, whatever becomes of where it came from.
                Source::Argument { .. } => {}
            }
        }
    }
    let lists = found
        .into_iter()
        .map(|(at, subjects)| validity.lists(subjects).into_iter().map(move |list| (at, list)));
    lists.flatten().collect()
}

/// The datum is the name of content which its use read, and is made final itself: that content is what was judged, wherever its name
/// was read, unless something of a kind in which it was read is made final, too. One that says where something stood when it was judged is
/// compared and not made final.
fn is_final_content(workflow: &Workflow, action: &Action, datum: &Datum) -> bool {
    let names = |expr: &ThingExpr| {
        let kind = expr.levels().last().and_then(|own| workflow.kinds.named(&own.kind));
        let kind = kind.and_then(|kind| workflow.kinds.get(kind));
        kind.is_some_and(|kind| kind.immutable == Some(Immutable::Content)) && expr.is_named_by(&datum.fields)
    };
    let is_final = |at: GrantAt| {
        let Some((granted, using)) = workflow.granted(at) else { return false };
        let pins = using.clauses.finals.iter().filter_map(|number| granted.pins.get(*number as usize));
        pins.flat_map(Pin::data).any(|pinned| identities(workflow, pinned).contains(datum))
    };
    let own = |expr: &'_ ThingExpr| expr.levels().last().map(|own| own.kind.clone());
    let read: Vec<String> =
        action.clauses.said_read().filter(|expr| can_change(workflow, expr)).filter_map(own).collect();
    let is_final_as_read = |at: GrantAt| {
        workflow.granted(at).is_some_and(|(_, using)| {
            using.clauses.spent_on().filter_map(own).any(|kind| read.contains(&kind))
        })
    };
    action.clauses.said_read().any(names)
        && workflow.grants().any(is_final)
        && !workflow.grants().any(is_final_as_read)
}

/// The argument, or what is followed from it, is the own key of the thing or holds a part of that.
fn is_key(expr: &ThingExpr, argument: u32, followed: &[String]) -> bool {
    expr.own_keys().iter().any(|key| match key {
        KeyExpr::Argument { index, fields } => {
            *index == argument && (fields.starts_with(followed) || followed.starts_with(fields))
        }
        KeyExpr::Literal(_) | KeyExpr::Field(_) | KeyExpr::Every(_) | KeyExpr::Some => false,
    })
}

/// What the clause names can change.
pub(crate) fn can_change(workflow: &Workflow, expr: &ThingExpr) -> bool {
    let kinds = expr.levels().iter().map(|level| workflow.kinds.named(&level.kind));
    !workflow.kinds.never_change(kinds, expr.is_several())
}
