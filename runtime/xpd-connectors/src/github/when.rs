//! The earliest time at which a use can have happened, in GitHub's time format.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xpd_proxy::Call;

/// Assumed upper bound on the difference between the upstream's clock and this server's, in seconds.
const MARGIN: u64 = 86_400;

/// The last second of the year 9999, the latest with a four-digit year.
const LAST: u64 = 253_402_300_799;

/// A time with a resolution of one second, `2026-01-01T00:00:00Z`.
pub(super) struct When(String);

impl When {
    /// The time before which the call's use cannot have happened by either clock.
    pub(super) fn of(call: &Call) -> Self {
        Self(text((call.since() / 1_000).saturating_sub(MARGIN)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a time reported by the upstream is earlier. False for a text in another format.
    pub(super) fn is_after(&self, other: &str) -> bool {
        let alike = other.len() == self.0.len() && other.ends_with('Z');
        alike && other < self.0.as_str()
    }
}

/// Formats seconds since 1970 as GitHub does.
fn text(seconds: u64) -> String {
    let seconds = i64::try_from(seconds.min(LAST)).unwrap_or_default();
    let when = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    // Formatting succeeds for every time up to [`LAST`].
    when.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_written_as_github_does() {
        for (seconds, wanted) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(text(seconds), wanted);
        }
    }

    #[test]
    fn an_unreadable_date_does_not_count_as_old() {
        let when = When(text(951_782_400));
        assert!(when.is_after("2000-02-28T23:59:59Z"));
        for other in
            ["2000-02-29T00:00:00Z", "", "1999", "1999-01-01T00:00:00+0", "1999-01-01T00:00:00+00:00"]
        {
            assert!(!when.is_after(other), "{other:?}");
        }
    }
}
