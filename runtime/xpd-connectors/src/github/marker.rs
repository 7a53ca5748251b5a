//! The marker of a use at the upstream: a trailer of a commit, or the last line of a text, by which a probe
//! finds the effect.

use xpd_proxy::ActError;

const KEY: &str = "Xp-Grant:";

/// Checks the form of a marker.
pub(super) fn check(marker: &str) -> Result<(), ActError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    if (8..=128).contains(&marker.len()) && marker.bytes().all(plain) {
        return Ok(());
    }
    Err(ActError::NotSent("the marker is not one".to_owned()))
}

/// A text with the marker as its last line. A text that already contains a marker is refused, since only the
/// proxy may add one.
pub(super) fn sign(body: &str, marker: &str) -> Result<String, ActError> {
    let key = KEY.to_ascii_lowercase();
    if body.lines().any(|line| line.trim_start().to_ascii_lowercase().starts_with(&key)) {
        return Err(ActError::NotSent("the text holds a line that only the proxy may write".to_owned()));
    }
    Ok(format!("{}\n\n{KEY} {marker}", body.trim_end()).trim_start_matches('\n').to_owned())
}

/// Whether a text carries this marker.
pub(super) fn carries(body: &str, marker: &str) -> bool {
    body.trim_end().lines().next_back() == Some(format!("{KEY} {marker}").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_body_carries_its_own_marker_only() {
        for body in ["", "one", "one\ntwo\n\n", "Xp-Granted: 3"] {
            let signed = sign(body, "grant-0001").unwrap();
            assert!(carries(&signed, "grant-0001"), "{signed:?}");
            assert!(!carries(&signed, "grant-0002") && !carries(&signed, "grant-000"));
            assert!(carries(&signed.replace('\n', "\r\n"), "grant-0001"));
        }
        assert_eq!(sign("one", "grant-0001").unwrap(), "one\n\nXp-Grant: grant-0001");
        assert!(!carries("Xp-Grant: grant-0001\nmore", "grant-0001"));
    }

    #[test]
    fn bodies_with_a_marker_and_malformed_markers_are_refused() {
        for body in ["Xp-Grant: grant-0001", "a\n  xp-grant:x\nb", "XP-GRANT: 1"] {
            assert!(matches!(sign(body, "grant-0001"), Err(ActError::NotSent(_))), "{body:?}");
        }
        for marker in ["", "short", "with space", "line\nbreak", &"x".repeat(129)] {
            assert!(check(marker).is_err(), "{marker:?}");
        }
    }
}
