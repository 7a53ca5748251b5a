//! The shape of `check --format json`, for one fault.

use serde_json::{Value, json};

use crate::{Diagnostic, Sources, Span};

/// A fault as an entry of `diagnostics`.
#[must_use]
pub fn render(sources: &Sources, fault: &Diagnostic) -> Value {
    let labels: Vec<Value> = fault
        .labels
        .iter()
        .map(|label| {
            json!({ "file": sources.path(label.span.source), "span": span(sources, label.span), "text": label.text })
        })
        .collect();
    let fix = fault.fix.as_ref().map(|fix| {
        json!({
            "title": fix.title, "file": sources.path(fix.span.source), "span": span(sources, fix.span),
            "replacement": fix.replacement,
        })
    });
    json!({
        "code": fault.code.id,
        "severity": fault.severity.as_str(),
        "message": fault.message,
        "file": super::path(sources, fault),
        "span": fault.primary.map(|place| span(sources, place)),
        "labels": labels,
        "help": fault.help,
        "notes": super::notes(sources, fault, None),
        "fix": fix,
    })
}

/// `{"start": {"line", "column"}, "end": {…}}`; the end is the place after the last character.
#[must_use]
pub fn span(sources: &Sources, span: Span) -> Value {
    let (start, end) = super::places(sources, span);
    json!({
        "start": { "line": start.line, "column": start.column },
        "end": { "line": end.line, "column": end.column },
    })
}
