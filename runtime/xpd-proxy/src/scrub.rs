//! Removal of secrets from results, in every encoding in which a connector or an upstream sends them. A last
//! line of defence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use xp_scope::Value;

use crate::secret::Secret;

/// Replacement for a secret.
const MASK: &str = "[secret]";

/// Shorter secrets are not searched for, since they would match ordinary text.
const SHORTEST: usize = 8;

/// An encoding of a secret. Its characters are found as such and escaped as in URLs and JSON.
struct Form {
    wanted: Wanted,
    kind: Kind,
}

/// The text to find.
enum Wanted {
    /// Unencoded; shares the connector's copy.
    Plain(Secret),
    /// Encoded.
    Encoded(SecretString),
}

#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Hex,
    /// The characters that depend on nothing but the secret, and whether the ones before and after encode
    /// bits of it as well.
    Base64 {
        before: bool,
        after: bool,
    },
}

impl Form {
    /// The forms of a secret: plain, hexadecimal, and base64 at its three alignments, which find it whatever
    /// precedes and follows it in the encoded text (`user:secret`, for example).
    fn all(secret: Secret) -> Vec<Self> {
        let text = secret.expose();
        let hex: Zeroizing<String> = Zeroizing::new(text.bytes().map(|byte| format!("{byte:02x}")).collect());
        let mut forms = vec![Self { wanted: Wanted::Encoded(hex.as_str().into()), kind: Kind::Hex }];
        forms.extend((0..3).map(|offset| Self::base64(text, offset)));
        forms.push(Self { wanted: Wanted::Plain(secret), kind: Kind::Plain });
        forms
    }

    fn base64(text: &str, offset: usize) -> Self {
        let bytes = Zeroizing::new(["\0".repeat(offset).as_str(), text].concat());
        let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(bytes.as_bytes()));
        let (from, to) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        let wanted = Wanted::Encoded(encoded.get(from..to).unwrap_or_default().into());
        Self { wanted, kind: Kind::Base64 { before: offset > 0, after: to < encoded.len() } }
    }

    fn wanted(&self) -> &[u8] {
        match &self.wanted {
            Wanted::Plain(secret) => secret.expose().as_bytes(),
            Wanted::Encoded(form) => form.expose_secret().as_bytes(),
        }
    }

    /// What a byte of the text counts as.
    fn fold(&self, byte: u8) -> u8 {
        match (self.kind, byte) {
            (Kind::Hex, byte) => byte.to_ascii_lowercase(),
            // The alphabet for URLs.
            (Kind::Base64 { .. }, b'-') => b'+',
            (Kind::Base64 { .. }, b'_') => b'/',
            (_, byte) => byte,
        }
    }

    /// Where the form ends if it begins at `at`.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let matching = |at: usize, wanted: u8| {
            let read = readings(text, at).into_iter().flatten();
            read.filter(move |(byte, _)| self.fold(*byte) == wanted).map(|(_, next)| next)
        };
        let (first, rest) = self.wanted().split_first()?;
        // A character may be read in two ways, so there may be several places to go on from.
        let mut ends: Vec<usize> = matching(at, *first).collect();
        for wanted in rest {
            if ends.is_empty() {
                return None;
            }
            let next: Vec<usize> = ends.iter().flat_map(|end| matching(*end, *wanted)).collect();
            ends = next;
            ends.sort_unstable();
            ends.dedup();
        }
        ends.last().copied()
    }

    /// The range to mask for a form that stands here.
    fn widened(&self, text: &[u8], from: usize, to: usize) -> (usize, usize) {
        let Kind::Base64 { before, after } = self.kind else { return (from, to) };
        let is_digit = |at: Option<usize>| {
            let byte = at.and_then(|at| text.get(at)).copied().unwrap_or_default();
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
        };
        let from = if before && is_digit(from.checked_sub(1)) { from - 1 } else { from };
        let mut to = if after && is_digit(Some(to)) { to + 1 } else { to };
        while let Some((_, next)) = readings(text, to).into_iter().flatten().find(|(byte, _)| *byte == b'=') {
            to = next;
        }
        (from, to)
    }
}

/// The characters that may be meant here, each with the position after it: the byte itself, and what it
/// escapes (`%2F`, `\/`, `\u002f`).
fn readings(text: &[u8], at: usize) -> [Option<(u8, usize)>; 2] {
    let rest = text.get(at..).unwrap_or_default();
    let escaped = match rest {
        [b'%', high, low, ..] => hex(&[*high, *low]).map(|byte| (byte, at + 3)),
        [b'\\', b'u', a, b, c, d, ..] => hex(&[*a, *b, *c, *d]).map(|byte| (byte, at + 6)),
        [b'\\', byte @ (b'"' | b'\\' | b'/'), ..] => Some((*byte, at + 2)),
        _ => None,
    };
    [rest.first().map(|byte| (*byte, at + 1)), escaped]
}

/// The ASCII character with a number in hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let number = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u8::try_from(u32::from_str_radix(number, 16).ok()?).ok().filter(u8::is_ascii)
}

/// Replaces secrets in text that leaves the proxy.
#[derive(Default)]
pub struct Scrubber(Vec<Form>);

impl Scrubber {
    /// A scrubber for these secrets: plain, hexadecimal, and in base64 at every alignment (standard and for
    /// URLs), each also percent-encoded and with the escapes of JSON.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let long = secrets.into_iter().filter(|secret| secret.expose().len() >= SHORTEST);
        Self(long.flat_map(Form::all).collect())
    }

    /// The text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut found = self.found(text.as_bytes());
        found.sort_unstable();
        let (mut clean, mut done) = (String::with_capacity(text.len()), 0);
        for (from, to) in found {
            // What overlaps the one before is part of the same mask. Secrets are ASCII, so ranges are of
            // whole characters.
            if from >= done {
                clean.push_str(text.get(done..from).unwrap_or_default());
                clean.push_str(MASK);
            }
            done = done.max(to);
        }
        clean.push_str(text.get(done..).unwrap_or_default());
        clean
    }

    /// The ranges of secrets in a text.
    fn found(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for form in &self.0 {
            let mut at = 0;
            while at < text.len() {
                at = match form.end(text, at) {
                    Some(end) => {
                        found.push(form.widened(text, at, end));
                        end
                    }
                    None => at + 1,
                };
            }
        }
        found
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
