//! Several segment globs, run side by side.

use std::collections::BTreeSet;

use super::glob::Token;

/// The globs, laid out one after the other; a place is a `u32`.
pub(crate) struct Nfa {
    places: Vec<Place>,
    /// The place after the last of each glob.
    ends: Vec<u32>,
    start: Vec<u32>,
}

enum Place {
    Token(Token),
    /// The end of the glob with this number.
    End(u32),
}

impl Nfa {
    /// Numbers the globs from 0 in the order given.
    pub(crate) fn new(globs: impl IntoIterator<Item = Vec<Token>>) -> Self {
        let mut nfa = Self { places: Vec::new(), ends: Vec::new(), start: Vec::new() };
        for (id, glob) in (0..).zip(globs) {
            nfa.start.push(place(nfa.places.len()));
            nfa.places.extend(glob.into_iter().map(Place::Token));
            nfa.places.push(Place::End(id));
            nfa.ends.push(place(nfa.places.len()));
        }
        nfa.start = nfa.closed(nfa.start.iter().copied().collect());
        nfa
    }

    /// Where all begin.
    pub(crate) fn start(&self) -> Vec<u32> {
        self.start.clone()
    }

    /// Where they are after one more character. Sorted, so that equal sets are equal vectors.
    pub(crate) fn step(&self, set: &[u32], c: char) -> Vec<u32> {
        let moved = set.iter().filter_map(|at| match self.at(*at)? {
            Place::Token(Token::Char(wanted)) if *wanted != c => None,
            Place::Token(Token::Char(_) | Token::One) => Some(at + 1),
            Place::Token(Token::Star) => Some(*at),
            Place::End(_) => None,
        });
        self.closed(moved.collect())
    }

    /// The characters that lead from here somewhere a character written nowhere does not lead.
    pub(crate) fn written<'a>(&'a self, set: &'a [u32]) -> impl Iterator<Item = char> + 'a {
        set.iter().filter_map(|at| match self.at(*at)? {
            Place::Token(Token::Char(c)) => Some(*c),
            _ => None,
        })
    }

    /// The globs that match what was read.
    pub(crate) fn matched<'a>(&'a self, set: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        set.iter().filter_map(|at| match self.at(*at)? {
            Place::End(id) => Some(*id),
            Place::Token(_) => None,
        })
    }

    /// Whether some glob matches whatever follows, as it ends in `*`.
    pub(crate) fn matches_all(&self, set: &[u32]) -> bool {
        set.iter().any(|at| {
            matches!((self.at(*at), self.at(at + 1)), (Some(Place::Token(Token::Star)), Some(Place::End(_))))
        })
    }

    /// Whether this glob can still match.
    pub(crate) fn is_open(&self, set: &[u32], glob: u32) -> bool {
        let globs = set.iter().map(|at| self.ends.partition_point(|end| end <= at));
        globs.into_iter().any(|open| u32::try_from(open) == Ok(glob))
    }

    fn at(&self, at: u32) -> Option<&Place> {
        self.places.get(usize::try_from(at).ok()?)
    }

    /// A `*` may stand for nothing.
    fn closed(&self, set: BTreeSet<u32>) -> Vec<u32> {
        let mut closed = BTreeSet::new();
        for mut at in set {
            while closed.insert(at) && matches!(self.at(at), Some(Place::Token(Token::Star))) {
                at += 1;
            }
        }
        closed.into_iter().collect()
    }
}

fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
