//! Secrets that print nothing and are overwritten when the last holder drops them.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

/// A credential, kept once however often it is held. It prints nothing and cannot be compared or written out.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

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
        Ok(Self(Arc::new(SecretString::from(text))))
    }

    /// The text, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::new(" canary-7f3a\n").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.expose(), "canary-7f3a");
        assert!(std::ptr::eq(secret.expose(), secret.clone().expose()), "kept once");
    }

    #[test]
    fn what_no_header_carries_is_no_secret() {
        for text in ["", " ", "two words", "line\nbreak", "ümlaut", "nul\0"] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
