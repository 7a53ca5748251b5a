//! Plain values of the types that name nothing by habit: amounts, times, durations, URLs.

use xp_scope::{Type, Value, rank};

/// A value of the type, another one for each number, of types that have so many; none of other types.
pub(crate) fn value(ty: &Type, number: usize) -> Option<Value> {
    match ty {
        Type::Url => Some(Value::Text(format!("https://example.com/{number}"))),
        Type::Time => rank::ranked(i64::try_from(number).ok()?.checked_mul(1_000)?, ty),
        Type::Decimal { .. } | Type::Duration => {
            rank::ranked(i64::try_from(number).ok()?.checked_add(1)?, ty)
        }
        _ => None,
    }
}
