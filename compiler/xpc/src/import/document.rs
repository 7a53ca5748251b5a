//! References in a document lead to parts of it and nowhere else.

use serde_json::Value;

use super::why::{self, Why};

/// References that are followed one after another.
const MAX_STEPS: usize = 16;
/// Longest reference, in bytes.
const MAX_REFERENCE: usize = 1_024;

/// Follows references inside the document.
#[derive(Clone, Copy)]
pub struct Document<'d>(pub &'d Value);

impl<'d> Document<'d> {
    /// What a node is, or what its reference leads to.
    ///
    /// # Errors
    /// If a reference leads out of the document, to nothing, or in a circle.
    pub fn resolve(self, node: &'d Value) -> Result<&'d Value, Why> {
        let mut node = node;
        for _ in 0..MAX_STEPS {
            let Some(reference) = node.get("$ref") else { return Ok(node) };
            let fragment = reference.as_str().ok_or(why::REFERENCE)?.strip_prefix('#').ok_or(why::OUTSIDE)?;
            if fragment.len() > MAX_REFERENCE {
                return Err(why::REFERENCE);
            }
            let pointer = decoded(fragment).ok_or(why::REFERENCE)?;
            node = self.0.pointer(&pointer).ok_or(why::REFERENCE)?;
        }
        Err(why::RECURSION)
    }
}

/// A fragment without its percent-encoding (RFC 3986).
fn decoded(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high * 16 + low).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
