//! How an action of a user's connector is done over HTTP: one request, whose holes are filled by typed arguments, and how its
//! answer is read.
//!
//! It names no host and no credential: those are the operator's. Every value stands alone in its place (a segment of the path, a
//! value of the query or of a header, a leaf of the body), so a place can be encoded, and checked by decoding, without knowing
//! the others.

pub mod rules;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::{Type, Value};

use crate::declaration::FieldPath;

/// One request and the reading of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The method.
    pub method: Method,
    /// Segments of the path below the operator's base address.
    pub path: Vec<Segment>,
    /// Pairs of the query, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Part>,
    /// Headers besides those that the server sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Part>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Which answers say that the action is done. Any other leaves it in doubt, unless the operator registered it as a failure.
    pub success: Success,
    /// Where the result is in the answer. A field without an entry is the argument that `result.field is` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Reading>,
    /// The header by which the upstream knows a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// Where the identifier of the use is left at the upstream, for the probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<Marker>,
    /// How it is found out whether the action was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
}

/// A method of HTTP (RFC 9110, RFC 5789).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Sends something to be processed.
    Post,
    /// Replaces.
    Put,
    /// Changes a part.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 5] = [
        ("GET", Self::Get),
        ("POST", Self::Post),
        ("PUT", Self::Put),
        ("PATCH", Self::Patch),
        ("DELETE", Self::Delete),
    ];

    /// As it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, method)| *method == self).map_or("", |(name, _)| *name)
    }

    /// A request with it may have a body.
    #[must_use]
    pub fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put | Self::Patch)
    }

    /// A second request like the first changes nothing more (RFC 9110, section 9.2.2), of those that are for changes.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        matches!(self, Self::Put | Self::Delete)
    }
}

/// A segment of a path: a text, or one argument and nothing beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// This text.
    Literal(String),
    /// An argument.
    Argument(Argument),
}

/// An argument in a place of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Its index.
    pub index: u32,
    /// Fields followed from it.
    pub fields: FieldPath,
    /// How its value is written.
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub form: Form,
}

/// A named place and what stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Name of the pair or header; in a JSON body, a pointer (RFC 6901).
    pub name: String,
    /// What stands there. An optional argument that is absent leaves the place out.
    pub value: Filler,
}

/// What stands in a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Filler {
    /// This value.
    Literal(Value),
    /// An argument.
    Argument(Argument),
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Its media type.
    pub format: BodyFormat,
    /// Its leaves.
    pub parts: Vec<Part>,
}

/// The media type of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// How a value is written in the request or in the answer, where that is not the JSON form of its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The JSON form of the type.
    #[default]
    Plain,
    /// A decimal as a JSON number.
    Number,
    /// A decimal as an integer of its smallest part: `"12.50"` is 1250.
    Minor,
    /// A time as seconds since 1970.
    Unix,
    /// An integer or Boolean as a string.
    Text,
}

impl Form {
    /// Those that are written with `as`.
    pub const NAMED: [(&'static str, Self); 4] =
        [("number", Self::Number), ("minor", Self::Minor), ("unix", Self::Unix), ("text", Self::Text)];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::Plain
    }

    /// Values of the type can be written so.
    #[must_use]
    pub fn fits(self, ty: &Type) -> bool {
        match self {
            Self::Plain => true,
            Self::Number | Self::Minor => matches!(ty, Type::Decimal { .. }),
            Self::Unix => matches!(ty, Type::Time),
            Self::Text => matches!(ty, Type::Int | Type::Bool | Type::Duration),
        }
    }
}

/// The answers that say that an action is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Success {
    /// Statuses, each of 200 to 299.
    pub statuses: Vec<u16>,
    /// What the body must say besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// A leaf of the answer has this value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// A JSON pointer.
    pub at: String,
    /// A text, an integer or a Boolean.
    pub is: Value,
}

/// Where a field of the result is in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The field; empty for the result itself.
    pub field: FieldPath,
    /// Where it is.
    pub from: Answered,
    /// How its value is written there.
    #[serde(default, skip_serializing_if = "Form::is_plain")]
    pub form: Form,
}

/// A place in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// A JSON pointer into the body.
    Body(String),
    /// A header.
    Header(String),
}

/// A header with an identifier of the use, for which the upstream does an action once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The header.
    pub header: String,
    /// How long the upstream keeps keys, in seconds.
    pub seconds: u64,
}

/// Where an identifier of the use is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// In which part of the request.
    pub place: Place,
    /// Name of the pair or header; in a JSON body, a pointer.
    pub at: String,
}

/// A part of a request in which named values stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The query.
    Query,
    /// The headers.
    Header,
    /// A body in JSON.
    Json,
    /// A body of pairs.
    Form,
}

impl Place {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 4] =
        [("query", Self::Query), ("header", Self::Header), ("json", Self::Json), ("form", Self::Form)];
}

/// A GET that shows what the action made, or that it made nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Segments of the path.
    pub path: Vec<Segment>,
    /// Pairs of the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<Part>,
    /// The answer is a list of such things; otherwise it is the thing, and 404 says that there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Listed>,
    /// Pointer to the identifier of the use, in the thing.
    pub marker: String,
}

/// A list in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Pointer to it.
    pub at: String,
    /// Elements an answer has at most. One with as many does not say that what is not among them does not exist.
    pub max: u32,
}
