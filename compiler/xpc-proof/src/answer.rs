//! Verdicts, built.

use xp_artifact::question::Status;
use xp_artifact::workflow::{Assumption, Atom};
use xp_diagnostics::{Diagnostic, Span, codes};
use xpc_model::{Place, Verdict};

pub(crate) fn proved() -> Verdict {
    Verdict::new(Status::Proved)
}

pub(crate) fn proved_by(because: Vec<Place>, witness: Option<Vec<Atom>>) -> Verdict {
    Verdict { because, witness, ..proved() }
}

pub(crate) fn refuted(failures: Vec<Diagnostic>) -> Verdict {
    Verdict { failures, ..Verdict::new(Status::Refuted) }
}

pub(crate) fn unknown(reason: impl Into<String>) -> Verdict {
    Verdict::unknown(reason)
}

pub(crate) fn conditional(reason: impl Into<String>) -> Verdict {
    Verdict { reason: reason.into(), ..Verdict::new(Status::Conditional) }
}

/// A proof that rests on the assumption, too.
pub(crate) fn assuming(mut verdict: Verdict, assumption: &Assumption) -> Verdict {
    let words = assumption.words();
    if !verdict.assuming.contains(&words) {
        verdict.assuming.push(words);
    }
    verdict
}

/// The situation cannot occur.
pub(crate) fn vacuous(reason: impl Into<String>, span: Span, labels: Vec<(Span, String)>) -> Verdict {
    let reason = reason.into();
    let failure = Diagnostic::error(codes::VACUOUS, format!("this says nothing: {reason}")).at(span);
    let failure = labels.into_iter().fold(failure, |failure, (span, text)| failure.label(span, text));
    let failure = failure.help("correct the property, or write `or vacuous` behind it to accept that");
    Verdict { reason, failures: vec![failure], ..Verdict::new(Status::Vacuous) }
}

/// What plans showed; where none did, what the first search shows that finds something. A search costs as much as all plans
/// together, and one run that shows a failure refutes.
pub(crate) fn else_searched<T>(
    planned: Vec<(T, Result<Diagnostic, String>)>,
    search: impl Fn(T, String) -> Result<Diagnostic, String>,
) -> Vec<Result<Diagnostic, String>> {
    if planned.iter().any(|(_, shown)| shown.is_ok()) {
        return planned.into_iter().map(|(_, shown)| shown).collect();
    }
    let mut failures = Vec::new();
    for (what, shown) in planned {
        let found = shown.or_else(|why| search(what, why));
        let done = found.is_ok();
        failures.push(found);
        if done {
            break;
        }
    }
    failures
}

/// Refuted by the failures that could be shown; unknown when none could.
pub(crate) fn from(failures: Vec<Result<Diagnostic, String>>) -> Verdict {
    let mut shown = Vec::new();
    let mut why = None;
    for failure in failures {
        match failure {
            Ok(failure) => shown.push(failure),
            Err(reason) => why = why.or(Some(reason)),
        }
    }
    match (shown.is_empty(), why) {
        (true, Some(reason)) => {
            unknown(format!("an example was found that does not replay on the machine: {reason}"))
        }
        (true, None) => proved(),
        (false, _) => refuted(shown),
    }
}
