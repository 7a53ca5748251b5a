//! The mark a use leaves at the upstream: a trailer of a commit, the last line of a text. It is how a probe finds it.

use xpd_proxy::ActError;

const KEY: &str = "Xp-Grant:";

/// Refuses what cannot be a mark.
pub(super) fn check(marker: &str) -> Result<(), ActError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    if (8..=128).contains(&marker.len()) && marker.bytes().all(plain) {
        return Ok(());
    }
    Err(ActError::NotSent("the marker is not one".to_owned()))
}

/// A text with the mark as its last line. A text that holds a mark already is refused: only the proxy makes marks.
pub(super) fn sign(body: &str, marker: &str) -> Result<String, ActError> {
    let key = KEY.to_ascii_lowercase();
    if body.lines().any(|line| line.trim_start().to_ascii_lowercase().starts_with(&key)) {
        return Err(ActError::NotSent("the text holds a line that only the proxy may write".to_owned()));
    }
    Ok(format!("{}\n\n{KEY} {marker}", body.trim_end()).trim_start_matches('\n').to_owned())
}

/// Whether a text carries the mark.
pub(super) fn carries(body: &str, marker: &str) -> bool {
    body.trim_end().lines().next_back() == Some(format!("{KEY} {marker}").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_carries_its_mark_and_no_other() {
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
    fn nobody_else_writes_marks() {
        for body in ["Xp-Grant: grant-0001", "a\n  xp-grant:x\nb", "XP-GRANT: 1"] {
            assert!(matches!(sign(body, "grant-0001"), Err(ActError::NotSent(_))), "{body:?}");
        }
        for marker in ["", "short", "with space", "line\nbreak", &"x".repeat(129)] {
            assert!(check(marker).is_err(), "{marker:?}");
        }
    }
}
