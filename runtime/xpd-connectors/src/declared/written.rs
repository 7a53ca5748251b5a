//! Typed values as they are written in requests and answers.

use xp_artifact::RecordTable;
use xp_artifact::http::Form;
use xp_json::Tree;
use xp_scope::{MAX_INT, Records as _, Type, Value, decimal, instant};

/// A value in a form. `None` if it is not of the type, or the form cannot express it.
pub(crate) fn tree(value: &Value, ty: &Type, form: Form, records: &RecordTable) -> Option<Tree> {
    let text = |value: &Value| value.as_text().map(str::to_owned);
    Some(match (form, ty) {
        (Form::Number, Type::Decimal { .. }) => Tree::Number(text(value)?),
        (Form::Minor, Type::Decimal { scale, .. }) => {
            Tree::Number(decimal::scaled(value.as_text()?, *scale)?.to_string())
        }
        (Form::Unix, Type::Time) => {
            let millis = instant::millis(value.as_text()?)?;
            if millis % 1_000 != 0 {
                return None;
            }
            Tree::Number((millis / 1_000).to_string())
        }
        (Form::Text, _) => match tree(value, ty, Form::Plain, records)? {
            Tree::Number(digits) => Tree::Text(digits),
            Tree::Bool(value) => Tree::Text(value.to_string()),
            _ => return None,
        },
        (Form::Number | Form::Minor | Form::Unix, _) => return None,
        (Form::Plain, Type::List(element) | Type::Set(element)) => {
            let elements = value.as_list()?.iter().map(|value| tree(value, element, Form::Plain, records));
            Tree::List(elements.collect::<Option<_>>()?)
        }
        (Form::Plain, Type::Record(name)) => {
            let members = value.as_record()?;
            let mut found = Vec::new();
            for (field, ty) in records.fields(name)? {
                if let Some(value) = members.get(field) {
                    found.push((field.to_owned(), tree(value, ty, Form::Plain, records)?));
                }
            }
            Tree::Record(found)
        }
        (Form::Plain, _) => literal(value)?,
    })
}

/// A text, integer or Boolean.
pub(crate) fn literal(value: &Value) -> Option<Tree> {
    Some(match value {
        Value::Bool(value) => Tree::Bool(*value),
        Value::Int(number) => Tree::Number(number.to_string()),
        Value::Text(text) => Tree::Text(text.clone()),
        Value::List(_) | Value::Record(_) => return None,
    })
}

/// The text of a single value, for a query, header, form or path.
pub(crate) fn text(tree: Tree) -> Option<String> {
    match tree {
        Tree::Text(text) | Tree::Number(text) => Some(text),
        Tree::Bool(value) => Some(value.to_string()),
        Tree::Null | Tree::List(_) | Tree::Record(_) => None,
    }
}

/// The value of a type that stands in an answer. `None` if none stands there.
pub(crate) fn value(tree: &Tree, ty: &Type, form: Form, records: &RecordTable) -> Option<Value> {
    let found = read(tree, ty, form, records)?;
    xp_scope::check(&found, ty, records).is_ok().then_some(found)
}

fn read(tree: &Tree, ty: &Type, form: Form, records: &RecordTable) -> Option<Value> {
    let plain = |tree: &Tree, ty: &Type| read(tree, ty, Form::Plain, records);
    Some(match (form, ty, tree) {
        (Form::Minor, Type::Decimal { scale, .. }, Tree::Number(digits)) => {
            Value::Text(decimal::written(integer(digits)?, *scale)?)
        }
        (Form::Minor, ..) => return None,
        (Form::Number, Type::Decimal { scale, .. }, Tree::Number(digits)) => amount(digits, *scale)?,
        (Form::Number, ..) => return None,
        (Form::Unix, Type::Time, Tree::Number(digits)) => {
            Value::Text(instant::written(integer(digits)?.checked_mul(1_000)?)?)
        }
        (Form::Unix, ..) => return None,
        (Form::Text, Type::Bool, Tree::Text(text)) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return None,
        },
        (Form::Text, Type::Int | Type::Duration, Tree::Text(digits)) => Value::Int(integer(digits)?),
        (Form::Text, ..) => return None,
        (Form::Plain, Type::Bool, Tree::Bool(value)) => Value::Bool(*value),
        (Form::Plain, Type::Int | Type::Duration, Tree::Number(digits)) => Value::Int(integer(digits)?),
        (Form::Plain, Type::Decimal { scale, .. }, Tree::Text(digits) | Tree::Number(digits)) => {
            amount(digits, *scale)?
        }
        (Form::Plain, Type::Time, Tree::Text(text)) => Value::Text(utc(text)?),
        (
            Form::Plain,
            Type::Text | Type::Path | Type::Branch | Type::Commit | Type::Tree | Type::Url | Type::Enum(_),
            Tree::Text(text),
        ) => Value::Text(text.clone()),
        (Form::Plain, Type::List(element), Tree::List(elements)) => {
            Value::List(elements.iter().map(|tree| plain(tree, element)).collect::<Option<_>>()?)
        }
        (Form::Plain, Type::Set(element), Tree::List(elements)) => {
            let list = elements.iter().map(|tree| plain(tree, element)).collect::<Option<_>>()?;
            xp_scope::in_order(Value::List(list), ty, records)
        }
        (Form::Plain, Type::Record(name), Tree::Record(members)) => {
            let mut found = std::collections::BTreeMap::new();
            for (field, ty) in records.fields(name)? {
                let here = members.iter().find(|(member, _)| member == field).map(|(_, value)| value);
                match here {
                    None | Some(Tree::Null) if records.is_optional(name, field) => {}
                    Some(tree) => {
                        found.insert(field.to_owned(), plain(tree, ty)?);
                    }
                    None => return None,
                }
            }
            Value::Record(found)
        }
        (Form::Plain, ..) => return None,
    })
}

/// An integer, written without point and exponent.
fn integer(digits: &str) -> Option<i64> {
    let number: i64 = digits.parse().ok()?;
    let plain = number.to_string() == digits;
    (plain && (-MAX_INT..=MAX_INT).contains(&number)).then_some(number)
}

/// An amount by its digits: fewer after the point than the type has are filled up, more are refused unless they are zeros.
fn amount(digits: &str, scale: u8) -> Option<Value> {
    let wanted = usize::from(scale);
    let shortened = match digits.split_once('.') {
        Some((whole, fraction)) if fraction.len() > wanted => {
            let (kept, rest) = fraction.split_at_checked(wanted)?;
            if !rest.bytes().all(|byte| byte == b'0') {
                return None;
            }
            if kept.is_empty() { whole.to_owned() } else { format!("{whole}.{kept}") }
        }
        _ => digits.to_owned(),
    };
    let text = decimal::written(decimal::padded(&shortened, scale)?, scale)?;
    Some(Value::Text(text))
}

/// An instant with any offset, in its canonical text. One that is finer than a millisecond is refused.
fn utc(text: &str) -> Option<String> {
    let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    if at.nanosecond() % 1_000_000 != 0 {
        return None;
    }
    instant::written(at.unix_timestamp().checked_mul(1_000)?.checked_add(i64::from(at.millisecond()))?)
}

/// The text of a header as the value of a type.
pub(crate) fn header(text: &str, ty: &Type, form: Form, records: &RecordTable) -> Option<Value> {
    let tree = match (form, ty) {
        (Form::Text, _) => Tree::Text(text.to_owned()),
        (Form::Plain, Type::Bool) => Tree::read(text.as_bytes()).ok()?,
        (Form::Plain, Type::Int | Type::Duration) | (Form::Number | Form::Minor | Form::Unix, _) => {
            Tree::Number(text.to_owned())
        }
        (Form::Plain, _) => Tree::Text(text.to_owned()),
    };
    value(&tree, ty, form, records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_their_digits() {
        let records = RecordTable::default();
        let euros = Type::Decimal { scale: 2, unit: Some("EUR".to_owned()) };
        let number = |digits: &str| Tree::Number(digits.to_owned());
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let read = |tree: &Tree, form| value(tree, &euros, form, &records);
        for (tree, form, wanted) in [
            (number("12.5"), Form::Plain, text("12.50")),
            (number("12.5000"), Form::Number, text("12.50")),
            (number("12"), Form::Plain, text("12.00")),
            (Tree::Text("12.50".to_owned()), Form::Plain, text("12.50")),
            (number("1250"), Form::Minor, text("12.50")),
            (number("9007199254740.93"), Form::Plain, text("9007199254740.93")),
            (number("0.1e2"), Form::Plain, None),
            (number("12.505"), Form::Plain, None),
            (number("1e400"), Form::Minor, None),
            (number("12.5"), Form::Minor, None),
            (Tree::Text("1250".to_owned()), Form::Minor, None),
            (Tree::Text("12.50".to_owned()), Form::Number, None),
            (Tree::Null, Form::Plain, None),
        ] {
            assert_eq!(read(&tree, form), wanted, "{tree:?} {form:?}");
        }
        for form in [Form::Plain, Form::Number, Form::Minor] {
            let sent = tree(&Value::Text("12.50".to_owned()), &euros, form, &records).unwrap();
            assert_eq!(read(&sent, form), text("12.50"), "{form:?}");
        }
    }

    #[test]
    fn instants_are_taken_with_any_offset() {
        let records = RecordTable::default();
        let read = |text: &str| value(&Tree::Text(text.to_owned()), &Type::Time, Form::Plain, &records);
        assert_eq!(
            read("2026-11-26T20:00:00.250000+02:00"),
            Some(Value::Text("2026-11-26T18:00:00.250Z".to_owned()))
        );
        assert_eq!(read("2026-11-26T18:00:00.000001Z"), None);
        assert_eq!(read("2026-11-26 18:00"), None);
        let unix = value(&Tree::Number("0".to_owned()), &Type::Time, Form::Unix, &records);
        assert_eq!(unix, Some(Value::Text("1970-01-01T00:00:00Z".to_owned())));
    }
}
