//! Validation of requests and answers against GitHub's own OpenAPI description.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::ops::Operation;
use crate::reply::{Payload, Reply};

/// Why the description cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// The file does not exist.
    #[error("GitHub's OpenAPI description is missing at {path}: run `cargo dev setup` ({source})")]
    Missing {
        /// Path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("GitHub's OpenAPI description cannot be read: {0}")]
    Broken(#[from] serde_json::Error),
    /// An operation of the stand-in is not in it.
    #[error("GitHub's OpenAPI description has no {0}")]
    Unknown(String),
}

/// The description, with validators compiled on first use.
pub struct Spec {
    doc: Value,
    made: Mutex<BTreeMap<String, Arc<Validator>>>,
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spec")
    }
}

impl Spec {
    /// Reads the description once per process and path.
    ///
    /// # Errors
    /// When it is missing, is not JSON, or lacks one of the operations.
    pub fn load(path: &Path, operations: &[Operation]) -> Result<Arc<Self>, SpecError> {
        static LOADED: OnceLock<Mutex<BTreeMap<PathBuf, Arc<Spec>>>> = OnceLock::new();
        let mut loaded = LOADED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(spec) = loaded.get(path) {
            return Ok(spec.clone());
        }
        let text =
            std::fs::read(path).map_err(|source| SpecError::Missing { path: path.to_owned(), source })?;
        let spec = Self { doc: serde_json::from_slice(&text)?, made: Mutex::default() };
        for operation in operations {
            if spec.described(operation).is_none() {
                return Err(SpecError::Unknown(format!("{} {}", operation.method, operation.path)));
            }
        }
        let spec = Arc::new(spec);
        loaded.insert(path.to_owned(), spec.clone());
        Ok(spec)
    }

    /// Violations of a request.
    #[must_use]
    pub fn request(&self, operation: &Operation, call: &Call) -> Vec<String> {
        let Some(described) = self.described(operation) else { return vec!["unknown operation".to_owned()] };
        let mut problems = Vec::new();
        let mut declared = BTreeSet::new();
        for parameter in described.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let parameter = self.resolved(parameter);
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            let required = parameter.get("required").and_then(Value::as_bool).unwrap_or(false);
            let given = match parameter.get("in").and_then(Value::as_str) {
                Some("query") => {
                    declared.insert(name.to_owned());
                    call.query(name)
                }
                Some("path") => Some(call.param(name)),
                _ => continue,
            };
            match (given, parameter.get("schema")) {
                (Some(text), Some(schema)) => {
                    let key = format!("{} {} {name}", operation.method, operation.path);
                    let value = self.typed(schema, text);
                    problems.extend(self.check(&key, schema, &value, &format!("parameter {name}")));
                }
                (None, _) if required => problems.push(format!("parameter {name} is missing")),
                _ => {}
            }
        }
        for (name, _) in &call.query {
            if !declared.contains(name) {
                problems.push(format!("parameter {name} is not one of the operation"));
            }
        }
        problems.extend(self.body(operation, described, call));
        problems
    }

    /// Violations of a request's body.
    fn body(&self, operation: &Operation, described: &Value, call: &Call) -> Vec<String> {
        let Some(body) = described.get("requestBody").map(|body| self.resolved(body)) else {
            let extra = !call.body.is_null();
            return extra.then(|| "a body where none belongs".to_owned()).into_iter().collect();
        };
        if call.body.is_null() {
            let required = body.get("required").and_then(Value::as_bool).unwrap_or(false);
            return required.then(|| "the body is missing".to_owned()).into_iter().collect();
        }
        let Some(schema) = body.pointer("/content/application~1json/schema") else {
            return vec!["the operation takes no JSON".to_owned()];
        };
        let key = format!("{} {} body", operation.method, operation.path);
        self.check(&key, schema, &call.body, "body")
    }

    /// Violations of an answer.
    #[must_use]
    pub fn answer(&self, operation: &Operation, reply: &Reply) -> Vec<String> {
        let Some(described) = self.described(operation) else { return vec!["unknown operation".to_owned()] };
        let status = reply.status.to_string();
        let documented = described.get("responses").and_then(|all| all.get(&status));
        let basic = json!({ "$ref": "#/components/schemas/basic-error" });
        let (content, fallback) = match documented.map(|response| self.resolved(response)) {
            Some(response) => (response.get("content").cloned(), None),
            // GitHub documents these two once and not for each operation.
            None if matches!(reply.status, 401 | 404) => (None, Some(basic)),
            None => return vec![format!("status {status} is not one of the operation")],
        };
        match &reply.body {
            Payload::Nothing => Vec::new(),
            Payload::Text(media, _) => {
                let media = media.split(';').next().unwrap_or_default();
                let listed = content.as_ref().is_some_and(|content| content.get(media).is_some());
                let text = described.get("description").and_then(Value::as_str).unwrap_or_default();
                if listed || text.contains(media) {
                    return Vec::new();
                }
                vec![format!("media type {media} is not one of the operation")]
            }
            Payload::Json(body) => {
                let schema = content
                    .as_ref()
                    .and_then(|content| content.get("application/json"))
                    .and_then(|json| json.get("schema"))
                    .or(fallback.as_ref());
                let Some(schema) = schema else { return Vec::new() };
                let key = format!("{} {} {status}", operation.method, operation.path);
                // Errors are described by `oneOf` with overlapping schemas, so a valid error would match two
                // of them.
                match schema.get("oneOf").filter(|_| reply.status >= 400) {
                    Some(shapes) => self.check(&key, &json!({ "anyOf": shapes }), body, "answer"),
                    None => self.check(&key, schema, body, "answer"),
                }
            }
        }
    }

    /// The description of an operation.
    fn described(&self, operation: &Operation) -> Option<&Value> {
        self.doc.get("paths")?.get(operation.path)?.get(operation.method.to_lowercase())
    }

    /// Follows a reference.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let mut at = value;
        while let Some(target) = at.get("$ref").and_then(Value::as_str) {
            match target.strip_prefix('#').and_then(|pointer| self.doc.pointer(pointer)) {
                Some(found) => at = found,
                None => break,
            }
        }
        at
    }

    /// Converts the text of a parameter to the type in its schema.
    fn typed(&self, schema: &Value, text: &str) -> Value {
        match self.resolved(schema).get("type").and_then(Value::as_str) {
            Some("integer") => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
            Some("boolean") => text.parse::<bool>().map_or_else(|_| text.into(), Value::from),
            _ => text.into(),
        }
    }

    /// Validates a value against a schema.
    fn check(&self, key: &str, schema: &Value, value: &Value, what: &str) -> Vec<String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = match made.get(key) {
            Some(validator) => validator.clone(),
            None => match self.compile(schema) {
                Ok(validator) => {
                    let validator = Arc::new(validator);
                    made.insert(key.to_owned(), validator.clone());
                    validator
                }
                Err(error) => return vec![format!("{what}: the schema cannot be used: {error}")],
            },
        };
        drop(made);
        validator
            .iter_errors(value)
            .take(5)
            .map(|error| format!("{what} at `{}`: {error}", error.instance_path()))
            .collect()
    }

    /// Compiles a schema with everything it refers to.
    fn compile(&self, schema: &Value) -> Result<Validator, String> {
        let mut parts = Map::new();
        let mut open: Vec<String> = Vec::new();
        let root = plain(schema, &mut open);
        while let Some(name) = open.pop() {
            if parts.contains_key(&name) {
                continue;
            }
            let found = self.doc.get("components").and_then(|all| all.get("schemas")?.get(&name));
            let found = found.ok_or_else(|| format!("no schema {name}"))?;
            let part = plain(found, &mut open);
            parts.insert(name, part);
        }
        let whole = json!({ "allOf": [root], "components": { "schemas": parts } });
        jsonschema::options()
            .with_draft(Draft::Draft4)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(&whole)
            .map_err(|error| error.to_string())
    }
}

/// Converts an OpenAPI 3.0 schema to JSON Schema: `nullable` becomes a type (`enum` gains null, which
/// GitHub's description omits) and examples are removed. Names of schemas it refers to are added to `open`.
fn plain(schema: &Value, open: &mut Vec<String>) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(|item| plain(item, open)).collect(),
        Value::Object(fields) => {
            let mut done = Map::new();
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("example" | "examples" | "default" | "description" | "discriminator", _)
                        if fields.get("properties") != Some(value) && is_schema(fields) => {}
                    ("nullable", Value::Bool(_)) => {}
                    ("$ref", Value::String(target)) => {
                        if let Some(part) = target.strip_prefix("#/components/schemas/") {
                            open.push(part.to_owned());
                        }
                        done.insert(name.clone(), value.clone());
                    }
                    _ => {
                        done.insert(name.clone(), plain(value, open));
                    }
                }
            }
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                or_null(done)
            } else {
                Value::Object(done)
            }
        }
        other => other.clone(),
    }
}

/// Whether an object is a schema and not a map from names to schemas, in which every value is an object.
fn is_schema(fields: &Map<String, Value>) -> bool {
    fields.is_empty() || fields.values().any(|value| !value.is_object()) || fields.contains_key("properties")
}

/// The schema, extended to accept null.
fn or_null(mut fields: Map<String, Value>) -> Value {
    let composed = ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|name| fields.contains_key(*name));
    if composed {
        return json!({ "anyOf": [fields, { "type": "null" }] });
    }
    if let Some(kind) = fields.get_mut("type").filter(|kind| kind.is_string()) {
        *kind = json!([kind, "null"]);
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum")
        && !words.contains(&Value::Null)
    {
        words.push(Value::Null);
    }
    Value::Object(fields)
}
