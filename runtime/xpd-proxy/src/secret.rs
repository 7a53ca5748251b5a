//! Secrets that print nothing and do not stay in memory longer than needed.

use std::fmt;

/// A credential. It prints nothing, cannot be compared or written out, and is overwritten when dropped.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// A text that no header can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is one line of visible ASCII characters")]
pub struct SecretError;

impl Secret {
    /// Takes a credential; blanks and the line break at its ends do not count.
    ///
    /// # Errors
    /// When it is empty or holds anything but visible ASCII characters.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretError);
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// The bytes, for the one place that sends them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Without a reader the compiler may leave the writing out.
        std::hint::black_box(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::new(" canary-7f3a\n").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.expose(), b"canary-7f3a");
    }

    #[test]
    fn what_no_header_carries_is_no_secret() {
        for text in ["", " ", "two words", "line\nbreak", "ümlaut", "nul\0"] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
