//! Numbers with a unit of time.

/// The units of a duration, with the seconds of each.
pub(crate) const UNITS: [(&str, i64); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

/// The seconds of `30s`, `15m`, `2h` or `7d`; none for anything else, and where they are too many to count.
pub(crate) fn seconds(written: &str) -> Option<i64> {
    let (number, each) = parts(written)?;
    number.parse::<i64>().ok()?.checked_mul(each)
}

/// It is written as a duration.
pub(crate) fn is_duration(written: &str) -> bool {
    parts(written).is_some()
}

fn parts(written: &str) -> Option<(&str, i64)> {
    let mut found = UNITS.iter().filter_map(|(unit, each)| Some((written.strip_suffix(unit)?, *each)));
    found.next().filter(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}
