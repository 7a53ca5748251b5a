//! JSON with the digits of its numbers, read strictly: no member twice, bounded depth and size.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use xp_artifact::http::{index, pointer};

/// Objects and arrays inside each other at most.
const MAX_DEPTH: usize = 32;

/// A JSON text. Numbers are kept as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
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
    /// Reads a text. `None` if it is not JSON, too deep, or has an object with two members of one name.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let raw: &RawValue = serde_json::from_str(text).ok()?;
        Self::of(raw, MAX_DEPTH)
    }

    fn of(raw: &RawValue, depth: usize) -> Option<Self> {
        let text = raw.get().trim();
        let depth = depth.checked_sub(1)?;
        Some(match text.bytes().next()? {
            b'n' => Self::Null,
            b't' => Self::Bool(true),
            b'f' => Self::Bool(false),
            b'"' => Self::Text(serde_json::from_str(text).ok()?),
            b'[' => Self::List(parsed(text, Elements(depth))?),
            b'{' => Self::Record(parsed(text, Members(depth))?),
            _ => Self::Number(text.to_owned()),
        })
    }

    /// What a JSON pointer points to.
    pub fn at(&self, text: &str) -> Option<&Self> {
        pointer(text)?.iter().try_fold(self, |here, token| match here {
            Self::Record(members) => members.iter().find(|(name, _)| name == token).map(|(_, value)| value),
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

    /// Writes it.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(digits) => out.push_str(digits),
            Self::Text(text) => out.push_str(&serde_json::Value::String(text.clone()).to_string()),
            Self::List(elements) => {
                out.push('[');
                for (number, element) in elements.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Record(members) => {
                out.push('{');
                for (number, (name, value)) in members.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    Self::Text(name.clone()).write(out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn parsed<'t, T, S: DeserializeSeed<'t, Value = T>>(text: &'t str, seed: S) -> Option<T> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = seed.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(found)
}

/// Reads an array whose elements have this depth left.
struct Elements(usize);

impl<'t> DeserializeSeed<'t> for Elements {
    type Value = Vec<Tree>;

    fn deserialize<D: serde::Deserializer<'t>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'t> Visitor<'t> for Elements {
    type Value = Vec<Tree>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(raw) = access.next_element::<&RawValue>()? {
            found.push(Tree::of(raw, self.0).ok_or_else(refused)?);
        }
        Ok(found)
    }
}

/// Reads an object whose members have this depth left.
struct Members(usize);

impl<'t> DeserializeSeed<'t> for Members {
    type Value = Vec<(String, Tree)>;

    fn deserialize<D: serde::Deserializer<'t>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'t> Visitor<'t> for Members {
    type Value = Vec<(String, Tree)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut names) = (Vec::new(), std::collections::HashSet::new());
        while let Some((name, raw)) = access.next_entry::<String, &RawValue>()? {
            if !names.insert(name.clone()) {
                return Err(refused());
            }
            found.push((name, Tree::of(raw, self.0).ok_or_else(refused)?));
        }
        Ok(found)
    }
}

fn refused<E: serde::de::Error>() -> E {
    E::custom("refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_kept_and_members_are_there_once() {
        let tree = Tree::read(br#"{"a": [1e400, 9007199254740993, -0.10], "b~/": {"x": null}}"#).unwrap();
        assert_eq!(tree.at("/a/1"), Some(&Tree::Number("9007199254740993".to_owned())));
        assert_eq!(tree.at("/a/0"), Some(&Tree::Number("1e400".to_owned())));
        assert_eq!(tree.at("/b~0~1/x"), Some(&Tree::Null));
        assert_eq!((tree.at("/a/-"), tree.at("/a/01"), tree.at("a")), (None, None, None));
        for bad in
            [r#"{"a":1,"a":2}"#, r#"{"a":{"b":1,"\u0062":2}}"#, "\u{feff}{}", "{} {}", "{", "NaN", "[1,]", ""]
        {
            assert_eq!(Tree::read(bad.as_bytes()), None, "{bad}");
        }
        assert!(Tree::read(&[b'"', 0xff, b'"']).is_none());
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Tree::read(deep(32).as_bytes()).is_some());
        assert!(Tree::read(deep(33).as_bytes()).is_none());
        assert!(Tree::read(deep(100_000).as_bytes()).is_none());
    }

    #[test]
    fn what_is_put_together_reads_the_same() {
        let mut tree = Tree::Null;
        let tokens = |text: &str| pointer(text).unwrap();
        tree.put(&tokens("/lines/0/sku"), Tree::Text("a\"\u{7}ü".to_owned())).unwrap();
        tree.put(&tokens("/lines/1"), Tree::Number("12.50".to_owned())).unwrap();
        assert_eq!(tree.put(&tokens("/lines/1/x"), Tree::Null), None);
        let mut text = String::new();
        tree.write(&mut text);
        assert_eq!(Tree::read(text.as_bytes()), Some(tree));
    }
}
