//! JSON Schema of the types of the language.

use serde_json::{Map, Value as Json, json};
use xp_artifact::print;
use xp_artifact::tools::GRANT;
use xp_artifact::workflow::{Action, ActionParam, Expr, Grant, Pin, Workflow};
use xp_scope::{MAX_INT, MAX_LIST, MAX_TEXT, Type, Value};

/// Records inside each other that are still described.
const MAX_DEPTH: u8 = 8;

/// An object with these members and no others.
pub(super) fn object(properties: Map<String, Json>, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// The schema of a type.
pub(super) fn of(workflow: &Workflow, ty: &Type) -> Json {
    within(workflow, ty, MAX_DEPTH)
}

fn within(workflow: &Workflow, ty: &Type, depth: u8) -> Json {
    let Some(depth) = depth.checked_sub(1) else { return json!({}) };
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int => json!({ "type": "integer", "minimum": -MAX_INT, "maximum": MAX_INT }),
        Type::Duration => json!({ "type": "integer", "description": "seconds" }),
        Type::Text => json!({ "type": "string", "maxLength": MAX_TEXT }),
        Type::Path => json!({ "type": "string", "description": "path inside a repository" }),
        Type::Branch => json!({ "type": "string", "description": "short name of a branch" }),
        Type::Commit | Type::Tree => json!({ "type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$" }),
        Type::Decimal { .. } => json!({ "type": "string", "description": ty.to_string() }),
        Type::Time => json!({ "type": "string", "format": "date-time" }),
        Type::Url => json!({ "type": "string", "format": "uri" }),
        Type::Enum(words) => json!({ "type": "string", "enum": words }),
        Type::List(element) => {
            json!({ "type": "array", "items": within(workflow, element, depth), "maxItems": MAX_LIST })
        }
        Type::Set(element) => json!({
            "type": "array", "items": within(workflow, element, depth), "maxItems": MAX_LIST, "uniqueItems": true,
        }),
        Type::Record(name) => {
            let Some(record) = workflow.records.iter().find(|record| &record.name == name) else {
                return json!({ "type": "object" });
            };
            let mut properties = Map::new();
            for field in &record.fields {
                properties.insert(field.name.clone(), within(workflow, &field.ty, depth));
            }
            let required: Vec<&str> = record
                .fields
                .iter()
                .filter(|field| !field.optional)
                .map(|field| field.name.as_str())
                .collect();
            object(properties, &required)
        }
    }
}

/// The arguments that these grants leave to the caller. What every grant fixes is left out, since it is filled in.
pub(super) fn arguments(workflow: &Workflow, action: &Action, grants: &[(String, &Grant)]) -> Json {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (number, param) in action.params.iter().enumerate() {
        let pins: Vec<&Pin> = grants.iter().filter_map(|(_, grant)| grant.pins.get(number)).collect();
        if pins.iter().all(|pin| matches!(pin, Pin::Absent)) || is_fixed(&pins) {
            continue;
        }
        properties.insert(param.name.clone(), argument(workflow, param, &pins));
        let filled = pins.iter().any(|pin| matches!(pin, Pin::Is(_) | Pin::Absent));
        if !filled && !param.optional && param.default.is_none() {
            required.push(param.name.as_str());
        }
    }
    if grants.len() > 1 {
        let names: Vec<&str> = grants.iter().map(|(name, _)| name.as_str()).collect();
        let says = "which grant is meant, where several fit";
        properties.insert(GRANT.to_owned(), json!({ "type": "string", "enum": names, "description": says }));
    }
    object(properties, &required)
}

/// Every grant wants the same one value.
fn is_fixed(pins: &[&Pin]) -> bool {
    let mut all = pins.iter();
    match all.next() {
        Some(first @ Pin::Is(_)) => all.all(|pin| pin == first),
        _ => false,
    }
}

fn argument(workflow: &Workflow, param: &ActionParam, pins: &[&Pin]) -> Json {
    let mut schema = of(workflow, &param.ty);
    let Some(members) = schema.as_object_mut() else { return schema };
    let literals: Option<Vec<&Value>> = pins
        .iter()
        .map(|pin| match pin {
            Pin::Is(Expr::Literal(value)) => Some(value),
            _ => None,
        })
        .collect();
    if let Some(literals) = literals {
        members.insert("enum".to_owned(), json!(literals));
    }
    let longest = pins.iter().map(|pin| if let Pin::Content { max } = pin { Some(*max) } else { None });
    if let Some(longest) = longest.collect::<Option<Vec<u32>>>().and_then(|all| all.into_iter().max()) {
        members.insert("maxLength".to_owned(), json!(longest));
    }
    let mut says: Vec<String> = pins.iter().map(|pin| print::pin(workflow, pin)).collect();
    says.dedup();
    let mut text = says.join(", or ");
    if let Some(unit) = members.get("description").and_then(Json::as_str) {
        text = format!("{unit}; {text}");
    }
    members.insert("description".to_owned(), json!(text));
    schema
}
