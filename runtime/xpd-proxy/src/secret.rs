//! Secrets: `Debug` prints nothing of them, and they are zeroized when the last holder drops them.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

/// A credential, stored once and shared by its holders. It can be neither printed, compared nor serialised.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

/// The text cannot be sent in an HTTP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is one line of visible ASCII characters")]
pub struct SecretError;

impl Secret {
    /// Takes a credential, without leading and trailing white space.
    ///
    /// # Errors
    /// It is empty or has characters other than visible ASCII.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretError);
        }
        Ok(Self(Arc::new(SecretString::from(text))))
    }

    /// The text. Called only where it is sent.
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
    fn a_secret_is_not_printed_by_debug() {
        let secret = Secret::new(" canary-7f3a\n").unwrap();
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.expose(), "canary-7f3a");
        assert!(std::ptr::eq(secret.expose(), secret.clone().expose()), "kept once");
    }

    #[test]
    fn a_secret_with_characters_invalid_in_a_header_is_refused() {
        for text in ["", " ", "two words", "line\nbreak", "ümlaut", "nul\0"] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
