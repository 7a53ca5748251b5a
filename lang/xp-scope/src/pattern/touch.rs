//! Whether what a pattern matches is, encloses, or lies inside a path, or what another pattern matches.
//!
//! A path encloses those that begin with all its segments. The answer "no" is certain; a "yes" may be wrong only about
//! names that no wildcard stands for.

use std::collections::BTreeSet;

use super::glob::{self, Item};
use super::set::PatternSet;

impl PatternSet {
    /// Whether some match is this path, a folder above it, or lies below it.
    #[must_use]
    pub fn touches(&self, path: &str) -> bool {
        let path: Vec<Item> = path.split('/').map(|segment| Item::Literal(segment.to_owned())).collect();
        self.patterns().iter().any(|pattern| touch(pattern.items(), &path))
    }

    /// Whether some match of the one is, encloses, or lies inside some match of the other. True where it is not known.
    #[must_use]
    pub fn may_touch(&self, other: &Self) -> bool {
        self.patterns()
            .iter()
            .any(|pattern| other.patterns().iter().any(|second| touch(pattern.items(), second.items())))
    }
}

/// Reachability in the product of both; it is enough that one of them ends.
fn touch(left: &[Item], right: &[Item]) -> bool {
    let mut seen = BTreeSet::from([(0, 0)]);
    let mut open = vec![(0, 0)];
    while let Some((l, r)) = open.pop() {
        let (a, b) = (left.get(l), right.get(r));
        let (Some(a), Some(b)) = (a, b) else { return true };
        let mut next = Vec::new();
        match (a, b) {
            (Item::Many, Item::Many) => next.extend([(l + 1, r), (l, r + 1)]),
            (Item::Many, other) => {
                next.push((l + 1, r));
                if wild(other) {
                    next.push((l, r + 1));
                }
            }
            (other, Item::Many) => {
                next.push((l, r + 1));
                if wild(other) {
                    next.push((l + 1, r));
                }
            }
            (Item::Literal(a), Item::Literal(b)) if a != b => {}
            (Item::Literal(text), Item::Glob(tokens)) | (Item::Glob(tokens), Item::Literal(text))
                if !glob::matches(tokens, text) => {}
            _ => next.push((l + 1, r + 1)),
        }
        open.extend(next.into_iter().filter(|state| seen.insert(*state)));
    }
    false
}

/// Whether a wildcard can stand for such a segment.
fn wild(item: &Item) -> bool {
    !matches!(item, Item::Literal(text) if text.starts_with('.'))
}
