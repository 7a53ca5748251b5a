//! The order of values: which types have one, and the integers that stand for their values.

use crate::decimal::{self, MAX_SCALED};
use crate::instant;
use crate::types::Type;
use crate::value::{MAX_INT, Value};

/// Whether values of the type are ordered. Decimals are comparable with those of the same type only: same scale, same unit.
#[must_use]
pub fn is_ordered(ty: &Type) -> bool {
    bounds(ty).is_some()
}

/// The integer that stands for a value in the order of its type; none if the type has no order or the value is not of it.
///
/// An integer stands for itself, a decimal for its scaled integer, a time for its milliseconds since the Unix epoch, a
/// duration for its seconds. Two values of a type have the same rank only if they are the same value.
#[must_use]
pub fn rank(value: &Value, ty: &Type) -> Option<i64> {
    let rank = match (ty, value) {
        (Type::Int | Type::Duration, Value::Int(integer)) => *integer,
        (Type::Decimal { scale, .. }, Value::Text(text)) => decimal::scaled(text, *scale)?,
        (Type::Time, Value::Text(text)) => instant::millis(text)?,
        _ => return None,
    };
    within(rank, ty).then_some(rank)
}

/// The value of a type that has this rank; the inverse of [`rank`].
#[must_use]
pub fn ranked(rank: i64, ty: &Type) -> Option<Value> {
    if !within(rank, ty) {
        return None;
    }
    match ty {
        Type::Int | Type::Duration => Some(Value::Int(rank)),
        Type::Decimal { scale, .. } => decimal::written(rank, *scale).map(Value::Text),
        Type::Time => instant::written(rank).map(Value::Text),
        _ => None,
    }
}

/// The smallest and the largest rank of a type that has an order.
#[must_use]
pub fn bounds(ty: &Type) -> Option<(i64, i64)> {
    match ty {
        Type::Int => Some((-MAX_INT, MAX_INT)),
        Type::Decimal { .. } => Some((-MAX_SCALED, MAX_SCALED)),
        Type::Time => Some((instant::FIRST, instant::LAST)),
        Type::Duration => Some((0, MAX_INT)),
        Type::Bool
        | Type::Text
        | Type::Path
        | Type::Branch
        | Type::Commit
        | Type::Tree
        | Type::Url
        | Type::Enum(_)
        | Type::List(_)
        | Type::Set(_)
        | Type::Record(_) => None,
    }
}

fn within(rank: i64, ty: &Type) -> bool {
    bounds(ty).is_some_and(|(least, most)| (least..=most).contains(&rank))
}
