//! What a use expects of a thing: that it is as some use has seen it.

use xp_artifact::declaration::{Source, ThingExpr};
use xp_artifact::passing::followed;
use xp_artifact::workflow::{Expr, Pin, Root};

use super::things::{TermIx, Things};
use crate::evidence::surely_used;
use crate::facts::{Facts, GrantAt};

/// The use expects the thing at a version that is known before it: that of a result or of the run's parameters, or that which the
/// run has surely seen.
pub(super) fn expects(facts: &Facts<'_>, things: &Things<'_, '_>, at: GrantAt, term: TermIx) -> bool {
    let pins = facts.grant(at).map(|grant| grant.pins.as_slice()).unwrap_or_default();
    let known = |source: &Source| match source {
        Source::Argument { index, fields } => match pins.get(*index as usize) {
            Some(Pin::Is(Expr::Literal(_))) => true,
            Some(Pin::Is(Expr::Datum(datum))) => match datum.root {
                Root::Param(_) => true,
                Root::Submission { .. } => false,
                // The version that a use gave, and not what somebody says it is.
                Root::Result { step, grant } => {
                    let (by, field) = ((step, grant), followed(datum, fields).fields);
                    let action = facts.action_of(by);
                    let is_it = |thing: &ThingExpr| things.one(term, things.term(by, thing));
                    let sources = facts.w.sources(action, &field);
                    let mut versions = action.clauses.versions.iter();
                    versions.any(|version| version.field == field && is_it(&version.thing))
                        || !sources.is_empty()
                            && sources.iter().all(|source| source.thing().is_some_and(is_it))
                }
            },
            _ => false,
        },
        Source::Field(_) | Source::Thing(_) => false,
    };
    facts.action_of(at).clauses.expects.iter().any(|expectation| {
        things.one(term, things.term(at, &expectation.thing))
            && expectation.at.as_ref().map_or_else(|| is_surely_seen(facts, things, at, term), known)
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

/// Whatever the way to the step, a use before it has given the version of the thing.
fn is_surely_seen(facts: &Facts<'_>, things: &Things<'_, '_>, at: GrantAt, term: TermIx) -> bool {
    facts.grants().any(|(by, _)| {
        let mut versions = facts.action_of(by).clauses.versions.iter();
        versions.any(|version| things.one(term, things.term(by, &version.thing))) && {
            surely_used(facts, by, at.0)
        }
    })
}
