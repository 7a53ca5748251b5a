//! SARIF 2.1.0 (OASIS standard), for code scanning.

use serde_json::{Value, json};

use crate::{Code, Diagnostic, Severity, Sources, Span, Trace, codes};

/// The log of one run of the tool.
#[must_use]
pub fn render(sources: &Sources, faults: &[Diagnostic], version: &str) -> Value {
    let mut codes: Vec<Code> = faults.iter().map(|fault| fault.code).collect();
    codes.sort_by_key(|code| code.id);
    codes.dedup();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| {
            json!({
                "id": code.id,
                "shortDescription": { "text": code.title },
                "help": { "text": code.page, "markdown": code.page },
            })
        })
        .collect();
    let results: Vec<Value> = faults
        .iter()
        .map(|fault| result(sources, fault, codes.iter().position(|code| *code == fault.code)))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "xpc", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(sources: &Sources, fault: &Diagnostic, rule: Option<usize>) -> Value {
    // A property without a definite answer is an open question (3.27.9), which has no level (3.27.10).
    let open = [codes::CONDITIONAL, codes::NO_ANSWER].contains(&fault.code);
    let level = match fault.severity {
        _ if open => "none",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let locations: Vec<Value> = match (fault.primary, fault.file) {
        (Some(span), _) => vec![json!({ "physicalLocation": physical(sources, span) })],
        (None, Some(file)) => {
            vec![json!({ "physicalLocation": { "artifactLocation": { "uri": uri(sources.path(file)) } } })]
        }
        (None, None) => Vec::new(),
    };
    let related: Vec<Value> = fault
        .labels
        .iter()
        .enumerate()
        .map(|(id, label)| {
            json!({
                "id": id,
                "message": { "text": label.text },
                "physicalLocation": physical(sources, label.span),
            })
        })
        .collect();
    let mut result = json!({
        "ruleId": fault.code.id,
        "level": level,
        "message": { "text": super::text(sources, fault) },
        "locations": locations,
    });
    if let Value::Object(fields) = &mut result {
        if let Some(rule) = rule {
            fields.insert("ruleIndex".to_owned(), json!(rule));
        }
        if !related.is_empty() {
            fields.insert("relatedLocations".to_owned(), json!(related));
        }
        if open {
            fields.insert("kind".to_owned(), json!("open"));
        }
        if let Some(trace) = &fault.trace {
            fields.insert("codeFlows".to_owned(), json!([flow(sources, trace)]));
        }
        if let Some(fix) = &fault.fix {
            let replacement = json!({
                "deletedRegion": region(sources, fix.span),
                "insertedContent": { "text": fix.replacement },
            });
            let change = json!({
                "artifactLocation": { "uri": uri(sources.path(fix.span.source)) },
                "replacements": [replacement],
            });
            fields.insert(
                "fixes".to_owned(),
                json!([{ "description": { "text": fix.title }, "artifactChanges": [change] }]),
            );
        }
    }
    result
}

/// The run that shows a fault, an event a location (3.36). What an event was given stands in its `properties`.
fn flow(sources: &Sources, trace: &Trace) -> Value {
    let locations: Vec<Value> = trace
        .events
        .iter()
        .enumerate()
        .map(|(at, event)| {
            let mut location = json!({ "message": { "text": super::trace::sentence(event) } });
            if let (Some(span), Value::Object(fields)) = (event.span, &mut location) {
                fields.insert("physicalLocation".to_owned(), physical(sources, span));
            }
            let mut one = json!({ "location": location, "executionOrder": at + 1 });
            if let (Some(arguments), Value::Object(fields)) = (super::trace::arguments(event), &mut one) {
                fields.insert("properties".to_owned(), json!({ "arguments": arguments }));
            }
            one
        })
        .collect();
    json!({
        "message": { "text": trace.ends_in },
        "threadFlows": [{ "locations": locations }],
    })
}

fn physical(sources: &Sources, span: Span) -> Value {
    json!({
        "artifactLocation": { "uri": uri(sources.path(span.source)) },
        "region": region(sources, span),
    })
}

fn region(sources: &Sources, span: Span) -> Value {
    let (start, end) = super::places(sources, span);
    json!({
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
    })
}

/// A path as a URI reference: forward slashes, what a URI cannot hold percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            b'\\' if cfg!(windows) => out.push('/'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
