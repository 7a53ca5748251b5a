//! Evidence that cannot mislead, since the upstream refuses every final use of it if its thing has moved.

use std::collections::BTreeSet;

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::order::{Moment, Order};
use xp_artifact::question::Question;
use xp_artifact::workflow::{Action, Datum, Expr, Formula, Guard, Limit, Per, Pin, Root, Workflow};

use crate::evidence::{Evidence, can_change, evidence};
use crate::fact::GrantAt;
use crate::same::Same;

/// The evidence that can mislead somebody: not that whose every final use expects what it is about as it was.
#[must_use]
pub fn asked(workflow: &Workflow) -> Vec<Evidence> {
    let (mut same, mut order) = (Same::of(workflow), None);
    let mut found = evidence(workflow);
    found.retain(|one| !is_expected(workflow, one, &mut same, &mut order));
    found
}

/// Every final use that may rest on the evidence expects what it is about at the version that the evidence was about: should it
/// have moved, the upstream refuses the use, and the evidence cannot mislead. There is at least one such use.
fn is_expected<'w>(
    workflow: &'w Workflow,
    evidence: &Evidence,
    same: &mut Same<'_>,
    order: &mut Option<Order<'w>>,
) -> bool {
    let kinds: Vec<&str> = evidence.about.iter().filter_map(|(_, expr)| own_kind(expr)).collect();
    // What cannot be taken back, or takes what the thing says elsewhere, is misled as a final use is.
    let counts = |action: &Action| {
        let clauses = &action.clauses;
        let takes =
            || clauses.read().iter().filter_map(|expr| own_kind(expr)).any(|kind| kinds.contains(&kind));
        clauses.is_final()
            || action.irreversible
            || action.publishes
            || clauses.altered().next().is_some() && takes()
    };
    let finals: Vec<GrantAt> = workflow
        .grants()
        .filter(|at| workflow.granted(*at).is_some_and(|(_, action)| counts(action)))
        .filter(|at| rests_on(workflow, *at, evidence))
        .collect();
    !finals.is_empty() && finals.iter().all(|at| expects(workflow, *at, evidence, same, order))
}

/// The innermost kind of what a clause names.
fn own_kind(expr: &ThingExpr) -> Option<&str> {
    expr.levels().last().map(|level| level.kind.as_str())
}

fn expects<'w>(
    workflow: &'w Workflow,
    at: GrantAt,
    evidence: &Evidence,
    same: &mut Same<'_>,
    order: &mut Option<Order<'w>>,
) -> bool {
    let Some((grant, action)) = workflow.granted(at) else { return false };
    let mut changing = evidence.about.iter().filter(|(_, about)| can_change(workflow, about));
    changing.all(|subject| {
        action.clauses.refusing().any(|expected| {
            let Some(Source::Argument { index, fields }) = &expected.at else { return false };
            let Some(Pin::Is(Expr::Datum(datum))) = grant.pins.get(*index as usize) else { return false };
            let Root::Result { step, grant } = datum.root else { return false };
            let by = (step, grant);
            let field: Vec<String> = datum.fields.iter().chain(fields).cloned().collect();
            let versions = workflow.granted(by).map(|(_, gave)| gave.clauses.versions.as_slice());
            let mut versions = versions.unwrap_or_default().iter().filter(|version| version.field == field);
            same.is_subject((at, &expected.thing), evidence, subject)
                && versions.any(|version| same.is_subject((by, &version.thing), evidence, subject))
                && (by == evidence.by
                    || is_look(workflow, evidence, by)
                    || by == subject.0 && is_used_once(workflow, by)
                    || is_older(workflow, by, evidence.by, order))
        })
    })
}

/// What the grant gives, the judge was shown: a version from there is the one that was judged, whatever came before.
fn is_look(workflow: &Workflow, evidence: &Evidence, by: GrantAt) -> bool {
    evidence.renewed.iter().any(|(at, looked)| *at == by && looked.is_surely_at(workflow, by))
}

/// There is one use of the grant in a run: if it made what the evidence is about, the version that it gave is from the making.
fn is_used_once(workflow: &Workflow, at: GrantAt) -> bool {
    workflow.granted(at).is_some_and(|(grant, _)| grant.limit == Limit { uses: 1, per: Per::Run })
}

/// What the one use gives is older than what the other gives: its step is settled whenever the other is made, and what opens it
/// again opens the other's step again, too.
fn is_older<'w>(workflow: &'w Workflow, one: GrantAt, other: GrantAt, order: &mut Option<Order<'w>>) -> bool {
    let order = order.get_or_insert_with(|| Order::of(workflow));
    order.is_settled_at(Moment::used(other), one.0)
}

/// The use's step begins only by evidence that it names itself: its guard names one of the outcomes that rely on the evidence or
/// compares what the evidence gave, or a guard of the use compares that. A step that merely comes after such a one relies on what was done
/// there.
#[must_use]
pub fn names(workflow: &Workflow, at: GrantAt, evidence: &Evidence) -> bool {
    let step = workflow.steps.get(at.0.index());
    is_guarded_by(workflow, at, evidence)
        || step.is_some_and(|step| {
            step.after.atoms().iter().any(|atom| evidence.relying.contains(atom))
                || step.compared().any(|datum| gave(evidence, datum))
        })
}

/// The use that gave the evidence gave the datum.
fn gave(evidence: &Evidence, datum: &Datum) -> bool {
    datum.of_result().is_some_and(|(by, _)| by == evidence.by)
}

/// The guards that uses of the grant have to pass.
fn guards_of(workflow: &Workflow, at: GrantAt) -> impl Iterator<Item = &Guard> {
    let action = workflow.granted(at).map(|(_, action)| action);
    workflow.guards.iter().filter(move |guard| match &guard.question {
        Question::Requires(uses, _) => action.is_some_and(|action| uses.means(action)),
        _ => true,
    })
}

/// A guard of the use compares what the evidence gave, or names an outcome that relies on it.
fn is_guarded_by(workflow: &Workflow, at: GrantAt, evidence: &Evidence) -> bool {
    let names = |formula: &Formula| formula.atoms().iter().any(|atom| evidence.relying.contains(atom));
    guards_of(workflow, at).any(|guard| {
        guard.compared().any(|datum| gave(evidence, datum))
            || matches!(&guard.question, Question::Requires(_, formula) if names(formula))
    })
}

/// The use's step speaks of one of the outcomes that rely on the evidence, or compares it, or waits for a step that does; or a guard of
/// the use does.
fn rests_on(workflow: &Workflow, at: GrantAt, evidence: &Evidence) -> bool {
    if is_guarded_by(workflow, at, evidence) {
        return true;
    }
    let mut seen = BTreeSet::from([at.0]);
    let mut open = vec![at.0];
    // What a guard of the use waits for, its step might as well.
    for guard in guards_of(workflow, at) {
        if let Question::Requires(_, formula) = &guard.question {
            open.extend(formula.steps().into_iter().filter(|step| seen.insert(*step)));
        }
    }
    while let Some(here) = open.pop() {
        let Some(declared) = workflow.steps.get(here.index()) else { continue };
        // Whoever compares a result of the step whose outcome relies on it begins while that is in force.
        let rests = |datum: &Datum| gave(evidence, datum) || datum.root.step() == Some(evidence.step);
        if declared.after.atoms().iter().any(|atom| evidence.relying.contains(atom))
            || declared.compared().any(rests)
        {
            return true;
        }
        let compared = declared.compared().filter_map(|datum| datum.root.step());
        open.extend(declared.after.steps().into_iter().chain(compared).filter(|step| seen.insert(*step)));
    }
    false
}
