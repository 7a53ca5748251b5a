//! The summary on stdout.

use std::fmt::Write as _;

use xp_artifact::question::Status;
use xp_diagnostics::{Severity, Span};
use xpc_driver::Proved;
use xpc_model::{Place, Verdict};

use crate::report::Report;

/// Every workflow with every answer, and what each proof rests on.
pub fn summary(report: &Report<'_>) -> String {
    let mut text = String::new();
    for proved in report.proved {
        workflow(report, proved, &mut text);
    }
    if report.denied > 0 {
        let plural = if report.denied == 1 { "" } else { "s" };
        let _ = writeln!(text, "rejected: {} warning{plural}, and warnings are denied", report.denied);
    }
    if report.compiled.rejected() {
        // Counted before warnings are made errors: what fails to hold is no reason to reject.
        let faults = report.found.iter().filter(|fault| fault.severity == Severity::Error);
        let (mut count, mut files) = (0, Vec::new());
        for fault in faults {
            count += 1;
            files.extend(fault.file.map(|file| report.compiled.sources.path(file)));
        }
        files.sort_unstable();
        files.dedup();
        let files: Vec<String> = files.into_iter().map(|file| format!("`{file}`")).collect();
        let of = if report.proved.is_empty() || files.is_empty() {
            String::new()
        } else {
            format!(" of {}", files.join(", "))
        };
        let plural = if count == 1 { "" } else { "s" };
        let _ = writeln!(text, "rejected: {count} error{plural}; nothing was proved{of}");
    }
    text
}

fn workflow(report: &Report<'_>, proved: &Proved<'_>, text: &mut String) {
    let workflow = &proved.model.workflow;
    let _ = writeln!(
        text,
        "workflow {}: {} steps, {} roles, {} obligations",
        workflow.name,
        workflow.steps.len(),
        workflow.roles.len(),
        proved.verdicts.len()
    );
    let pairs = || proved.model.obligations.iter().zip(&proved.verdicts);
    let all = pairs().all(|(obligation, verdict)| verdict.status.holds(obligation.vacuous_ok));
    // What is enforced stands apart from what is proved.
    let enforced = |verdict: &Verdict| verdict.status == Status::Enforced;
    let apart = pairs().filter(|(_, verdict)| !enforced(verdict)).chain(pairs().filter(|(_, v)| enforced(v)));
    for (obligation, verdict) in apart {
        // Where something fails, the rest is in the way: it is counted below.
        if !all && verdict.status.holds(obligation.vacuous_ok) {
            continue;
        }
        let word = match verdict.status {
            Status::Vacuous if obligation.vacuous_ok => "accepted",
            status => status.as_str(),
        };
        let _ = writeln!(text, "  {word:<11} {}", obligation.source);
        let lines = lines(report, proved, &verdict.because);
        if verdict.status == Status::Proved && !lines.is_empty() {
            let _ = writeln!(text, "              because of {lines}");
        }
        if !verdict.reason.is_empty() {
            let _ = writeln!(text, "              {}", verdict.reason);
        }
        let notes = if verdict.status == Status::Proved { verdict.notes.as_slice() } else { &[] };
        for assumed in &verdict.assuming {
            let _ = writeln!(text, "              assuming that {assumed}");
        }
        for note in notes {
            let _ = writeln!(text, "              {note}");
        }
    }
    let count = |status: Status| proved.verdicts.iter().filter(|verdict| verdict.status == status).count();
    let parts: Vec<String> = [
        Status::Proved,
        Status::Enforced,
        Status::Refuted,
        Status::Vacuous,
        Status::Conditional,
        Status::Unknown,
    ]
    .into_iter()
    .filter(|status| count(*status) > 0)
    .map(|status| format!("{} {}", count(status), status.as_str()))
    .collect();
    let _ = writeln!(text, "{} in {:.1} ms", parts.join(", "), proved.took.as_secs_f64() * 1_000.0);
}

/// `line 12: after a.done; line 20: once per run`, each place once, in source order.
fn lines(report: &Report<'_>, proved: &Proved<'_>, because: &[Place]) -> String {
    let sources = &report.compiled.sources;
    let mut spans: Vec<Span> = because.iter().filter_map(|place| proved.model.spans.get(*place)).collect();
    spans.sort_unstable();
    spans.dedup();
    let shown: Vec<String> = spans
        .iter()
        .map(|span| {
            let line = sources.position(span.source, span.start).line;
            let text = sources.slice(*span).split_whitespace().collect::<Vec<_>>().join(" ");
            format!("line {line} `{text}`")
        })
        .collect();
    shown.join(", ")
}
