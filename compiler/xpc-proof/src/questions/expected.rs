//! What a use expects of a thing: that it is as some use has seen it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::passing::followed;
use xp_artifact::workflow::{Expr, Pin, Root};

use super::things::{TermIx, Things};
use crate::evidence::surely_used;
use crate::facts::{Facts, GrantAt};

/// The use expects the thing at a version that is known before it: that of a result or of the run's parameters, or that which the
/// run has surely seen.
pub(super) fn expects(facts: &Facts<'_>, things: &Things<'_, '_>, at: GrantAt, term: TermIx) -> bool {
    expects_given(facts, things, (at, term), &|_| true)
}

/// As [`expects`], at a version that says of all that these grants put in that nobody else has changed it since: none that is read only
/// after one of them, unless the use that reads it expects the thing so itself, or its version `is_judged`.
pub(super) fn expects_as_put(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    fillers: &[GrantAt],
    is_judged: &dyn Fn(GrantAt) -> bool,
) -> bool {
    let is_of_all = |by: GrantAt| {
        fillers.iter().all(|filler| is_as_put(facts, things, (by, term), *filler, &mut BTreeSet::new()))
    };
    expects_given(facts, things, (at, term), &|by| is_judged(by) || is_of_all(by))
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
    expects_given(facts, things, (by, term), &|before| {
        is_as_put(facts, things, (before, term), filler, &mut seen.borrow_mut())
    })
}

/// As [`expects`], at a version of which it is known that a use gave it of which this `is_so`. Of the version that the run has seen last,
/// any use that gives one before may have given it.
fn expects_given(
    facts: &Facts<'_>,
    things: &Things<'_, '_>,
    (at, term): (GrantAt, TermIx),
    is_so: &dyn Fn(GrantAt) -> bool,
) -> bool {
    let pins = facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
    let known = |source: &Source| match source {
        Source::Argument { index, fields } => match pins.get(*index as usize) {
            Some(Pin::Is(Expr::Literal(_))) => true,
            Some(Pin::Is(Expr::Datum(datum))) => match datum.root {
                Root::Param(_) => true,
                Root::Submission { .. } => false,
                // The version that a use gave, and not what somebody says it is.
                Root::Result { step, grant } if is_so((step, grant)) => {
                    let (by, field) = ((step, grant), followed(datum, fields).fields);
                    let action = facts.action_of(by);
                    let is_it = |thing: &ThingExpr| things.one(term, things.term(by, thing));
                    let sources = facts.w.sources(action, &field);
                    let mut versions = action.clauses.versions.iter();
                    versions.any(|version| version.field == field && is_it(&version.thing))
                        || !sources.is_empty()
                            && sources.iter().all(|source| source.thing().is_some_and(is_it))
                }
                Root::Result { .. } => false,
            },
            _ => false,
        },
        Source::Field(_) | Source::Thing(_) => false,
    };
    facts.action_of(at).clauses.expects.iter().any(|expectation| {
        things.one(term, things.term(at, &expectation.thing))
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
    facts.action_of(at).clauses.expects.iter().any(|expectation| {
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
