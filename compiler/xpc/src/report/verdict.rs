//! Failed properties as diagnostics: drawn on the source like any other fault.

use xp_artifact::question::Status;
use xp_diagnostics::{Code, Diagnostic, Severity, Sources, codes};
use xpc_model::{Failure, Model, Obligation, Verdict};

use crate::pipeline::Proved;
use crate::report::trace;

/// A diagnostic for each way a property fails, and one for each without an answer.
pub fn diagnostics(sources: &Sources, proved: &Proved<'_>) -> Vec<Diagnostic> {
    let pairs = proved.model.obligations.iter().zip(&proved.verdicts);
    pairs.flat_map(|(obligation, verdict)| of(sources, proved.model, obligation, verdict)).collect()
}

fn of(sources: &Sources, model: &Model, obligation: &Obligation, verdict: &Verdict) -> Vec<Diagnostic> {
    match verdict.status {
        Status::Proved => Vec::new(),
        Status::Vacuous if obligation.vacuous_ok => Vec::new(),
        Status::Refuted | Status::Vacuous if !verdict.failures.is_empty() => {
            verdict.failures.iter().map(|failure| failed(sources, model, obligation, failure)).collect()
        }
        Status::Refuted | Status::Vacuous | Status::Conditional | Status::Unknown => {
            vec![unanswered(obligation, verdict)]
        }
    }
}

fn failed(sources: &Sources, model: &Model, obligation: &Obligation, failure: &Failure) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error(registered(failure.code), failure.message.clone()).at(failure.span);
    for (span, text) in &failure.labels {
        diagnostic = diagnostic.label(*span, text.clone());
    }
    if obligation.span != failure.span {
        diagnostic = diagnostic.because(format!("asked for by `{}`", obligation.source));
    }
    if let Some(found) = &failure.trace {
        diagnostic = diagnostic.because(trace::text(sources, model, found));
    }
    failure.help.iter().fold(diagnostic, |diagnostic, help| diagnostic.help(help.clone()))
}

fn unanswered(obligation: &Obligation, verdict: &Verdict) -> Diagnostic {
    let (code, word) = match verdict.status {
        Status::Conditional => (xpc_proof::codes::CONDITIONAL, "conditional"),
        Status::Vacuous => (xpc_proof::codes::VACUOUS, "vacuous"),
        Status::Proved | Status::Refuted | Status::Unknown => (xpc_proof::codes::UNKNOWN, "unknown"),
    };
    let message = format!("`{}` is {word}: {}", obligation.source, verdict.reason);
    Diagnostic::new(registered(code), Severity::Warning, message).at(obligation.span)
}

/// A code of the verifier. A test holds that each has a page; one without is still shown by its id.
fn registered(id: &'static str) -> Code {
    codes::find(id).unwrap_or(Code { id, title: "", page: "" })
}
