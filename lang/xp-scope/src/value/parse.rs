//! Strict reading of values: what is not exactly a value is refused, never repaired.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::model::{MAX_INT, Value};

/// Bounds on what is read; checked while reading, so that nothing larger is ever built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Nesting of lists and records.
    pub depth: usize,
    /// Values in all, nested ones included.
    pub values: usize,
    /// Characters of one text or of one key.
    pub chars: usize,
    /// Elements of one list, members of one record.
    pub length: usize,
}

impl Limits {
    /// One MiB, 32 deep, 100,000 values, texts of 65,536 characters, lists of 10,000.
    pub const DEFAULT: Self =
        Self { bytes: 1 << 20, depth: 32, values: 100_000, chars: 65_536, length: 10_000 };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a text is not a value, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at line {line}, column {column}")]
pub struct ValueError {
    /// What is wrong.
    pub fault: ValueFault,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

/// What is wrong with a text that should be a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueFault {
    /// The bytes are not UTF-8.
    #[error("invalid utf-8")]
    NotUtf8,
    /// Not JSON; in the words of the reader.
    #[error("{0}")]
    Syntax(String),
    /// Something follows the value.
    #[error("unexpected data after the value")]
    Trailing,
    /// `null`.
    #[error("null is no value")]
    Null,
    /// A number with a fraction, an exponent or a minus before zero.
    #[error("a number is an integer in digits alone")]
    NotAnInteger,
    /// An integer beyond ±(2^53 − 1).
    #[error("an integer lies within ±(2^53 − 1)")]
    Range,
    /// Bytes, where a format has them.
    #[error("bytes are no value")]
    Bytes,
    /// The same key twice in one record.
    #[error("duplicate key {0:?}")]
    Duplicate(String),
    /// More bytes than allowed.
    #[error("longer than {0} bytes")]
    TooManyBytes(usize),
    /// Nested deeper than allowed.
    #[error("nested deeper than {0}")]
    TooDeep(usize),
    /// More values than allowed.
    #[error("more than {0} values")]
    TooManyValues(usize),
    /// A text or key longer than allowed.
    #[error("a text of more than {0} characters")]
    TooManyChars(usize),
    /// A list or record with more elements than allowed.
    #[error("more than {0} elements")]
    TooLong(usize),
}

fn parse(bytes: &[u8], limits: Limits) -> Result<Value, ValueError> {
    if bytes.len() > limits.bytes {
        return Err(ValueError { fault: ValueFault::TooManyBytes(limits.bytes), line: 1, column: 1 });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        ValueError { fault: ValueFault::NotUtf8, line, column }
    })?;
    let tally = RefCell::new(Tally { values: 0, fault: None });
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { limits: &limits, depth: 0, tally: &tally }
        .deserialize(&mut reader)
        .map_err(|error| located(&error, tally.take().fault))?;
    reader.end().map_err(|error| located(&error, Some(ValueFault::Trailing)))?;
    Ok(value)
}

fn located(error: &serde_json::Error, fault: Option<ValueFault>) -> ValueError {
    let (line, column) = (error.line(), error.column());
    let fault = fault.unwrap_or_else(|| {
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        ValueFault::Syntax(text.strip_suffix(&place).unwrap_or(&text).to_owned())
    });
    ValueError { fault, line: line.max(1), column: column.max(1) }
}

impl Value {
    /// Reads strict JSON: no null, no fraction or exponent, no duplicate key, nothing after the value.
    pub fn parse(bytes: &[u8], limits: Limits) -> Result<Self, ValueError> {
        parse(bytes, limits)
    }
}

/// As strict as [`Value::parse`], within [`Limits::DEFAULT`].
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tally = RefCell::new(Tally { values: 0, fault: None });
        Strict { limits: &Limits::DEFAULT, depth: 0, tally: &tally }.deserialize(deserializer)
    }
}

/// What one reading has seen. The fault is kept here because serde's errors are text.
#[derive(Default)]
struct Tally {
    values: usize,
    fault: Option<ValueFault>,
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    limits: &'a Limits,
    depth: usize,
    tally: &'a RefCell<Tally>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(&self, fault: ValueFault) -> E {
        let error = E::custom(&fault);
        self.tally.borrow_mut().fault = Some(fault);
        error
    }

    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == self.limits.depth {
            return Err(self.refuse(ValueFault::TooDeep(self.limits.depth)));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn text<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        let limit = self.limits.chars;
        if text.len() > limit && text.chars().count() > limit {
            return Err(self.refuse(ValueFault::TooManyChars(limit)));
        }
        Ok(())
    }

    fn room<E: serde::de::Error>(&self, taken: usize) -> Result<(), E> {
        if taken == self.limits.length {
            return Err(self.refuse(ValueFault::TooLong(taken)));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let full = {
            let mut tally = self.tally.borrow_mut();
            tally.values += 1;
            tally.values > self.limits.values
        };
        if full {
            return Err(self.refuse(ValueFault::TooManyValues(self.limits.values)));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Boolean, an integer, a text, a list or a record")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_INT.unsigned_abs() {
            return Err(self.refuse(ValueFault::Range));
        }
        Ok(Value::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(self.refuse(ValueFault::Range)),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // The JSON reader hands over integers beyond 64 bits as floats; for fractions the range is beside the point.
        let beyond = value.fract() == 0.0 && value.abs() >= 9_223_372_036_854_775_808.0;
        Err(self.refuse(if beyond { ValueFault::Range } else { ValueFault::NotAnInteger }))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.text(value)?;
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.text(&value)?;
        Ok(Value::Text(value))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        Err(self.refuse(ValueFault::Null))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        Err(self.refuse(ValueFault::Null))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Value, E> {
        Err(self.refuse(ValueFault::Bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(value) = elements.next_element_seed(inside)? {
            self.room(list.len())?;
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut record = BTreeMap::new();
        while let Some(key) = members.next_key::<String>()? {
            self.text(&key)?;
            self.room(record.len())?;
            if record.contains_key(&key) {
                return Err(self.refuse(ValueFault::Duplicate(key)));
            }
            record.insert(key, members.next_value_seed(inside)?);
        }
        Ok(Value::Record(record))
    }
}
