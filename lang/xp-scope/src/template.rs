//! Text with values in it.

use crate::value::Value;

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Stands as it is.
    Text(&'a str),
    /// Is printed: a text as it is, an integer in decimal.
    Value(&'a Value),
}

/// The text of a template. `None` if a piece has no value, or one that cannot stand inside a text.
#[must_use]
pub fn template<'a>(pieces: impl IntoIterator<Item = Option<Piece<'a>>>) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match piece? {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Value(Value::Text(piece)) => text.push_str(piece),
            Piece::Value(Value::Int(number)) => text.push_str(&number.to_string()),
            Piece::Value(Value::Bool(_) | Value::List(_) | Value::Record(_)) => return None,
        }
    }
    Some(text)
}
