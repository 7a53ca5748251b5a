//! Instants: RFC 3339 in UTC, in one canonical spelling.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// Milliseconds of `0001-01-01T00:00:00Z` since the Unix epoch.
pub(crate) const FIRST: i64 = -62_135_596_800_000;
/// Milliseconds of `9999-12-31T23:59:59.999Z` since the Unix epoch.
pub(crate) const LAST: i64 = 253_402_300_799_999;

/// Milliseconds since the Unix epoch of the canonical text of an instant.
///
/// None for a text that is not canonical: `2026-11-26T18:00:00Z`, or with exactly three fraction digits when the instant is
/// not a whole second (`2026-11-26T18:00:00.250Z`); a date of the calendar in the years 0001 to 9999, no leap second.
#[must_use]
pub fn millis(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-');
    let (year, month, day) = (number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "000"));
    let mut clock = clock.split(':');
    let (hour, minute, second) =
        (number(clock.next()?, 2)?, number(clock.next()?, 2)?, number(clock.next()?, 2)?);
    if date.next().is_some() || clock.next().is_some() {
        return None;
    }
    let byte = |number: u16| u8::try_from(number).ok();
    let month = Month::try_from(byte(month)?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, byte(day)?).ok()?;
    let time = Time::from_hms_milli(byte(hour)?, byte(minute)?, byte(second)?, number(fraction, 3)?).ok()?;
    let at = PrimitiveDateTime::new(date, time).assume_utc();
    let millis = at.unix_timestamp().checked_mul(1_000)?.checked_add(i64::from(at.millisecond()))?;
    // One spelling for each instant.
    (written(millis)? == text).then_some(millis)
}

/// The canonical text of an instant; none outside of the years 0001 to 9999.
#[must_use]
pub fn written(millis: i64) -> Option<String> {
    if !(FIRST..=LAST).contains(&millis) {
        return None;
    }
    let at = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1_000)).ok()?;
    let (date, time) = (at.date(), at.time());
    let fraction = match millis.rem_euclid(1_000) {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{fraction}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
    ))
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u16> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}
