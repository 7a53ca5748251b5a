//! `--format json`: one object, as documented in the reference.

use serde_json::{Map, Value, json};
use xp_diagnostics::render;
use xpc_model::{Event, EventKind, Model, Trace};

use crate::pipeline::Proved;
use crate::report::{Report, human, trace};

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
                "kind": obligation.kind,
                "source": obligation.source,
                "status": human::word(verdict.status),
                "accepted": obligation.vacuous_ok,
                "reason": if verdict.reason.is_empty() { Value::Null } else { json!(verdict.reason) },
                "because": because,
                "notes": verdict.notes,
                "trace": first.map(|found| events(report, proved.model, found)),
                "example": first.map(|found| example(proved.model, found)),
                "micros": u64::try_from(verdict.took.as_micros()).unwrap_or(u64::MAX),
            })
        })
        .collect();
    json!({
        "name": proved.model.workflow.name,
        "steps": proved.model.workflow.steps.len(),
        "roles": proved.model.workflow.roles.len(),
        "obligations": obligations,
    })
}

/// What a trace assumes besides its events: with it, anybody can replay them on the machine.
fn example(model: &Model, found: &Trace) -> Value {
    let params: Map<String, Value> =
        found.start.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let submissions: Map<String, Value> = found
        .submissions
        .iter()
        .filter_map(|(step, index, value)| {
            let step = model.workflow.steps.get(step.index())?;
            let submission = step.submissions.get(index.index())?;
            Some((format!("{}.{}", step.name, submission.name), json!(value)))
        })
        .collect();
    json!({ "params": params, "submissions": submissions, "ends_in": found.ends_in })
}

fn events(report: &Report<'_>, model: &Model, found: &Trace) -> Value {
    Value::Array(found.events.iter().map(|one| event(report, model, one)).collect())
}

fn event(report: &Report<'_>, model: &Model, event: &Event) -> Value {
    let sources = &report.compiled.sources;
    let workflow = &model.workflow;
    let step = workflow.steps.get(event.step.index());
    let named = |atom: &xp_artifact::workflow::Atom| {
        step.and_then(|step| step.outcomes.get(atom.outcome.index())).map(|outcome| outcome.name.clone())
    };
    let (kind, outcome) = match &event.kind {
        EventKind::Use { .. } => ("use", None),
        EventKind::Settle { outcome } => ("settle", named(outcome)),
        EventKind::Reopen { outcome, .. } => ("reopen", named(outcome)),
        EventKind::End { outcome } => ("end", named(outcome)),
    };
    let (args, result) = match &event.kind {
        EventKind::Use { args, result, .. } => {
            let map: Map<String, Value> =
                args.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            (Value::Object(map), json!(result))
        }
        EventKind::Settle { .. } | EventKind::Reopen { .. } | EventKind::End { .. } => {
            (Value::Null, Value::Null)
        }
    };
    json!({
        "step": step.map(|step| step.name.as_str()),
        "role": workflow.roles.get(event.role.index()).map(|role| role.name.as_str()),
        "principal": event.principal,
        "event": kind,
        "action": trace::action(model, event),
        "args": args,
        "result": result,
        "outcome": outcome,
        "file": event.span.map(|span| sources.path(span.source)),
        "span": event.span.map(|span| render::json::span(sources, span)),
    })
}
