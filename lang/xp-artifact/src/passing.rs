//! What goes into a use: where a source that a clause names comes from under the pins of a grant.

use xp_scope::thing::{Immutable, Meeting, Term, relate};

use crate::declaration::{FieldPath, KeyExpr, Source, ThingExpr};
use crate::things::Terms;
use crate::workflow::{Action, Datum, Expr, Grant, GrantIx, Pin, Root, StepId, Workflow};

/// Identities followed from one datum at most; a checked workflow has no circle.
const MAX_FOLLOWED: usize = 64;

/// A grant of a step.
type GrantAt = (StepId, GrantIx);

/// Where a source comes from in the uses of one grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Passing {
    /// A datum of the run; where a thing is read whose name is derived from its content, what that name was when it came into the run.
    Datum(Datum),
    /// Another field of the same result.
    Field(FieldPath),
    /// What whoever uses the grant chooses.
    Choice,
    /// What is in a thing when it is read.
    Thing(ThingExpr),
}

/// Where a source comes from in the uses of a grant; nothing where it is a literal.
#[must_use]
pub fn passing(workflow: &Workflow, granted: &Grant, source: &Source) -> Vec<Passing> {
    match source {
        Source::Field(fields) => vec![Passing::Field(fields.clone())],
        Source::Thing(expr) => {
            let name = content_key(workflow, granted, expr);
            let thing = match &name {
                Some(name) => !is_of_known_origin(workflow, granted, name, expr),
                None => true,
            };
            name.into_iter().chain(thing.then(|| Passing::Thing(expr.clone()))).collect()
        }
        Source::Argument { index, fields } => match granted.pins.get(*index as usize) {
            Some(pin) => pinned(pin, fields),
            None => vec![Passing::Choice],
        },
    }
}

/// Where an argument with the pin comes from, or what is followed from it.
#[must_use]
pub fn pinned(pin: &Pin, fields: &[String]) -> Vec<Passing> {
    match pin {
        Pin::Is(Expr::Datum(datum)) => vec![Passing::Datum(followed(datum, fields))],
        Pin::Is(expr) => expr.data().cloned().map(Passing::Datum).collect(),
        Pin::OneOf { set, .. } => {
            std::iter::once(Passing::Choice).chain(set.data().cloned().map(Passing::Datum)).collect()
        }
        Pin::Within(_) | Pin::Content { .. } | Pin::Any => vec![Passing::Choice],
        Pin::Absent => Vec::new(),
    }
}

/// Fields followed from a datum.
#[must_use]
pub fn followed(datum: &Datum, fields: &[String]) -> Datum {
    Datum { root: datum.root, fields: datum.fields.iter().chain(fields).cloned().collect() }
}

/// The datum and, of a record, every field in it that has no fields: each may name something of its own.
#[must_use]
pub fn parts(workflow: &Workflow, datum: &Datum) -> Vec<Datum> {
    let leaves = workflow.type_of(datum).map(|ty| workflow.leaves(ty)).unwrap_or_default();
    let fields = leaves.iter().filter(|leaf| !leaf.is_empty()).map(|leaf| followed(datum, leaf));
    fields.chain([datum.clone()]).collect()
}

/// Where the names in a clause come from: whoever chose one chose which thing is meant.
#[must_use]
pub fn naming(grant: &Grant, action: &Action, expr: &ThingExpr) -> Vec<Passing> {
    expr.keys().flat_map(|key| named_by(grant, action, key)).collect()
}

/// Where what decides which thing is meant comes from: names, and where a clause stands for several, the arguments that may pick among
/// them, such as a filter.
#[must_use]
pub fn choosing(workflow: &Workflow, grant: &Grant, action: &Action, expr: &ThingExpr) -> Vec<Passing> {
    let picks = picks(workflow, action, expr).into_iter();
    let picks = picks.filter_map(|(index, fields)| Some(pinned(grant.pins.get(index as usize)?, &fields)));
    naming(grant, action, expr).into_iter().chain(picks.flatten()).collect()
}

/// The arguments, and of records the parts, that may pick among the several things that a clause stands for: those that name nothing
/// in it.
#[must_use]
pub fn picks(workflow: &Workflow, action: &Action, expr: &ThingExpr) -> Vec<(u32, FieldPath)> {
    let names: Vec<(u32, FieldPath)> = expr.keys().filter_map(|key| naming_argument(action, key)).collect();
    let mut found = Vec::new();
    for (index, param) in (0_u32..).zip(&action.params).filter(|_| expr.is_picked_from()) {
        let named: Vec<&FieldPath> =
            names.iter().filter(|(at, _)| *at == index).map(|(_, fields)| fields).collect();
        if named.is_empty() {
            found.push((index, FieldPath::new()));
            continue;
        }
        let parts = workflow.leaves(&param.ty).into_iter();
        let others =
            parts.filter(|part| !named.iter().any(|name| part.starts_with(name) || name.starts_with(part)));
        found.extend(others.map(|part| (index, part)));
    }
    found
}

/// Where a key of a clause comes from; nothing where it is a literal or one of several.
#[must_use]
pub fn named_by(grant: &Grant, action: &Action, key: &KeyExpr) -> Vec<Passing> {
    match (naming_argument(action, key), key) {
        (Some((index, fields)), _) => {
            grant.pins.get(index as usize).map(|pin| pinned(pin, &fields)).unwrap_or_default()
        }
        (None, KeyExpr::Field(fields)) => vec![Passing::Field(fields.clone())],
        (None, _) => Vec::new(),
    }
}

/// The argument that a key of a clause is, with the fields followed from it.
#[must_use]
pub fn naming_argument(action: &Action, key: &KeyExpr) -> Option<(u32, FieldPath)> {
    match key {
        KeyExpr::Argument { index, fields } => Some((*index, fields.clone())),
        KeyExpr::Field(fields) => action.clauses.identity(fields),
        KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => None,
    }
}

/// The datum that a datum is by the declaration that gave it: the argument that went in.
#[must_use]
pub fn identity(workflow: &Workflow, datum: &Datum) -> Option<Datum> {
    let Root::Result { step, grant } = datum.root else { return None };
    let (granted, action) = workflow.granted((step, grant))?;
    let (index, fields) = action.clauses.identity(&datum.fields)?;
    match granted.pins.get(index as usize)? {
        Pin::Is(Expr::Datum(next)) => Some(followed(next, &fields)),
        _ => None,
    }
}

/// The datum, and what it is by the declarations that gave it.
#[must_use]
pub fn identities(workflow: &Workflow, datum: &Datum) -> Vec<Datum> {
    let mut same = vec![datum.clone()];
    while let Some(next) = same.last().and_then(|last| identity(workflow, last))
        && same.len() < MAX_FOLLOWED
    {
        same.push(next);
    }
    same
}

/// The datum that names a thing which never changes: whoever judged that has judged what is in it. A minted name says which thing
/// it is only with all that the thing lies in, so there it must be the one that the use made which gave the name.
#[must_use]
pub fn named(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> Option<Datum> {
    let (granted, _) = workflow.granted(at)?;
    let level = expr.levels().last()?;
    let kind = workflow.kinds.named(&level.kind).and_then(|kind| workflow.kinds.get(kind))?;
    let ([KeyExpr::Argument { index, fields }], Some(immutable)) = (level.keys.as_slice(), kind.immutable)
    else {
        return None;
    };
    let Pin::Is(Expr::Datum(datum)) = granted.pins.get(*index as usize)? else { return None };
    let datum = followed(datum, fields);
    // A name that the run may yet give to something says nothing of that when it is judged.
    let given_by_run = || {
        workflow.grants().filter_map(|by| workflow.granted(by)).any(|(_, action)| {
            action.clauses.changes.contains(&ThingExpr::Anything)
                || action
                    .clauses
                    .makes
                    .iter()
                    .any(|making| making.thing.levels().last().is_some_and(|own| own.kind == level.kind))
        })
    };
    let by_name = immutable == Immutable::Content || expr.levels().len() == 1 && !given_by_run();
    (by_name || is_made_as(workflow, &datum, at, expr)).then_some(datum)
}

/// A datum that names a thing which the use made that gave it, with the steps that judge it and in which the judge can look at
/// the very thing: a judgement there is one of what was in the thing when the step began. What alters it later was not judged.
#[must_use]
pub fn looked_at(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> Option<(Datum, Vec<StepId>)> {
    let (granted, _) = workflow.granted(at)?;
    expr.own_keys().iter().find_map(|key| {
        let KeyExpr::Argument { index, fields } = key else { return None };
        let Pin::Is(Expr::Datum(datum)) = granted.pins.get(*index as usize)? else { return None };
        let datum = followed(datum, fields);
        let mut steps = judged_in(workflow, &datum);
        if steps.is_empty() {
            return None;
        }
        let mut terms = Terms::of(workflow);
        let meant = terms.term(at.0, at.1, expr);
        steps.retain(|step| shows(workflow, &mut terms, *step, &meant));
        let looks = steps;
        (!looks.is_empty() && is_made_as(workflow, &datum, at, expr)).then_some((datum, looks))
    })
}

/// The steps with an outcome that judges the datum, what it equals, or what that is a part of.
fn judged_in(workflow: &Workflow, datum: &Datum) -> Vec<StepId> {
    let same = identities(workflow, datum);
    let judges = |of: &Datum| judges(workflow, of, &same);
    let steps = workflow
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.outcomes.iter().any(|outcome| outcome.of.as_ref().is_some_and(judges)));
    steps.map(|(index, _)| StepId::of(index)).collect()
}

/// Whoever judges the datum `of` judges one of these, which are the same: that is, by the declarations that gave it, one of them, or
/// it has one of them as a part.
#[must_use]
pub fn judges(workflow: &Workflow, of: &Datum, same: &[Datum]) -> bool {
    let within =
        |of: &Datum| same.iter().any(|one| one.root == of.root && one.fields.starts_with(&of.fields));
    identities(workflow, of).iter().any(within)
}

/// A use in the step gives something of what is certainly this.
fn shows(workflow: &Workflow, terms: &mut Terms<'_>, step: StepId, meant: &Term) -> bool {
    let grants = workflow.steps.get(step.index()).map_or(0, |step| step.grants.len());
    let grants = (0..grants).map(|number| (step, GrantIx::of(number)));
    grants.filter_map(|by| Some((by, workflow.granted(by)?.1))).any(|(by, action)| {
        let leaves = workflow.leaves(&action.result);
        let said = leaves.iter().filter_map(|leaf| action.clauses.said_of(leaf));
        let sources = said.flatten().collect::<Vec<_>>();
        sources
            .iter()
            .filter_map(Source::thing)
            .any(|shown| relate(&workflow.kinds, &terms.term(by.0, by.1, shown), meant) == Meeting::One)
    })
}

/// The use that gave the name made the very thing that the clause means.
#[must_use]
pub fn is_made_as(workflow: &Workflow, datum: &Datum, at: GrantAt, expr: &ThingExpr) -> bool {
    let mut here = datum.clone();
    for _ in 0..MAX_FOLLOWED {
        let Root::Result { step, grant } = here.root else { return false };
        let Some((_, action)) = workflow.granted((step, grant)) else { return false };
        if let Some(making) = action.clauses.made_as(&here.fields) {
            let mut terms = Terms::of(workflow);
            let (made, meant) = (terms.made(step, grant, making), terms.term(at.0, at.1, expr));
            return relate(&workflow.kinds, &made, &meant) == Meeting::One;
        }
        let Some(next) = identity(workflow, &here) else { return false };
        here = next;
    }
    false
}

/// How the thing came about that has this name, derived from its content, is what is known of the name: it was given before the run,
/// or the use that gave it made something of the kind by that name. Any other name, which an agent or the world picks, may be that of
/// whatever the run made of the kind: then that is in what is read.
fn is_of_known_origin(workflow: &Workflow, granted: &Grant, name: &Passing, expr: &ThingExpr) -> bool {
    let Some(level) = expr.levels().last() else { return false };
    let known = |name: &Passing| match name {
        Passing::Datum(datum) => {
            identities(workflow, datum).iter().any(|datum| has_known_origin(workflow, datum, &level.kind))
        }
        Passing::Field(_) | Passing::Choice | Passing::Thing(_) => false,
    };
    match name {
        Passing::Datum(_) => known(name),
        Passing::Field(fields) => {
            let Some(action) = workflow.actions.get(granted.action.index()) else { return false };
            let argument = action.clauses.identity(fields);
            let argument = argument.and_then(|(index, of)| Some((granted.pins.get(index as usize)?, of)));
            gives_name_of(action, fields, &level.kind)
                || argument.is_some_and(|(pin, of)| pinned(pin, &of).iter().all(known))
        }
        Passing::Choice | Passing::Thing(_) => false,
    }
}

/// The name that the datum is was given before the run, or by the use that made what has it, of this kind.
#[must_use]
pub fn has_known_origin(workflow: &Workflow, datum: &Datum, kind: &str) -> bool {
    match datum.root {
        Root::Param(_) => true,
        Root::Submission { .. } => false,
        Root::Result { step, grant } => workflow
            .granted((step, grant))
            .is_some_and(|(_, action)| gives_name_of(action, &datum.fields, kind)),
    }
}

/// A field of the result is the name of something of the kind that the use makes.
fn gives_name_of(action: &Action, field: &[String], kind: &str) -> bool {
    let made = action.clauses.all_made_as(field);
    made.iter().any(|making| making.thing.levels().last().is_some_and(|own| own.kind == kind))
}

/// What is in a thing whose name is derived from it is what that name was when it came into the run.
fn content_key(workflow: &Workflow, granted: &Grant, expr: &ThingExpr) -> Option<Passing> {
    let level = expr.levels().last()?;
    let kind = workflow.kinds.named(&level.kind).and_then(|ix| workflow.kinds.get(ix))?;
    let ([key], Some(Immutable::Content)) = (level.keys.as_slice(), kind.immutable) else { return None };
    match key {
        KeyExpr::Field(fields) => Some(Passing::Field(fields.clone())),
        KeyExpr::Argument { index, fields } => match granted.pins.get(*index as usize) {
            Some(Pin::Is(Expr::Datum(datum))) => Some(Passing::Datum(followed(datum, fields))),
            _ => None,
        },
        KeyExpr::Literal(_) | KeyExpr::Every(_) | KeyExpr::Some => None,
    }
}
