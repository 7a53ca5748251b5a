//! How an action of a user's connector is done by a tool of an MCP server: one call, whose arguments are filled by typed
//! arguments, and how its answer is read.
//!
//! It names no server: that is the operator's. It names the tool as it was listed when the declaration was written, by digest, so
//! a server whose tool has become another one is noticed before it is called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_json::Tree;
use xp_scope::Digest;

use crate::declaration::FieldPath;
use crate::http::{Condition, Form, Part};

/// Longest name of a tool.
pub const MAX_TOOL: usize = 128;
/// Objects and arrays inside each other in the description of a tool.
pub const TOOL_DEPTH: usize = 64;

/// One call and the reading of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mcp {
    /// Name of the tool.
    pub tool: String,
    /// Digest of the tool as it is listed, see [`tool_digest`].
    pub listed: Digest,
    /// What stands in the object of arguments, by JSON pointer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<Part>,
    /// What the structured content of a success says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Where the result is in the answer. A field without an entry is the argument that `result.field is` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ToolReading>,
    /// The argument by which the server knows a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyArgument>,
}

/// Where a field of the result is in a tool's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolReading {
    /// The field; empty for the result itself.
    pub field: FieldPath,
    /// Where it is.
    pub from: Told,
    /// How its value is written there.
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub form: Form,
}

/// A place in a tool's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A JSON pointer into the structured content.
    Structured(String),
    /// The text of all blocks of content, joined by line feeds. A block that is no text is not read.
    Text,
    /// A JSON pointer into the one block of content, whose text is JSON.
    TextJson(String),
}

/// An argument with an identifier of the use, for which the server does an action once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyArgument {
    /// A JSON pointer into the arguments.
    pub at: String,
    /// How long the server keeps keys, in seconds.
    pub seconds: u64,
}

/// A text that can be the name of a tool.
#[must_use]
pub fn is_tool(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    !text.is_empty() && text.len() <= MAX_TOOL && text.bytes().all(fits)
}

/// Whether a schema of arguments wants some of them in headers, too (`x-mcp-header` anywhere in it), where they are seen on the way.
#[must_use]
pub fn wants_headers(schema: &Tree) -> bool {
    match schema {
        Tree::Record(members) => members
            .iter()
            .any(|(name, value)| name.eq_ignore_ascii_case("x-mcp-header") || wants_headers(value)),
        Tree::List(elements) => elements.iter().any(wants_headers),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => false,
    }
}

/// The digest of a tool as a server lists it, whole: name, schemas, descriptions, annotations. The order of members does not count.
#[must_use]
pub fn tool_digest(tool: &Tree) -> Digest {
    Digest::of(tool.sorted().to_string().as_bytes())
}
