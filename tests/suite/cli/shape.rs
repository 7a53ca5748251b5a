//! The shape of `check --format json`, which CI jobs and editors parse. Members may be added; these must
//! stay.

use serde_json::{Value, json};

fn schema() -> Value {
    let position = json!({
        "type": "object", "required": ["line", "column"],
        "properties": { "line": { "type": "integer", "minimum": 1 }, "column": { "type": "integer", "minimum": 1 } },
    });
    let span = json!({
        "type": "object", "required": ["start", "end"], "properties": { "start": position, "end": position },
    });
    let maybe = |schema: &Value| json!({ "anyOf": [{ "type": "null" }, schema] });
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": text });
    let label = json!({
        "type": "object", "required": ["file", "span", "text"],
        "properties": { "file": text, "span": span, "text": text },
    });
    let fix = json!({
        "type": "object", "required": ["title", "file", "span", "replacement"],
        "properties": { "title": text, "file": text, "span": span, "replacement": text },
    });
    let diagnostic = json!({
        "type": "object",
        "required": ["code", "severity", "message", "file", "span", "labels", "help", "fix"],
        "properties": {
            "code": { "type": "string", "pattern": "^XP[0-9]{4}$" },
            "severity": { "enum": ["error", "warning", "note"] },
            "message": { "type": "string", "minLength": 1 },
            "file": maybe(&text),
            "span": maybe(&span),
            "labels": { "type": "array", "items": label },
            "help": texts,
            "fix": maybe(&fix),
        },
    });
    let event = json!({
        "type": "object",
        "required": ["step", "role", "event", "action", "args", "outcome", "span"],
        "properties": {
            "step": text, "role": text, "event": { "enum": ["use", "settle", "reopen", "end"] },
            "action": maybe(&text), "args": maybe(&json!({ "type": "object" })), "outcome": maybe(&text), "span": span,
        },
        "if": { "properties": { "event": { "const": "use" } } },
        "then": { "properties": { "action": text, "args": { "type": "object" } } },
        "else": { "properties": { "action": { "type": "null" }, "outcome": text } },
    });
    let because = json!({
        "type": "object", "required": ["file", "span", "text"],
        "properties": { "file": text, "span": span, "text": text },
    });
    let obligation = json!({
        "type": "object",
        "required": ["id", "kind", "source", "status", "because", "trace", "micros"],
        "properties": {
            "id": { "type": "string", "minLength": 1 }, "kind": { "type": "string", "minLength": 1 },
            "source": { "type": "string", "minLength": 1 },
            "status": { "enum": ["proved", "refuted", "vacuous", "conditional", "unknown", "enforced"] },
            "because": { "type": "array", "items": because },
            "trace": maybe(&json!({ "type": "array", "items": event })),
            "micros": { "type": "integer", "minimum": 0 },
        },
        "if": { "properties": { "status": { "const": "proved" } } },
        "then": { "properties": { "trace": { "type": "null" } } },
    });
    let workflow = json!({
        "type": "object",
        "required": ["name", "steps", "roles", "obligations", "enforced"],
        "properties": {
            "name": text, "steps": { "type": "integer", "minimum": 1 }, "roles": { "type": "integer", "minimum": 1 },
            "obligations": { "type": "array", "items": obligation, "minItems": 1 },
            "enforced": texts,
        },
    });
    json!({
        "type": "object",
        "required": ["version", "files", "diagnostics", "workflows"],
        "properties": {
            "version": { "const": 1 }, "files": texts,
            "diagnostics": { "type": "array", "items": diagnostic },
            "workflows": { "type": "array", "items": workflow },
        },
    })
}

/// Asserts the shape.
#[track_caller]
pub fn holds(object: &Value) {
    static SCHEMA: std::sync::OnceLock<jsonschema::Validator> = std::sync::OnceLock::new();
    let validator = SCHEMA.get_or_init(|| jsonschema::validator_for(&schema()).expect("a schema"));
    let wrong: Vec<String> =
        validator.iter_errors(object).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{}\n{object:#}", wrong.join("\n"));
}
