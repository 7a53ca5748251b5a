//! What the uses of a judging step show of a thing, and whether a judge must have made one.

use xp_scope::thing::{Kinds, Meeting, Side, Term, covers, relate};

use crate::declaration::ThingExpr;
use crate::passing::picks;
use crate::workflow::{Atom, Condition, GrantIx, How, Root, StepId, Workflow};

/// A grant of a step.
type GrantAt = (StepId, GrantIx);

/// It is declared that the result says something of what the clause names. Where nothing is said, it need not.
fn shows(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> bool {
    let Some((_, action)) = workflow.granted(at) else { return false };
    let clauses = &action.clauses;
    let said = clauses.said_of(&[]).into_iter().flatten().chain(clauses.said_below(&[]));
    clauses.subjects().any(|subject| subject == expr)
        || said.into_iter().any(|source| source.thing() == Some(expr))
}

/// As [`shows`], of all that the clause names: no argument may pick some of it.
#[must_use]
pub fn shows_all(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> bool {
    shows(workflow, at, expr) && !is_picked_from(workflow, at, expr)
}

/// As [`may_show`], of all that the clause names.
#[must_use]
pub fn may_show_all(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> bool {
    may_show(workflow, at, expr) && !is_picked_from(workflow, at, expr)
}

fn is_picked_from(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> bool {
    workflow.granted(at).is_some_and(|(_, action)| !picks(workflow, action, expr).is_empty())
}

/// It is not declared that the result says nothing of what the clause names: a field of it may come from all that is read.
fn may_show(workflow: &Workflow, at: GrantAt, expr: &ThingExpr) -> bool {
    let Some((_, action)) = workflow.granted(at) else { return false };
    let clauses = &action.clauses;
    let unsaid = workflow.leaves(&action.result).iter().any(|field| clauses.said_of(field).is_none());
    shows(workflow, at, expr) || unsaid && clauses.read().contains(expr)
}

/// Whoever was shown the one was shown the other: it is that thing, is among those, or lies in it and counts as read with it, as all
/// that lies in a thing that can change.
#[must_use]
pub fn is_shown_with(kinds: &Kinds, shown: &Term, thing: &Term) -> bool {
    is_mutable(kinds, shown) && covers(kinds, shown, thing) || is_judged_with(kinds, shown, thing)
}

/// The thing is the one that was judged, or lies in it and is asked for with it: whatever alters what lies in a thing alters that, if
/// it can change.
#[must_use]
pub fn is_judged_with(kinds: &Kinds, judged: &Term, thing: &Term) -> bool {
    match relate(kinds, judged, thing) {
        Meeting::One => true,
        Meeting::Within(Side::Right) => is_mutable(kinds, judged),
        _ => false,
    }
}

fn is_mutable(kinds: &Kinds, term: &Term) -> bool {
    let Term::Path(levels) = term else { return false };
    levels.last().and_then(|own| kinds.get(own.kind)).is_some_and(|kind| kind.immutable.is_none())
}

/// The outcome comes about only with a result of one of these grants of its step: its condition says so, or nothing else can
/// show the judge what is judged.
#[must_use]
pub fn depends(workflow: &Workflow, atom: Atom, is_one: &dyn Fn(GrantIx) -> bool) -> bool {
    let Some(step) = workflow.steps.get(atom.step.index()) else { return false };
    let Some(outcome) = step.outcomes.get(atom.outcome.index()) else { return false };
    let condition = match &outcome.how {
        How::Auto(condition) => return needs(condition, atom.step, is_one),
        How::JudgedIf(condition) => Some(condition),
        How::Judged => None,
        How::Exhausted(_) | How::TimedOut => return false,
    };
    let mut showing = (0..step.grants.len()).map(GrantIx::of).filter(|grant| {
        workflow.granted((atom.step, *grant)).is_some_and(|(_, action)| !action.shows.is_empty())
    });
    let mut others = step.data().filter(|datum| matches!(datum.root, Root::Submission { .. }));
    let must_look = outcome.of.is_some() && others.next().is_none() && showing.all(is_one);
    must_look || condition.is_some_and(|condition| needs(condition, atom.step, is_one))
}

/// The condition of an outcome of the step holds only if one of the grants has a result.
fn needs(condition: &Condition, step: StepId, is_one: &dyn Fn(GrantIx) -> bool) -> bool {
    condition.needs(&|literal| literal.grants(step).any(is_one))
}
