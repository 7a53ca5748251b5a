//! Removal of secrets from results, in every encoding in which a connector sends them. A last line of
//! defence.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use xp_scope::Value;

use crate::secret::Secret;

/// Replacement for a secret.
const MASK: &str = "[secret]";

/// Shorter secrets are not searched for, since they would match ordinary text.
const SHORTEST: usize = 8;

/// An encoding of a secret.
enum Form {
    /// Unencoded; shares the connector's copy.
    Plain(Secret),
    /// Encoded.
    Encoded(SecretString),
}

impl Form {
    fn text(&self) -> &str {
        match self {
            Self::Plain(secret) => secret.expose(),
            Self::Encoded(form) => form.expose_secret(),
        }
    }
}

/// Replaces secrets in text that leaves the proxy.
#[derive(Default)]
pub struct Scrubber(Vec<Form>);

impl Scrubber {
    /// A scrubber for these secrets in plain, base64 and percent encoding.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets.into_iter().filter(|secret| secret.expose().len() >= SHORTEST) {
            let text = secret.expose();
            let encoded = [
                STANDARD.encode(text),
                STANDARD_NO_PAD.encode(text),
                URL_SAFE_NO_PAD.encode(text),
                percent(text),
            ];
            forms.extend(encoded.into_iter().map(|form| Form::Encoded(form.into())));
            forms.push(Form::Plain(secret));
        }
        // Longest first, since a longer form may contain a shorter one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.text().len()));
        Self(forms)
    }

    /// The text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.0.iter().map(Form::text).fold(text.to_owned(), |text, form| {
            if text.contains(form) { text.replace(form, MASK) } else { text }
        })
    }

    /// The value without secrets, member names included.
    #[must_use]
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::Text(text) => Value::Text(self.text(&text)),
            Value::List(elements) => {
                Value::List(elements.into_iter().map(|element| self.value(element)).collect())
            }
            Value::Record(members) => Value::Record(
                members.into_iter().map(|(name, value)| (self.text(&name), self.value(value))).collect(),
            ),
            Value::Bool(_) | Value::Int(_) => value,
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_scrubbed_in_every_encoding() {
        let text = "correct/horse+battery";
        let scrubber = Scrubber::new([Secret::new(text).unwrap(), Secret::new("short").unwrap()]);
        let forms = [STANDARD.encode(text), URL_SAFE_NO_PAD.encode(text), percent(text), text.to_owned()];
        for form in forms {
            assert_eq!(scrubber.text(&format!("a {form} b")), "a [secret] b");
        }
        assert_eq!(scrubber.text("a short text"), "a short text");
        let named =
            Value::Record([(text.to_owned(), Value::List(vec![Value::Text(text.to_owned())]))].into());
        let clean =
            Value::Record([(MASK.to_owned(), Value::List(vec![Value::Text(MASK.to_owned())]))].into());
        assert_eq!(scrubber.value(named), clean);
    }
}
