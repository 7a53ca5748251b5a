//! The last net: what is secret does not leave in a result, in any of the forms it travels in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use xp_scope::Value;

/// What stands where a secret stood.
const MASK: &str = "[secret]";

/// Replaces secrets in whatever leaves the proxy.
#[derive(Clone, Default)]
pub struct Scrubber(Vec<String>);

impl Scrubber {
    /// For these secrets, in plain, base64 and percent encoding.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets.into_iter().filter(|secret| secret.len() >= 8) {
            forms.push(STANDARD.encode(&secret));
            forms.push(STANDARD_NO_PAD.encode(&secret));
            forms.push(URL_SAFE_NO_PAD.encode(&secret));
            forms.push(percent(&secret));
            forms.push(secret);
        }
        // A longer form may hold a shorter one.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Self(forms)
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.0.iter().fold(
            text.to_owned(),
            |text, form| {
                if text.contains(form) { text.replace(form, MASK) } else { text }
            },
        )
    }

    /// A value without secrets, names of members included.
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
