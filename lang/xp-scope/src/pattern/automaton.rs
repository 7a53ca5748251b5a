//! Questions about all paths at once: is there one inside, inside both, inside one and outside the other?
//!
//! The automaton of a pattern reads a path segment by segment; its letters are the kinds of `atoms`. Sets of places are
//! made while searching, nearest first, so the answer is a shortest path. Control files and dotfiles are part of the
//! letters, so what is decided here is exactly what the matcher does.

use std::collections::BTreeSet;

use super::atoms::{Atom, atoms};
use super::glob::{Item, Token};
use super::shortest::{Shortest, TooComplex};
use crate::path::MAX_PATH;

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A path inside the first and inside the second.
    Both,
    /// A path inside the first and outside the second.
    FirstAlone,
}

/// A place in a pattern.
enum Place {
    Literal(usize),
    Glob(u32),
    Many,
    /// The end of a pattern, of the first set or of the second.
    End {
        first: bool,
    },
}

struct Automaton {
    places: Vec<Place>,
    start: Vec<u32>,
    /// Places from here on belong to the second set.
    second_from: u32,
    atoms: Vec<Atom>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum State {
    /// Before the first segment.
    Start,
    /// After whole segments; the places are sorted.
    Inside(Vec<u32>),
    /// At the end of a path that is looked for.
    Found,
}

/// A shortest path of the kind looked for, `None` if there is none.
pub(crate) fn search(
    first: &[&[Item]],
    second: &[&[Item]],
    goal: Goal,
) -> Result<Option<String>, TooComplex> {
    let automaton = Automaton::new(first, second)?;
    let mut search = Shortest::new(State::Start, MAX_PATH);
    while let Some((id, state)) = search.next() {
        let (places, at_start) = match state {
            State::Start => (automaton.start.clone(), true),
            State::Inside(places) => (places, false),
            State::Found => return Ok(Some(search.text(id))),
        };
        let slash = if at_start { "" } else { "/" };
        search.spend(2 * places.len() * automaton.atoms.len())?;
        for atom in automaton.atoms.iter().filter(|atom| !(at_start && atom.dash)) {
            if let Some(file) = &atom.file
                && automaton.hits(&automaton.step(&places, atom, true), goal)
            {
                search.reach(id, &format!("{slash}{file}"), State::Found)?;
            }
            let next = automaton.step(&places, atom, false);
            if automaton.hopeful(&next, goal) {
                search.reach(id, &format!("{slash}{}", atom.folder), State::Inside(next))?;
            }
        }
    }
    Ok(None)
}

impl Automaton {
    fn new(first: &[&[Item]], second: &[&[Item]]) -> Result<Self, TooComplex> {
        let items = || first.iter().chain(second).flat_map(|items| items.iter());
        let literals: BTreeSet<&str> = items()
            .filter_map(|item| if let Item::Literal(text) = item { Some(text.as_str()) } else { None })
            .collect();
        let globs: BTreeSet<&[Token]> = items()
            .filter_map(|item| if let Item::Glob(tokens) = item { Some(tokens.as_slice()) } else { None })
            .collect();
        let literals: Vec<&str> = literals.into_iter().collect();
        let globs: Vec<&[Token]> = globs.into_iter().collect();

        let mut automaton =
            Self { places: Vec::new(), start: Vec::new(), second_from: 0, atoms: atoms(&literals, &globs)? };
        for (is_first, set) in [(true, first), (false, second)] {
            if !is_first {
                automaton.second_from = number(automaton.places.len());
            }
            for items in set {
                automaton.start.push(number(automaton.places.len()));
                automaton.places.extend(items.iter().map(|item| match item {
                    Item::Literal(text) => {
                        Place::Literal(literals.partition_point(|other| *other < text.as_str()))
                    }
                    Item::Glob(tokens) => {
                        Place::Glob(number(globs.partition_point(|other| *other < tokens.as_slice())))
                    }
                    Item::Many => Place::Many,
                }));
                automaton.places.push(Place::End { first: is_first });
            }
        }
        automaton.start = automaton.closed(automaton.start.iter().copied().collect());
        Ok(automaton)
    }

    /// Where the patterns are after one more segment, which may be the last.
    fn step(&self, set: &[u32], atom: &Atom, last: bool) -> Vec<u32> {
        let reserved = atom.dotted || last && atom.control;
        let mut next = BTreeSet::new();
        for at in set {
            match self.at(*at) {
                Some(Place::Literal(literal)) if atom.literal == Some(*literal) => next.insert(at + 1),
                Some(Place::Glob(glob)) if !reserved && atom.globs.contains(glob) => next.insert(at + 1),
                Some(Place::Many) if !reserved => next.insert(*at),
                _ => false,
            };
        }
        self.closed(next)
    }

    /// Whether a path that ends here is looked for.
    fn hits(&self, set: &[u32], goal: Goal) -> bool {
        let ends =
            |side| set.iter().any(|at| matches!(self.at(*at), Some(Place::End { first }) if *first == side));
        ends(true) && ends(false) == (goal == Goal::Both)
    }

    /// Whether a path that goes on from here may be looked for.
    fn hopeful(&self, set: &[u32], goal: Goal) -> bool {
        let first = set.first().is_some_and(|at| *at < self.second_from);
        let second = set.last().is_some_and(|at| *at >= self.second_from);
        first && (second || goal != Goal::Both)
    }

    fn at(&self, at: u32) -> Option<&Place> {
        self.places.get(usize::try_from(at).ok()?)
    }

    /// A `**` may stand for nothing.
    fn closed(&self, set: BTreeSet<u32>) -> Vec<u32> {
        let mut closed = set.clone();
        closed
            .extend(set.into_iter().filter(|at| matches!(self.at(*at), Some(Place::Many))).map(|at| at + 1));
        closed.into_iter().collect()
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
