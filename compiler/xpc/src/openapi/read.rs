//! A description is one JSON document.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::import::why;

/// The document of a text, or what is wrong with it.
///
/// # Errors
/// If it is no JSON, has a member twice, or is no OpenAPI description of a version that is known.
pub fn document(bytes: &[u8]) -> Result<Value, String> {
    let root = match serde_json::from_slice::<Strict>(bytes) {
        Ok(Strict(root)) => root,
        Err(error) => {
            return Err(format!(
                "is no JSON that can be read: {error}; a description in YAML is converted first"
            ));
        }
    };
    if root.get("swagger").is_some() {
        return Err("is a description of Swagger 2; convert it to OpenAPI 3 first".to_owned());
    }
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !["3.0", "3.1"].iter().any(|known| version == *known || version.starts_with(&format!("{known}."))) {
        return Err("is no OpenAPI description of version 3.0 or 3.1: its member `openapi` does not say so"
            .to_owned());
    }
    match root.get("paths") {
        Some(Value::Object(_)) => Ok(root),
        _ => Err("describes no paths".to_owned()),
    }
}

/// A value in which no object has a member twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Strict, E> {
        Ok(Strict(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Strict(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut map = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom(format_args!(
                    "an object has the member {} twice",
                    why::shown(&name)
                )));
            }
            map.insert(name, value);
        }
        Ok(Strict(Value::Object(map)))
    }
}
