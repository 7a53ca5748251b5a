//! `--format junit`: a case for each file and each obligation; what is enforced has a class of its own.

use xp_artifact::question::Status;
use xp_diagnostics::render::junit::{self, Case, Failure};

use crate::report::{Report, verdict};

/// The suites.
pub fn suites(report: &Report<'_>) -> String {
    let compiled = report.compiled;
    let mut cases = junit::cases(&compiled.sources, &compiled.named, &report.found);
    for proved in report.proved {
        for (obligation, verdict) in proved.model.obligations.iter().zip(&proved.verdicts) {
            let faults = verdict::of(proved.model, obligation, verdict);
            let failure = Failure::of(&compiled.sources, verdict.status.as_str(), &faults);
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
