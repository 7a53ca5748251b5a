//! An action from a tool.

use serde_json::{Map, Value};
use xp_artifact::mcp::{tool_digest, wants_headers};
use xp_json::Tree;

use super::draft::{Action, Answer, Param};
use crate::import::MAX_PARAMS;
use crate::import::document::Document;
use crate::import::members::{self, Budget, Members, Side};
use crate::import::names::{self, Names};
use crate::import::schema;
use crate::import::why::{self, Left, Why};

/// What a server says of a tool, and what we say of that.
const HINTS: [(&str, &str, &str); 4] = [
    ("readOnlyHint", "it only reads", "it does not only read"),
    ("destructiveHint", "it may destroy", "it only adds"),
    ("idempotentHint", "a repetition changes nothing more", "a repetition may act again"),
    ("openWorldHint", "it reaches other systems", "it reaches no other system"),
];

/// The action of the tool of this name, named so.
///
/// # Errors
/// If it cannot be drafted, with what of it cannot.
pub fn action(tool: &str, tree: &Tree, name: impl FnOnce() -> String) -> Result<Action, Left> {
    let whole = |why: Why| Left::new("tool", tool, false, why);
    let input = tree.get("inputSchema").filter(|schema| schema.as_record().is_some());
    let input = input.ok_or_else(|| whole(why::NO_TOOL))?;
    if wants_headers(input) {
        return Err(whole(why::IN_HEADER));
    }
    let input = value(input);
    let mut budget = Budget::new();
    let (params, mut left_out) = arguments(&input, &mut budget).map_err(whole)?;
    if let Some(at) = left_out.iter().position(|left| left.required) {
        let part = left_out.swap_remove(at);
        let what = format!("tool {}: {}", why::shown(tool), part.what);
        return Err(Left { what, ..part });
    }
    if params.len() > MAX_PARAMS {
        return Err(whole(why::TOO_LARGE));
    }
    let mut result = Answer::Text;
    if let Some(output) = tree.get("outputSchema") {
        let output = value(output);
        let found =
            Members::of(Document(&output), Side::Answer, &output, true, &mut budget).map_err(whole)?;
        left_out.extend(found.left_out);
        let fields = members::fields(found.leaves, &mut left_out);
        if !fields.is_empty() {
            result = Answer::Fields(fields);
        }
    }
    Ok(Action {
        name: name(),
        tool: tool.to_owned(),
        listed: tool_digest(tree),
        params,
        result,
        reads: false,
        suggested: suggested(tree),
        left_out,
    })
}

fn arguments(input: &Value, budget: &mut Budget) -> Result<(Vec<Param>, Vec<Left>), Why> {
    if is_empty(input) {
        let open = schema::is_open(input);
        let more = open.then(|| Left {
            what: "the object of arguments".to_owned(),
            required: false,
            why: why::MEMBERS,
        });
        return Ok((Vec::new(), more.into_iter().collect()));
    }
    let found = Members::of(Document(input), Side::Arguments, input, true, budget)?;
    let mut left_out = found.left_out;
    let mut names = Names::default();
    let mut params = Vec::new();
    for leaf in found.leaves {
        let path = leaf.path.join("_");
        if leaf.path.is_empty() {
            return Err(why::NO_OBJECT);
        }
        if members::has_pointer(&leaf) {
            let name = names.give(names::word(&path, "argument"));
            params.push(Param { name, at: leaf.pointer(), ty: leaf.ty, optional: !leaf.required });
        } else {
            left_out.push(Left::new("argument", &leaf.path.join("."), leaf.required, why::NAME));
        }
    }
    Ok((params, left_out))
}

/// An object without members that are described, and nothing else.
fn is_empty(input: &Value) -> bool {
    let plain = ["$ref", "allOf", "anyOf", "oneOf", "not", "if", "$dynamicRef", "items", "required"];
    let described =
        input.get("properties").is_some_and(|members| members.as_object().is_none_or(|all| !all.is_empty()));
    let is_object = input.get("type").is_none_or(|name| name == "object");
    is_object
        && !described
        && !plain.iter().any(|name| input.get(name).is_some_and(|value| *value != Value::Array(Vec::new())))
}

fn suggested(tool: &Tree) -> Vec<&'static str> {
    let Some(hints) = tool.get("annotations") else { return Vec::new() };
    let word = |(hint, yes, no): &(&str, &'static str, &'static str)| match hints.get(hint)? {
        Tree::Bool(true) => Some(*yes),
        Tree::Bool(false) => Some(*no),
        Tree::Null | Tree::Number(_) | Tree::Text(_) | Tree::List(_) | Tree::Record(_) => None,
    };
    HINTS.iter().filter_map(word).collect()
}

/// The same as a value. A number that does not fit is none: types do not depend on numbers.
fn value(tree: &Tree) -> Value {
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Number(digits) => serde_json::from_str(digits).unwrap_or(Value::Null),
        Tree::Text(text) => Value::String(text.clone()),
        Tree::List(elements) => elements.iter().map(value).collect(),
        Tree::Record(members) => {
            Value::Object(members.iter().map(|(name, of)| (name.clone(), value(of))).collect::<Map<_, _>>())
        }
    }
}
