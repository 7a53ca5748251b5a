//! Every scope lets something through, and none is wider than what it narrows.
//!
//! About the text alone: whether the step can open is another question.

use xp_artifact::workflow::{GrantIx, Pin, StepId, SubmissionIx};
use xp_diagnostics::{Diagnostic, Span, codes};
use xp_scope::{NotShown, PatternSet};
use xpc_model::{Place, Verdict};

use super::Context;
use crate::answer;
use crate::scopes;

pub(crate) fn ask(context: &Context<'_, '_>) -> Verdict {
    let facts = context.facts;
    let mut failures = Vec::new();
    let mut undecided = None;
    for step in facts.steps() {
        for (index, submission) in facts.step(step).submissions.iter().enumerate() {
            let place = Place::Submission(step, SubmissionIx::of(index));
            if submission.max == 0 || submission.within.as_ref().is_some_and(PatternSet::is_empty) {
                failures.push(empty(context.span(place)));
            }
        }
        for (index, grant) in facts.step(step).grants.iter().enumerate() {
            for (number, pin) in (0_u32..).zip(&grant.pins) {
                let place = Place::Pin(step, GrantIx::of(index), number);
                match check(context, step, pin, context.span(place)) {
                    Ok(found) => failures.extend(found),
                    Err(why) => undecided = undecided.or(Some(why)),
                }
            }
        }
    }
    match (failures.is_empty(), undecided) {
        (false, _) => answer::refuted(failures),
        (true, Some(why)) => answer::unknown(why),
        (true, None) => answer::proved(),
    }
}

fn empty(span: Span) -> Diagnostic {
    Diagnostic::error(codes::EMPTY_SCOPE, "this scope lets nothing through").at(span)
}

fn check(
    context: &Context<'_, '_>,
    step: StepId,
    pin: &Pin,
    span: Span,
) -> Result<Option<Diagnostic>, String> {
    let facts = context.facts;
    match pin {
        Pin::Within(patterns) => Ok(patterns.is_empty().then(|| empty(span))),
        Pin::OneOf { set, within } => {
            let outer = scopes::declared_within(facts.w, set);
            let Some(inner) = within else { return Ok(None) };
            if inner.is_empty() {
                return Ok(Some(empty(span)));
            }
            let Some(outer) = outer else { return Ok(None) };
            let from = match set {
                xp_artifact::workflow::Expr::Datum(datum) => match datum.root {
                    xp_artifact::workflow::Root::Submission { step, submission } => {
                        Place::Submission(step, submission)
                    }
                    _ => Place::Step(step),
                },
                _ => Place::Step(step),
            };
            match inner.disjoint(outer) {
                Ok(()) => {
                    let text = "nothing handed in here matches";
                    return Ok(Some(empty(span).label(context.span(from), text)));
                }
                Err(NotShown::Path(_)) => {}
                Err(NotShown::TooComplex) => return Err("two scopes are too complex to compare".to_owned()),
            }
            match inner.within(outer) {
                Ok(()) => Ok(None),
                Err(NotShown::Path(path)) => Ok(Some(
                    Diagnostic::error(
                        codes::WIDER_SCOPE,
                        format!(
                            "this scope is wider than what it narrows: `{path}` can never be in the list"
                        ),
                    )
                    .at(span)
                    .label(context.span(from), "the list holds only these"),
                )),
                Err(NotShown::TooComplex) => Err("two scopes are too complex to compare".to_owned()),
            }
        }
        Pin::Is(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => Ok(None),
    }
}
