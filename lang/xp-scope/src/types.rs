//! Types, and whether a value is of one.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decimal;
use crate::instant;
use crate::path::{self, PathError};
use crate::refs::{self, RefError};
use crate::set;
use crate::url::{self, UrlError};
use crate::value::{MAX_INT, Value};

/// Characters a text may have.
pub const MAX_TEXT: usize = 65_536;
/// Elements a list may have.
pub const MAX_LIST: usize = 10_000;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// True or false.
    Bool,
    /// An integer within ±(2^53 − 1).
    Int,
    /// Text of bounded length.
    Text,
    /// A path inside a repository.
    Path,
    /// The short name of a branch.
    Branch,
    /// A full object id of a commit (40 or 64 lower-case hex digits).
    Commit,
    /// A full object id of a tree.
    Tree,
    /// An exact number with a fixed count of fraction digits.
    Decimal {
        /// The count, at most [`MAX_SCALE`](crate::decimal::MAX_SCALE).
        scale: u8,
        /// What is counted, `EUR`. Different units are different types.
        unit: Option<String>,
    },
    /// An instant: RFC 3339 in UTC.
    Time,
    /// A duration in whole seconds.
    Duration,
    /// An absolute `https` or `http` URL in canonical form.
    Url,
    /// One of these words.
    Enum(Vec<String>),
    /// A list.
    List(Box<Type>),
    /// A set: a list without equal elements, in the order of their canonical bytes.
    Set(Box<Type>),
    /// A record, by qualified name.
    Record(String),
}

impl Type {
    /// Its values have no members and no elements.
    #[must_use]
    pub fn is_single(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Set(_) | Self::Record(_))
    }

    /// Its values are written as text.
    #[must_use]
    pub fn is_written_as_text(&self) -> bool {
        match self {
            Self::Text
            | Self::Path
            | Self::Branch
            | Self::Commit
            | Self::Tree
            | Self::Decimal { .. }
            | Self::Time
            | Self::Url
            | Self::Enum(_) => true,
            Self::Bool | Self::Int | Self::Duration | Self::List(_) | Self::Set(_) | Self::Record(_) => false,
        }
    }
}

/// As the language writes it: `list of path`, `a | b`, `github.Issue`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Text => f.write_str("text"),
            Self::Path => f.write_str("path"),
            Self::Branch => f.write_str("branch"),
            Self::Commit => f.write_str("commit"),
            Self::Tree => f.write_str("tree"),
            Self::Decimal { scale, unit: None } => write!(f, "decimal({scale})"),
            Self::Decimal { scale, unit: Some(unit) } => write!(f, "decimal({scale}) {unit}"),
            Self::Time => f.write_str("time"),
            Self::Duration => f.write_str("duration"),
            Self::Url => f.write_str("url"),
            Self::Enum(words) => f.write_str(&words.join(" | ")),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Set(element) => write!(f, "set of {element}"),
            Self::Record(name) => f.write_str(name),
        }
    }
}

impl Type {
    /// The type of the elements of a list or set.
    #[must_use]
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::List(element) | Self::Set(element) => Some(element),
            _ => None,
        }
    }
}

/// Where record types are looked up.
pub trait Records {
    /// The fields of the record with this qualified name, in declaration order.
    fn fields(&self, name: &str) -> Option<Vec<(&str, &Type)>>;

    /// The field may be absent. JSON has no member for it then; a null is no value.
    fn is_optional(&self, _record: &str, _field: &str) -> bool {
        false
    }
}

impl Records for BTreeMap<String, Vec<(String, Type)>> {
    fn fields(&self, name: &str) -> Option<Vec<(&str, &Type)>> {
        Some(self.get(name)?.iter().map(|(field, ty)| (field.as_str(), ty)).collect())
    }
}

/// A table without records.
impl Records for () {
    fn fields(&self, _: &str) -> Option<Vec<(&str, &Type)>> {
        None
    }
}

/// Where a value is not of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: wanted {wanted}, {why}")]
pub struct Mismatch {
    /// The place, `$.a.b[2]`.
    pub at: String,
    /// The type wanted there, as the language writes it.
    pub wanted: String,
    /// Why what stands there is not of it.
    pub why: Why,
}

/// Why a value is not of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Another kind of value.
    #[error("found {0}")]
    Kind(&'static str),
    /// An integer beyond ±(2^53 − 1).
    #[error("found an integer beyond ±(2^53 − 1)")]
    Range,
    /// More than [`MAX_TEXT`] characters.
    #[error("found more than {MAX_TEXT} characters")]
    LongText,
    /// More than [`MAX_LIST`] elements.
    #[error("found more than {MAX_LIST} elements")]
    LongList,
    /// A zero character, where other layers end a text.
    #[error("found a zero character")]
    Nul,
    /// No path.
    #[error("found {0}")]
    Path(PathError),
    /// No short name of a branch.
    #[error("found {0}")]
    Branch(RefError),
    /// Not 40 or 64 lower-case hex digits, or all of them zero.
    #[error("found no full object id")]
    ObjectId,
    /// Not the canonical text of a decimal.
    #[error(
        "found no number with exactly {scale} fraction digits and at most 18 digits, such as {example:?}"
    )]
    Decimal {
        /// Fraction digits wanted.
        scale: u8,
        /// A text of the type.
        example: String,
    },
    /// Not the canonical text of an instant.
    #[error(
        "found no instant in UTC such as \"2026-11-26T18:00:00Z\" (with exactly three fraction digits if not a whole second)"
    )]
    Time,
    /// Not 0 to 2^53 − 1 seconds.
    #[error("found no count of seconds from 0 to 2^53 − 1")]
    Duration,
    /// No URL in canonical form.
    #[error("found {0}")]
    Url(UrlError),
    /// The same element twice in a set.
    #[error("found the element {0} twice")]
    Twice(usize),
    /// A set that is not in the order of the canonical bytes of its elements.
    #[error("found the element {0} out of order")]
    Unsorted(usize),
    /// Not one of the words.
    #[error("found another word")]
    Word,
    /// A member the record does not have.
    #[error("found the unknown member {0:?}")]
    Unknown(String),
    /// A member the record must have.
    #[error("the member `{0}` is missing")]
    Missing(String),
    /// The table has no such record.
    #[error("which is declared nowhere")]
    Undeclared,
}

/// Checks that a value is of a type, completely: no unknown member, and none missing that must be there.
pub fn check(value: &Value, ty: &Type, records: &impl Records) -> Result<(), Mismatch> {
    let wrong = |why| Err(Mismatch { at: "$".to_owned(), wanted: ty.to_string(), why });
    match (ty, value) {
        (Type::Bool, Value::Bool(_)) => Ok(()),
        (Type::Int, Value::Int(integer)) if integer.unsigned_abs() > MAX_INT.unsigned_abs() => {
            wrong(Why::Range)
        }
        (Type::Int, Value::Int(_)) => Ok(()),
        (Type::Text, Value::Text(text)) => text_fault(text).map_or(Ok(()), wrong),
        (Type::Path, Value::Text(text)) => path::check(text).or_else(|error| wrong(Why::Path(error))),
        (Type::Branch, Value::Text(text)) => {
            refs::check_branch(text).or_else(|error| wrong(Why::Branch(error)))
        }
        (Type::Commit | Type::Tree, Value::Text(text)) if is_object_id(text) => Ok(()),
        (Type::Commit | Type::Tree, Value::Text(_)) => wrong(Why::ObjectId),
        (Type::Decimal { scale, .. }, Value::Text(text)) => match decimal::scaled(text, *scale) {
            Some(_) => Ok(()),
            None => {
                let example = decimal::written(0, *scale).unwrap_or_default();
                wrong(Why::Decimal { scale: *scale, example })
            }
        },
        (Type::Time, Value::Text(text)) => match instant::millis(text) {
            Some(_) => Ok(()),
            None => wrong(Why::Time),
        },
        (Type::Duration, Value::Int(seconds)) if (0..=MAX_INT).contains(seconds) => Ok(()),
        (Type::Duration, Value::Int(_)) => wrong(Why::Duration),
        (Type::Url, Value::Text(text)) => url::check(text).or_else(|error| wrong(Why::Url(error))),
        (Type::Enum(words), Value::Text(text)) if words.contains(text) => Ok(()),
        (Type::Enum(_), Value::Text(_)) => wrong(Why::Word),
        (Type::List(_) | Type::Set(_), Value::List(list)) if list.len() > MAX_LIST => wrong(Why::LongList),
        (Type::List(element), Value::List(list)) => elements(list, element, records),
        (Type::Set(element), Value::List(list)) => {
            elements(list, element, records)?;
            match set::fault(list) {
                Some((index, true)) => wrong(Why::Twice(index)),
                Some((index, false)) => wrong(Why::Unsorted(index)),
                None => Ok(()),
            }
        }
        (Type::Record(name), Value::Record(members)) => {
            let Some(fields) = records.fields(name) else { return wrong(Why::Undeclared) };
            if let Some(member) = members.keys().find(|member| !fields.iter().any(|(f, _)| f == member)) {
                return wrong(Why::Unknown(member.clone()));
            }
            fields.into_iter().try_for_each(|(field, ty)| match members.get(field) {
                Some(value) => check(value, ty, records).map_err(|error| error.under(&format!(".{field}"))),
                None if records.is_optional(name, field) => Ok(()),
                None => wrong(Why::Missing(field.to_owned())),
            })
        }
        _ => wrong(Why::Kind(value.kind())),
    }
}

fn elements(list: &[Value], element: &Type, records: &impl Records) -> Result<(), Mismatch> {
    list.iter().enumerate().try_for_each(|(index, value)| {
        check(value, element, records).map_err(|error| error.under(&format!("[{index}]")))
    })
}

impl Mismatch {
    /// The same mismatch, seen from one level further out.
    fn under(self, step: &str) -> Self {
        let inner = self.at.strip_prefix('$').unwrap_or_default();
        Self { at: format!("${step}{inner}"), ..self }
    }
}

fn text_fault(text: &str) -> Option<Why> {
    if text.len() > MAX_TEXT && text.chars().count() > MAX_TEXT {
        Some(Why::LongText)
    } else if text.contains('\0') {
        Some(Why::Nul)
    } else {
        None
    }
}

/// A full object id: 40 or 64 lower-case hex digits. All zeros is git's word for no object.
#[must_use]
pub fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && text.bytes().any(|byte| byte != b'0')
}
