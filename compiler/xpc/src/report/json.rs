//! `--format json`: one object, as documented in the reference.

use serde_json::{Value, json};
use xp_diagnostics::render;
use xpc_driver::Proved;

use crate::report::Report;

/// The whole report.
pub fn object(report: &Report<'_>) -> Value {
    let sources = &report.compiled.sources;
    let files: Vec<&str> = report.compiled.named.iter().map(|id| sources.path(*id)).collect();
    let diagnostics: Vec<Value> =
        report.diagnostics.iter().map(|d| render::json::render(sources, d)).collect();
    let workflows: Vec<Value> = report.proved.iter().map(|proved| workflow(report, proved)).collect();
    json!({ "version": 1, "files": files, "diagnostics": diagnostics, "workflows": workflows })
}

fn workflow(report: &Report<'_>, proved: &Proved<'_>) -> Value {
    let pairs = proved.model.obligations.iter().zip(&proved.verdicts);
    let obligations: Vec<Value> = pairs
        .map(|(obligation, verdict)| {
            let because: Vec<Value> = verdict
                .because
                .iter()
                .filter_map(|place| proved.model.spans.get(*place))
                .map(|span| {
                    let sources = &report.compiled.sources;
                    json!({
                        "file": sources.path(span.source),
                        "span": render::json::span(sources, span),
                        "text": sources.slice(span),
                    })
                })
                .collect();
            let first = verdict.failures.iter().find_map(|failure| failure.trace.as_ref());
            json!({
                "id": obligation.id,
                "kind": obligation.question.kind().hyphenated(),
                "source": obligation.source,
                "status": verdict.status.as_str(),
                "accepted": obligation.vacuous_ok,
                "reason": if verdict.reason.is_empty() { Value::Null } else { json!(verdict.reason) },
                "because": because,
                "notes": verdict.notes,
                "assuming": verdict.assuming,
                "trace": first.map(|found| render::trace::events(&report.compiled.sources, found)),
                "example": first.map(render::trace::example),
                "micros": u64::try_from(verdict.took.as_micros()).unwrap_or(u64::MAX),
            })
        })
        .collect();
    let enforced: Vec<&str> = proved.model.workflow.guards.iter().map(|guard| guard.id.as_str()).collect();
    json!({
        "name": proved.model.workflow.name,
        "steps": proved.model.workflow.steps.len(),
        "roles": proved.model.workflow.roles.len(),
        "obligations": obligations,
        "enforced": enforced,
    })
}
