//! A JSON text as a tree.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::pointer::{index, pointer};

/// Objects and arrays inside each other, unless somebody says otherwise.
pub const MAX_DEPTH: usize = 32;

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is no JSON text in UTF-8 (RFC 8259), or something stands after it.
    #[error("this is not JSON")]
    NotJson,
    /// An object has two members of one name.
    #[error("an object has a member twice")]
    Twice,
    /// Objects and arrays are too deep inside each other.
    #[error("this is nested too deeply")]
    TooDeep,
}

/// A JSON text. Numbers are kept as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tree {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Tree>),
    /// An object; its members in order, no name twice.
    Record(Vec<(String, Tree)>),
}

impl Tree {
    /// Reads a text, at most [`MAX_DEPTH`] deep.
    ///
    /// # Errors
    /// It is not JSON, too deep, or has an object with two members of one name.
    pub fn read(bytes: &[u8]) -> Result<Self, Unread> {
        Self::read_within(bytes, MAX_DEPTH)
    }

    /// Reads a text, at most so deep. The time grows with the depth times the length.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_within(bytes: &[u8], depth: usize) -> Result<Self, Unread> {
        let text = std::str::from_utf8(bytes).map_err(|_| Unread::NotJson)?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
            // The parser's own bound, far above any of ours.
            if error.to_string().starts_with("recursion") { Unread::TooDeep } else { Unread::NotJson }
        })?;
        Self::of(raw, depth)
    }

    fn of(raw: &RawValue, depth: usize) -> Result<Self, Unread> {
        let text = raw.get().trim();
        let depth = depth.checked_sub(1).ok_or(Unread::TooDeep)?;
        Ok(match text.bytes().next().ok_or(Unread::NotJson)? {
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'"' => Self::Text(serde_json::from_str(text).map_err(|_| Unread::NotJson)?),
            b'[' => {
                let raws: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| Unread::NotJson)?;
                Self::List(raws.into_iter().map(|raw| Self::of(raw, depth)).collect::<Result<_, _>>()?)
            }
            b'{' => {
                let Members(raws) = serde_json::from_str(text).map_err(|_| Unread::NotJson)?;
                let mut names = HashSet::new();
                let mut members = Vec::with_capacity(raws.len());
                for (name, raw) in raws {
                    if !names.insert(name.clone()) {
                        return Err(Unread::Twice);
                    }
                    members.push((name, Self::of(raw, depth)?));
                }
                Self::Record(members)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    /// The member of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(elements) = self { Some(elements) } else { None }
    }

    /// The members of an object.
    #[must_use]
    pub fn as_record(&self) -> Option<&[(String, Self)]> {
        if let Self::Record(members) = self { Some(members) } else { None }
    }

    /// The same with the members of all objects sorted by name: two texts that differ in their order alone become equal.
    /// Numbers stay as they are written.
    #[must_use]
    pub fn sorted(&self) -> Self {
        match self {
            Self::List(elements) => Self::List(elements.iter().map(Self::sorted).collect()),
            Self::Record(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name.clone(), value.sorted())).collect();
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
                Self::Record(members)
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => self.clone(),
        }
    }

    /// What a JSON pointer points to.
    #[must_use]
    pub fn at(&self, text: &str) -> Option<&Self> {
        pointer(text)?.iter().try_fold(self, |here, token| match here {
            Self::Record(_) => here.get(token),
            Self::List(elements) => elements.get(index(token)?),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => None,
        })
    }

    /// Puts a value where a pointer points, with the objects and arrays that lead there. `None` if something else is there.
    pub fn put(&mut self, tokens: &[String], value: Self) -> Option<()> {
        let Some((first, rest)) = tokens.split_first() else {
            *self = value;
            return Some(());
        };
        if *self == Self::Null {
            *self = if index(first).is_some() { Self::List(Vec::new()) } else { Self::Record(Vec::new()) };
        }
        let place = match self {
            Self::Record(members) => {
                let at = members.iter().position(|(name, _)| name == first).unwrap_or_else(|| {
                    members.push((first.clone(), Self::Null));
                    members.len() - 1
                });
                &mut members.get_mut(at)?.1
            }
            Self::List(elements) => {
                let at = index(first).filter(|at| *at < 1_000)?;
                while elements.len() <= at {
                    elements.push(Self::Null);
                }
                elements.get_mut(at)?
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => return None,
        };
        place.put(rest, value)
    }
}

impl fmt::Display for Tree {
    /// As JSON, without spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => string(text, f),
            Self::List(elements) => {
                f.write_str("[")?;
                for (number, element) in elements.iter().enumerate() {
                    if number > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{element}")?;
                }
                f.write_str("]")
            }
            Self::Record(members) => {
                f.write_str("{")?;
                for (number, (name, value)) in members.iter().enumerate() {
                    if number > 0 {
                        f.write_str(",")?;
                    }
                    string(name, f)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

/// The members of an object as they stand there, so that a name can be there twice.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Members<'t> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'t> Visitor<'t> for MembersVisitor {
    type Value = Members<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(member) = access.next_entry::<String, &RawValue>()? {
            found.push(member);
        }
        Ok(Members(found))
    }
}
