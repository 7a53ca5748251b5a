//! `--format junit`: a case for each file and each obligation; what is enforced has a class of its own.

use xp_artifact::question::Status;
use xp_diagnostics::render::junit::{self, Case};

use crate::report::Report;

/// The suites.
pub fn suites(report: &Report<'_>) -> String {
    let compiled = report.compiled;
    let mut cases = junit::cases(&compiled.sources, &compiled.named, &report.found);
    for proved in report.proved {
        for (obligation, verdict) in proved.model.obligations.iter().zip(&proved.verdicts) {
            let failure = (!verdict.status.holds(obligation.vacuous_ok)).then(|| {
                let line = match verdict.failures.first() {
                    Some(first) => first.message.clone(),
                    None => format!("{}: {}", verdict.status.as_str(), verdict.reason),
                };
                let all: Vec<&str> =
                    verdict.failures.iter().map(|failure| failure.message.as_str()).collect();
                (line, all.join("\n"))
            });
            let workflow = &proved.model.workflow.name;
            let class = match verdict.status {
                Status::Enforced => format!("{workflow}.enforced"),
                _ => workflow.clone(),
            };
            cases.push(Case {
                class,
                name: obligation.source.clone(),
                failure,
                micros: u64::try_from(verdict.took.as_micros()).unwrap_or(u64::MAX),
            });
        }
    }
    junit::render(&cases)
}
