//! The time before which a use cannot have happened, as GitHub writes time.

use xpd_proxy::Call;

/// How far the upstream's clock and ours may be apart, in seconds.
const MARGIN: u64 = 86_400;

/// An instant, to the second: `2026-01-01T00:00:00Z`.
pub(super) struct When(String);

impl When {
    /// Before this, the call's use had not happened by anybody's clock.
    pub(super) fn of(call: &Call) -> Self {
        Self(text((call.since / 1_000).saturating_sub(MARGIN)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a time of the upstream's is earlier. What is not written as expected is not.
    pub(super) fn is_after(&self, other: &str) -> bool {
        let alike = other.len() == self.0.len() && other.ends_with('Z');
        alike && other < self.0.as_str()
    }
}

/// Seconds since 1970 as GitHub writes them (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn text(seconds: u64) -> String {
    // The last second that has four digits for its year.
    let seconds = seconds.min(253_402_300_799);
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60)
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
    fn what_cannot_be_read_is_not_old() {
        let when = When(text(951_782_400));
        assert!(when.is_after("2000-02-28T23:59:59Z"));
        for other in
            ["2000-02-29T00:00:00Z", "", "1999", "1999-01-01T00:00:00+0", "1999-01-01T00:00:00+00:00"]
        {
            assert!(!when.is_after(other), "{other:?}");
        }
    }
}
