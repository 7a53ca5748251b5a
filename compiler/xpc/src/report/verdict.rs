//! Failed properties as diagnostics: drawn on the source like any other fault.

use xp_artifact::question::Status;
use xp_diagnostics::{Diagnostic, codes};
use xpc_driver::Proved;
use xpc_model::{Model, ProofObligation, Verdict};

/// A diagnostic for each way a property fails, and one for each without an answer. What only follows from a step that
/// never opens, or an outcome that never happens, is counted there: the answers themselves are listed anyway.
pub fn diagnostics(proved: &Proved<'_>) -> Vec<Diagnostic> {
    let pairs = proved.model.obligations.iter().zip(&proved.verdicts);
    let mut found: Vec<Diagnostic> =
        pairs.flat_map(|(obligation, verdict)| of(proved.model, obligation, verdict)).collect();
    let cause = |fault: &Diagnostic| [codes::NEVER_OPENS, codes::NEVER_HAPPENS].contains(&fault.code);
    if !found.iter().any(cause) {
        return found;
    }
    // What no step grants at all says nothing for a reason of its own: it has no place to point at.
    let before = found.len();
    found.retain(|fault| fault.code != codes::VACUOUS || fault.labels.is_empty());
    let follow = before - found.len();
    if let Some(cause) = found.iter_mut().find(|fault| cause(fault)).filter(|_| follow > 0) {
        let what =
            if follow == 1 { "one property says".to_owned() } else { format!("{follow} properties say") };
        cause.notes.push(format!("{what} nothing, since what they speak of can never be used"));
    }
    found
}

/// The same for one property; none where it holds.
pub fn of(model: &Model, obligation: &ProofObligation, verdict: &Verdict) -> Vec<Diagnostic> {
    let (code, word) = match verdict.status {
        status if status.holds(obligation.vacuous_ok) => return Vec::new(),
        Status::Refuted | Status::Vacuous if !verdict.failures.is_empty() => {
            return verdict.failures.iter().map(|failure| asked_for(obligation, failure.clone())).collect();
        }
        Status::Conditional => (codes::CONDITIONAL, verdict.status.as_str()),
        Status::Vacuous => (codes::VACUOUS, verdict.status.as_str()),
        Status::Proved | Status::Enforced | Status::Refuted | Status::Unknown => {
            (codes::NO_ANSWER, Status::Unknown.as_str())
        }
    };
    let message = format!("`{}` is {word}: {}", obligation.source, verdict.reason);
    // What the condition is about, where that is known.
    let place = verdict.because.first().and_then(|place| model.spans.get(*place));
    vec![Diagnostic::warning(code, message).at(place.unwrap_or(obligation.span))]
}

/// Says which clause asks for what fails, where that is not what is underlined.
fn asked_for(obligation: &ProofObligation, failure: Diagnostic) -> Diagnostic {
    if failure.primary == Some(obligation.span) {
        return failure;
    }
    failure.because(format!("asked for by `{}`", obligation.source))
}
