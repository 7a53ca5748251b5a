//! Decimal amounts: exact numbers with a fixed count of fraction digits, never binary fractions.

/// Fraction digits that a decimal type may have.
pub const MAX_SCALE: u8 = 18;
/// Characters that the unit of a decimal type may have.
pub const MAX_UNIT: usize = 12;
/// The largest scaled integer: 18 significant digits; the smallest is its negative.
pub(crate) const MAX_SCALED: i64 = 999_999_999_999_999_999;

/// The integer that the canonical text of a decimal stands for: `1000.00` of scale 2 is 100000.
///
/// None for a text that is not canonical: exactly `scale` fraction digits, no leading zero, no plus sign, no minus sign
/// before zero, at most 18 significant digits.
#[must_use]
pub fn scaled(text: &str, scale: u8) -> Option<i64> {
    let value = padded(text, scale)?;
    (written(value, scale)? == text).then_some(value)
}

/// The integer that a text stands for which may have fewer fraction digits than the scale, as a literal may.
#[must_use]
pub fn padded(text: &str, scale: u8) -> Option<i64> {
    if scale > MAX_SCALE {
        return None;
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    let missing = usize::from(scale).checked_sub(fraction.len())?;
    if whole.is_empty() {
        return None;
    }
    let zeros = std::iter::repeat_n(b'0', missing);
    let value = whole.bytes().chain(fraction.bytes()).chain(zeros).try_fold(0_i64, |value, digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        value.checked_mul(10)?.checked_add(digit).filter(|value| *value <= MAX_SCALED)
    })?;
    Some(if negative { -value } else { value })
}

/// The canonical text of a scaled integer; none for one of more than 18 digits.
#[must_use]
pub fn written(scaled: i64, scale: u8) -> Option<String> {
    if scale > MAX_SCALE || scaled.unsigned_abs() > MAX_SCALED.unsigned_abs() {
        return None;
    }
    let sign = if scaled < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    let digits = format!("{:0width$}", scaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at_checked(digits.len() - scale)?;
    Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Whether a text can be the unit of a decimal type: 1 to 12 letters, digits and `_`, not beginning with a digit.
#[must_use]
pub fn is_unit(text: &str) -> bool {
    (1..=MAX_UNIT).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}
