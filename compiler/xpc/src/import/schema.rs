//! Types of the language from schemas.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Value};

use super::document::Document;
use super::names;
use super::why::{self, Why};

/// Most words of an enumeration; a longer one is a text.
const MAX_WORDS: usize = 100;
/// Schemas that stand for one another.
const MAX_STEPS: usize = 16;
/// Most alternatives that are looked at.
const MAX_ALTERNATIVES: usize = 8;
/// Most members of an object in an array.
const MAX_MEMBERS: usize = 50;

/// A type that a draft uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Int,
    Bool,
    Time,
    Url,
    /// An enumeration of at least two words.
    Words(Vec<String>),
    List(Box<Type>),
    /// An element of a list whose members are single values or lists of them.
    Record(Vec<Member>),
}

/// A member of an object in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub ty: Type,
    pub optional: bool,
    /// It is there in every object, and may be `null`.
    null: bool,
}

impl Type {
    /// Some of its objects have a member that must be there and may be `null`, which is no value of the language.
    pub fn needs_null(&self) -> bool {
        match self {
            Self::List(of) => of.needs_null(),
            Self::Record(members) => members.iter().any(|member| member.null),
            Self::Text | Self::Int | Self::Bool | Self::Time | Self::Url | Self::Words(_) => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Int => f.write_str("int"),
            Self::Bool => f.write_str("bool"),
            Self::Time => f.write_str("time"),
            Self::Url => f.write_str("url"),
            Self::Words(words) => f.write_str(&words.join(" | ")),
            Self::List(of) => write!(f, "list of {of}"),
            Self::Record(members) => {
                let written = |member: &Member| {
                    format!(
                        "{}: {}{}",
                        member.name,
                        if member.optional { "optional " } else { "" },
                        member.ty
                    )
                };
                write!(f, "{{ {} }}", members.iter().map(written).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// What a schema describes.
pub enum Shape<'d> {
    /// A value or a list of values.
    Leaf(Type),
    /// An object: its schema and its members.
    Object(&'d Value, &'d Map<String, Value>),
}

/// A schema that was read.
pub struct Schema<'d> {
    /// The schema that says it, after references. Two that are the same are one node of the document.
    pub node: &'d Value,
    pub shape: Shape<'d>,
    /// `null` is a value of it.
    pub nullable: bool,
}

/// Reads a schema.
///
/// # Errors
/// If it describes what has no type, with the reason.
pub fn read<'d>(document: Document<'d>, schema: &'d Value) -> Result<Schema<'d>, Why> {
    read_in(document, schema, Around::Nothing)
}

/// What a schema that is read lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    /// An object in an array: arrays of objects are not looked into again.
    Element,
}

fn read_in<'d>(document: Document<'d>, schema: &'d Value, around: Around) -> Result<Schema<'d>, Why> {
    let mut node = schema;
    let mut nullable = false;
    for _ in 0..MAX_STEPS {
        node = document.resolve(node)?;
        nullable |= is(node, "nullable");
        match standing_for(document, node)? {
            Some((other, null)) => {
                node = other;
                nullable |= null;
            }
            None => {
                let (shape, null) = shape(document, node, around)?;
                return Ok(Schema { node, shape, nullable: nullable || null });
            }
        }
    }
    Err(why::RECURSION)
}

/// A flag of a schema.
pub fn is(node: &Value, flag: &str) -> bool {
    node.get(flag).and_then(Value::as_bool).unwrap_or(false)
}

/// The one schema that an `allOf`, or an `anyOf` or `oneOf` with `null`, stands for.
fn standing_for<'d>(document: Document<'d>, node: &'d Value) -> Result<Option<(&'d Value, bool)>, Why> {
    let list = |name: &str| node.get(name).and_then(Value::as_array);
    if let Some(all) = list("allOf") {
        return match all.as_slice() {
            [one] if node.get("properties").is_none() => Ok(Some((one, false))),
            _ => Err(why::ALTERNATIVES),
        };
    }
    let Some(several) = list("oneOf").or_else(|| list("anyOf")) else {
        let rest = ["oneOf", "anyOf", "not", "if", "$dynamicRef"];
        return if rest.iter().any(|name| node.get(name).is_some()) {
            Err(why::ALTERNATIVES)
        } else {
            Ok(None)
        };
    };
    if several.len() > MAX_ALTERNATIVES || node.get("properties").is_some() {
        return Err(why::ALTERNATIVES);
    }
    let is_null = |one: &&'d Value| {
        document.resolve(one).is_ok_and(|one| one.get("type").and_then(Value::as_str) == Some("null"))
    };
    let (null, others): (Vec<&Value>, Vec<&Value>) = several.iter().partition(is_null);
    match others.as_slice() {
        [one] => Ok(Some((one, !null.is_empty()))),
        _ => Err(why::ALTERNATIVES),
    }
}

/// What a schema without alternatives describes, and whether `null` is a value of it.
fn shape<'d>(document: Document<'d>, node: &'d Value, around: Around) -> Result<(Shape<'d>, bool), Why> {
    let (name, nullable) = type_name(node)?;
    let nullable = nullable || words(node).iter().take(MAX_WORDS).any(Value::is_null);
    let leaf = match name {
        "string" => text(node)?,
        "integer" => match node.get("format").and_then(Value::as_str) {
            None | Some("int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64") => {
                Type::Int
            }
            Some(_) => return Err(why::FORMAT),
        },
        "boolean" => Type::Bool,
        "number" => return Err(why::NUMBER),
        "array" => {
            let items = node.get("items").ok_or(why::LIST)?;
            let items = document.resolve(items)?;
            // The items of items are not looked at: an array in an array has no type here.
            let item = match type_name(items)? {
                ("array", _) | (_, true) => return Err(why::LIST),
                ("object", _) if around == Around::Element => return Err(why::LIST),
                ("object", _) => element(document, items)?,
                _ => match (standing_for(document, items)?, shape(document, items, around)?) {
                    (None, (Shape::Leaf(item), false)) => item,
                    _ => return Err(why::LIST),
                },
            };
            Type::List(Box::new(item))
        }
        "object" => {
            return match node.get("properties").and_then(Value::as_object) {
                Some(members) if !members.is_empty() => Ok((Shape::Object(node, members), nullable)),
                _ => Err(why::MAP),
            };
        }
        _ => return Err(why::NO_SCHEMA),
    };
    Ok((Shape::Leaf(leaf), nullable))
}

/// An object in an array. It is a type only as a whole: a member that has none leaves nothing of it.
fn element(document: Document<'_>, node: &Value) -> Result<Type, Why> {
    let described = node.get("properties").and_then(Value::as_object).ok_or(why::LIST)?;
    let of_several = standing_for(document, node)?.is_some();
    if of_several || is_open(node) || described.is_empty() || described.len() > MAX_MEMBERS {
        return Err(why::LIST);
    }
    let required = node.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut needed = HashSet::new();
    for name in required.iter().take(MAX_MEMBERS + 1) {
        needed.insert(name.as_str().filter(|name| described.contains_key(*name)).ok_or(why::LIST)?);
    }
    if required.len() > MAX_MEMBERS {
        return Err(why::LIST);
    }
    let mut alike = HashSet::new();
    let mut members = Vec::with_capacity(described.len());
    for (name, schema) in described {
        let read = read_in(document, schema, Around::Element).map_err(|_| why::LIST)?;
        let flagged = ["readOnly", "writeOnly"].iter().any(|flag| is(schema, flag) || is(read.node, flag));
        // The member is called in the language as it is in JSON.
        let named = names::is_word(name) && alike.insert(names::fold(name));
        let Shape::Leaf(ty) = read.shape else { return Err(why::LIST) };
        if flagged || !named {
            return Err(why::LIST);
        }
        let needed = needed.contains(name.as_str());
        let optional = read.nullable || !needed;
        members.push(Member { name: name.clone(), ty, optional, null: read.nullable && needed });
    }
    Ok(Type::Record(members))
}

/// The object is said to have members that are not described one by one.
pub fn is_open(node: &Value) -> bool {
    let open = node.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
    open || node.get("patternProperties").is_some()
}

/// The type that a schema names, and whether it names `null` besides.
fn type_name(node: &Value) -> Result<(&str, bool), Why> {
    match node.get("type") {
        Some(Value::String(name)) => Ok((name, false)),
        Some(Value::Array(names)) if names.len() > MAX_ALTERNATIVES => Err(why::ALTERNATIVES),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            let (null, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| *name == "null");
            match others.as_slice() {
                [one] => Ok((one, !null.is_empty())),
                _ => Err(why::ALTERNATIVES),
            }
        }
        Some(_) => Err(why::NO_SCHEMA),
        None if node.get("properties").is_some() => Ok(("object", false)),
        None if node.get("items").is_some() => Ok(("array", false)),
        None if ["oneOf", "anyOf", "allOf"].iter().any(|name| node.get(name).is_some()) => {
            Err(why::ALTERNATIVES)
        }
        None => Err(why::NO_SCHEMA),
    }
}

fn text(node: &Value) -> Result<Type, Why> {
    if node.get("contentEncoding").is_some() || node.get("contentMediaType").is_some() {
        return Err(why::BINARY);
    }
    match node.get("format").and_then(Value::as_str) {
        Some("date-time") => return Ok(Type::Time),
        Some("uri" | "url") => return Ok(Type::Url),
        Some("decimal") => return Err(why::DECIMAL),
        Some("binary" | "byte" | "base64" | "base64url") => return Err(why::BINARY),
        None
        | Some(
            "date"
            | "time"
            | "duration"
            | "email"
            | "idn-email"
            | "hostname"
            | "idn-hostname"
            | "ipv4"
            | "ipv6"
            | "iri"
            | "iri-reference"
            | "uri-reference"
            | "uri-template"
            | "uuid"
            | "json-pointer"
            | "relative-json-pointer"
            | "regex"
            | "password",
        ) => {}
        Some(_) => return Err(why::FORMAT),
    }
    Ok(enumeration(words(node)).unwrap_or(Type::Text))
}

/// The values that a schema enumerates.
fn words(node: &Value) -> &[Value] {
    node.get("enum").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn enumeration(words: &[Value]) -> Option<Type> {
    if words.len() > MAX_WORDS {
        return None;
    }
    let mut plain: Vec<String> = Vec::with_capacity(words.len());
    for word in words.iter().filter(|word| !word.is_null()) {
        let word = word.as_str().filter(|word| names::is_word(word))?;
        if !plain.iter().any(|other| other == word) {
            plain.push(word.to_owned());
        }
    }
    (plain.len() >= 2).then_some(Type::Words(plain))
}
