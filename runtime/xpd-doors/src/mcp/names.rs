//! Names of tools: `STEP.CONNECTOR.ACTION`, `submit.STEP.NAME`, `judge.STEP`, and four of our own.

use std::collections::BTreeMap;

use xp_scope::Digest;

/// Characters of a name; more are refused by some clients.
pub(super) const MAX: usize = 64;
/// Hexadecimal digits of the digest that ends a name that was cut.
const DIGEST: usize = 16;

/// The name, at most [`MAX`] long. A longer one is cut and ends with `-` and a digest of the whole, so that two stay different.
pub(super) fn cut(name: String) -> String {
    if name.len() <= MAX {
        return name;
    }
    let digest = Digest::of(name.as_bytes()).to_string();
    let hex: String = digest.chars().rev().take(DIGEST).collect();
    let kept: String = name.chars().take(MAX - DIGEST - 1).collect();
    format!("{kept}-{hex}")
}

/// Two names that a person or a client could take for each other.
pub(super) fn alike<'n>(names: impl Iterator<Item = &'n str>) -> Option<(&'n str, &'n str)> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for name in names {
        let folded = name.chars().filter(|c| !"._-".contains(*c)).map(|c| c.to_ascii_lowercase()).collect();
        if let Some(other) = seen.insert(folded, name) {
            return Some((other, name));
        }
    }
    None
}
