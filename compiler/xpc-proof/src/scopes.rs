//! What scopes let through, as far as the workflow alone tells.

use xp_artifact::workflow::{Datum, Expr, Pin, Root, Submission, Workflow};
use xp_scope::{NotShown, PatternSet, Type};

use crate::template::{self, Named};

/// The pin admits some value. Undecided counts as yes: whoever proves something then assumes more uses, not fewer.
pub(crate) fn pin_lets_through(w: &Workflow, pin: &Pin, ty: &Type) -> bool {
    match pin {
        Pin::Within(patterns) => !patterns.is_empty(),
        Pin::OneOf { set, within } => {
            let declared = declared_within(w, set);
            match (within, declared) {
                (Some(inner), Some(outer)) => meet(inner, outer),
                (Some(only), None) | (None, Some(only)) => !only.is_empty(),
                (None, None) => true,
            }
        }
        Pin::Is(Expr::Template(parts)) => template::named(w, parts, ty) != Named::Never,
        Pin::Is(_) | Pin::Content { .. } | Pin::Any | Pin::Absent => true,
    }
}

/// A value for the submission exists.
pub(crate) fn submission_possible(submission: &Submission) -> bool {
    submission.max > 0 && submission.within.as_ref().is_none_or(|patterns| !patterns.is_empty())
}

/// Some path matches both, or it is undecided.
pub(crate) fn meet(a: &PatternSet, b: &PatternSet) -> bool {
    match a.disjoint(b) {
        Ok(()) => false,
        Err(NotShown::Path(_) | NotShown::TooComplex) => true,
    }
}

/// A path that matches both, where one is known.
pub(crate) fn common(a: &PatternSet, b: &PatternSet) -> Option<String> {
    a.disjoint(b).err().and_then(|shown| shown.path().map(str::to_owned))
}

/// The patterns every element of a submitted list (or a submitted path) matches.
pub(crate) fn declared_within<'w>(w: &'w Workflow, set: &Expr) -> Option<&'w PatternSet> {
    match set {
        Expr::Datum(datum) => datum_within(w, datum),
        Expr::Literal(_) | Expr::Template(_) => None,
    }
}

/// As [`declared_within`], of a datum.
pub(crate) fn datum_within<'w>(w: &'w Workflow, datum: &Datum) -> Option<&'w PatternSet> {
    let Root::Submission { step, submission } = datum.root else { return None };
    w.steps.get(step.index())?.submissions.get(submission.index())?.within.as_ref()
}
