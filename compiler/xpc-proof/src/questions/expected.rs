//! What a use expects of a thing: that it is as some use has seen it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use xp_artifact::content::altering;
use xp_artifact::declaration::{Expectation, KeyExpr, Source, ThingExpr};
use xp_artifact::passing::followed;
use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{Atom, Datum, Expr, How, Limit, Per, Pin, Root, StepId, Then};
use xp_artifact::{Literal, Operand, Relation};
use xp_scope::Value;

use super::things::{TermIx, Things};
use crate::evidence::surely_used;
use crate::facts::{Facts, GrantAt};

/// The use expects the thing at a version that is known before it: that of a result or of the run's parameters, or that which the
/// run has surely seen. A literal is the version of no thing: an upstream may take one for any (`*`). What becomes of the use if the thing
/// has changed does not matter.
pub(super) fn expects(facts: &Facts<'_>, things: &Things<'_, '_>, at: GrantAt, term: TermIx) -> bool {
    expects_given(facts, things, (at, term), &|_| true, &|_| true)
}

/// The upstream refuses the use unless the thing is at a version that is known as in [`expects`] and says of all that these grants put in
/// that nobody else has changed it since: none that is read only after one of them, unless the use that reads it expects the thing so
/// itself, or its version `is_judged`.
pub(super) fn expects_as_put(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    fillers: &[GrantAt],
    is_judged: &dyn Fn(GrantAt) -> bool,
) -> bool {
    expects_as_put_by(facts, things, (at, term), &is_refused, fillers, is_judged)
}

/// As [`expects_as_put`], of a result of the use that others take only after an outcome by which the thing had not changed: the use does
/// not refuse, but reports a change, and every use that takes something of its result waits for an outcome that rules this out.
pub(super) fn reports_as_put(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    fillers: &[GrantAt],
    is_judged: &dyn Fn(GrantAt) -> bool,
) -> bool {
    let counts = |expectation: &Expectation| is_unreported(facts, at, expectation);
    expects_as_put_by(facts, things, (at, term), &counts, fillers, is_judged)
}

/// The upstream refuses the use if the thing has changed.
fn is_refused(expectation: &Expectation) -> bool {
    expectation.reports.is_none()
}

/// Nothing of the result of a use that reported a change is taken by another: every use that takes some waits for an outcome whose
/// condition is false then. The use itself puts nothing of its result into anything, nor what its result names.
fn is_unreported(facts: &Facts<'_>, at: GrantAt, expectation: &Expectation) -> bool {
    let Some(outcomes) = ruling_out(facts, at, expectation) else { return false };
    let is_of_result = |source: &Source| match source {
        Source::Argument { .. } => false,
        Source::Field(_) => true,
        Source::Thing(thing) => thing.keys().any(|key| matches!(key, KeyExpr::Field(_))),
    };
    let root = Root::Result { step: at.0, grant: at.1 };
    let mut put = altering(facts.action_of(at)).flat_map(|(_, sources)| sources);
    let mut taking = facts.grants().filter(|(_, grant)| grant.data().any(|(_, datum)| datum.root == root));
    !put.any(|source| is_of_result(&source)) && taking.all(|(by, _)| needs_one_of(facts.w, by.0, &outcomes))
}

/// The grant is used once in a run, and its step has an outcome by which no change was reported whenever the reader's step is open:
/// what the use put into things, it put in on that condition.
pub(super) fn is_reported_before(facts: &Facts<'_>, at: GrantAt, reader: StepId) -> bool {
    let once = Limit { uses: 1, per: Per::Run };
    let mut reporting =
        facts.action_of(at).clauses.expects.iter().filter_map(|one| ruling_out(facts, at, one)).peekable();
    facts.grant(at).is_some_and(|grant| grant.limit == once)
        && reporting.peek().is_some()
        && reporting.all(|outcomes| needs_one_of(facts.w, reader, &outcomes))
}

/// The outcomes of the step whose condition is false where the use of the grant reported a change; none if it reports none.
fn ruling_out(facts: &Facts<'_>, at: GrantAt, expectation: &Expectation) -> Option<Vec<Atom>> {
    let root = Root::Result { step: at.0, grant: at.1 };
    let flag = Datum { root, fields: expectation.reports.clone()? };
    let is_false = |literal: Literal<'_>| match literal {
        Literal::Test(test) => {
            let is = |relation, value| {
                test.relation == relation && test.right == Operand::Literal(Value::Bool(value))
            };
            test.left == flag && (is(Relation::Is, false) || is(Relation::IsNot, true))
        }
        Literal::Bound(_) => false,
    };
    let outcomes = facts.atoms(at.0).filter(|(_, outcome)| {
        outcome.then == Then::Settle
            && matches!(&outcome.how, How::Auto(condition) | How::JudgedIf(condition) if condition.needs(&is_false))
    });
    Some(outcomes.map(|(atom, _)| atom).collect())
}

fn expects_as_put_by(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    counts: &dyn Fn(&Expectation) -> bool,
    fillers: &[GrantAt],
    is_judged: &dyn Fn(GrantAt) -> bool,
) -> bool {
    let is_of_all = |by: GrantAt| {
        fillers.iter().all(|filler| is_as_put(facts, things, (by, term), *filler, &mut BTreeSet::new()))
    };
    expects_given(facts, things, (at, term), counts, &|by| is_judged(by) || is_of_all(by))
}

/// The version of the thing that the use gives is older than a use of the filler, of that use, or of one after which nobody else has
/// changed the thing.
fn is_as_put(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (by, term): (GrantAt, TermIx),
    filler: GrantAt,
    seen: &mut BTreeSet<GrantAt>,
) -> bool {
    // What an earlier use of the same grant gave was held against this already.
    if by == filler || !things.may_follow(filler, by.0) || !seen.insert(by) {
        return true;
    }
    let seen = RefCell::new(seen);
    expects_given(facts, things, (by, term), &is_refused, &|before| {
        is_as_put(facts, things, (before, term), filler, &mut seen.borrow_mut())
    })
}

/// As [`expects`], by one of the expectations that `counts`, at a version of which it is known that a use gave it of which this `is_so`.
/// Of the version that the run has seen last, any use that gives one before may have given it.
fn expects_given(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    counts: &dyn Fn(&Expectation) -> bool,
    is_so: &dyn Fn(GrantAt) -> bool,
) -> bool {
    let pins = facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
    let known = |source: &Source| match source {
        Source::Argument { index, fields } => match pins.get(*index as usize) {
            Some(Pin::Is(Expr::Datum(datum))) => match datum.root {
                Root::Param(_) => true,
                Root::Submission { .. } => false,
                // The version that a use gave, and not what somebody says it is.
                Root::Result { step, grant } if is_so((step, grant)) => {
                    let (by, field) = ((step, grant), followed(datum, fields).fields);
                    let action = facts.action_of(by);
                    let is_it = |thing: &ThingExpr| things.one(term, things.term(by, thing));
                    let mut versions = action.clauses.versions.iter();
                    versions.any(|version| version.field == field && is_it(&version.thing))
                }
                Root::Result { .. } => false,
            },
            _ => false,
        },
        Source::Field(_) | Source::Thing(_) => false,
    };
    facts.action_of(at).clauses.expects.iter().any(|expectation| {
        counts(expectation)
            && things.one(term, things.term(at, &expectation.thing))
            && expectation.at.as_ref().map_or_else(|| is_surely_seen(facts, things, (at, term), is_so), known)
    })
}

/// The use expects the thing at the version that a use of the other grant gave.
pub(super) fn expects_from(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    by: GrantAt,
) -> bool {
    let pins = facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
    facts.action_of(at).clauses.refusing().any(|expectation| {
        let Some(Source::Argument { index, fields }) = &expectation.at else { return false };
        let Some(Pin::Is(Expr::Datum(datum))) = pins.get(*index as usize) else { return false };
        let field = followed(datum, fields).fields;
        let mut versions = facts.action_of(by).clauses.versions.iter();
        datum.root == (Root::Result { step: by.0, grant: by.1 })
            && things.one(term, things.term(at, &expectation.thing))
            && versions
                .any(|version| version.field == field && things.one(term, things.term(by, &version.thing)))
    })
}

/// Whatever the way to the step, a use before it has given the version of the thing, and of each that may have done so this `is_so`.
fn is_surely_seen(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    is_so: &dyn Fn(GrantAt) -> bool,
) -> bool {
    let gives = |by: GrantAt| {
        let mut versions = facts.action_of(by).clauses.versions.iter();
        versions.any(|version| things.one(term, things.term(by, &version.thing)))
    };
    let giving: Vec<GrantAt> = facts.grants().map(|(by, _)| by).filter(|by| gives(*by)).collect();
    giving.iter().any(|by| surely_used(facts, *by, at.0))
        && giving.iter().all(|by| !things.may_follow(*by, at.0) || is_so(*by))
}
