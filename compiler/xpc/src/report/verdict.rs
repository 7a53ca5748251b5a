//! Failed properties as diagnostics: drawn on the source like any other fault.

use xp_artifact::question::Status;
use xp_diagnostics::{Diagnostic, codes};
use xpc_driver::Proved;
use xpc_model::{ProofObligation, Verdict};

/// A diagnostic for each way a property fails, and one for each without an answer.
pub fn diagnostics(proved: &Proved<'_>) -> Vec<Diagnostic> {
    let pairs = proved.model.obligations.iter().zip(&proved.verdicts);
    pairs.flat_map(|(obligation, verdict)| of(obligation, verdict)).collect()
}

/// The same for one property; none where it holds.
pub fn of(obligation: &ProofObligation, verdict: &Verdict) -> Vec<Diagnostic> {
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
    vec![Diagnostic::warning(code, message).at(obligation.span)]
}

/// Says which clause asks for what fails, where that is not what is underlined.
fn asked_for(obligation: &ProofObligation, failure: Diagnostic) -> Diagnostic {
    if failure.primary == Some(obligation.span) {
        return failure;
    }
    failure.because(format!("asked for by `{}`", obligation.source))
}
