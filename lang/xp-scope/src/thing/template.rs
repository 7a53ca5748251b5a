//! Whether two templates can print one text.
//!
//! What both begin or end with alike is taken off: text, and holes that are one value. The rest is compared as two regular
//! languages, each hole being all that its type can print; so "differ" is certain and "may agree" is not.

use std::collections::BTreeSet;

use super::term::Piece;
use crate::types::Type;

/// What two templates print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// One text, always.
    Same,
    /// Never one text.
    Differ,
    /// One text for some values of the holes, or it is not known.
    MayAgree,
}

/// Characters and holes of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item<'a> {
    Char(char),
    Hole(u32, &'a Type),
}

/// Characters that may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Is(char),
    Digit,
    Hex,
    Any,
}

/// A place of a language, to be taken once or any number of times.
#[derive(Clone, Copy, Debug)]
enum Place {
    Once(Class),
    Maybe(Class),
    Many(Class),
}

pub(super) fn compare(left: &[Piece], right: &[Piece]) -> Texts {
    let (left, right) = (items(left), items(right));
    let (mut left, mut right) = (left.as_slice(), right.as_slice());
    while let (Some((a, rest)), Some((b, other))) = (left.split_first(), right.split_first()) {
        if a != b {
            break;
        }
        (left, right) = (rest, other);
    }
    while let (Some((a, rest)), Some((b, other))) = (left.split_last(), right.split_last()) {
        if a != b {
            break;
        }
        (left, right) = (rest, other);
    }
    if left.is_empty() && right.is_empty() {
        return Texts::Same;
    }
    let mut alike = false;
    for a in expand(left) {
        for b in expand(right) {
            alike |= meet(&a, &b);
        }
    }
    if alike { Texts::MayAgree } else { Texts::Differ }
}

fn items(pieces: &[Piece]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => items.extend(text.chars().map(Item::Char)),
            Piece::Hole { symbol, ty } => items.push(Item::Hole(symbol.id.0, ty)),
        }
    }
    items
}

/// Alternatives of holes over words that are followed one by one; with more of them a hole is anything.
const MAX_ALTERNATIVES: usize = 64;

/// The languages of a template, one for each choice of words.
fn expand(items: &[Item<'_>]) -> Vec<Vec<Place>> {
    let mut all: Vec<Vec<Place>> = vec![Vec::new()];
    for item in items {
        match item {
            Item::Char(c) => push(&mut all, &[Place::Once(Class::Is(*c))]),
            Item::Hole(_, Type::Int) => push(
                &mut all,
                &[Place::Maybe(Class::Is('-')), Place::Once(Class::Digit), Place::Many(Class::Digit)],
            ),
            Item::Hole(_, Type::Commit | Type::Tree) => {
                push(&mut all, &[Place::Once(Class::Hex), Place::Many(Class::Hex)]);
            }
            Item::Hole(_, Type::Enum(words)) if all.len() * words.len() <= MAX_ALTERNATIVES => {
                all = all
                    .iter()
                    .flat_map(|before| {
                        words.iter().map(|word| {
                            let word = word.chars().map(|c| Place::Once(Class::Is(c)));
                            before.iter().copied().chain(word).collect()
                        })
                    })
                    .collect();
            }
            Item::Hole(..) => push(&mut all, &[Place::Many(Class::Any)]),
        }
    }
    all
}

fn push(all: &mut [Vec<Place>], places: &[Place]) {
    for one in all {
        one.extend_from_slice(places);
    }
}

/// Whether two languages have a text in common: reachability in their product.
fn meet(left: &[Place], right: &[Place]) -> bool {
    let mut seen = BTreeSet::from([(0, 0)]);
    let mut open = vec![(0, 0)];
    while let Some((l, r)) = open.pop() {
        let (a, b) = (left.get(l), right.get(r));
        if a.is_none() && b.is_none() {
            return true;
        }
        let mut next = Vec::new();
        if let Some(Place::Maybe(_) | Place::Many(_)) = a {
            next.push((l + 1, r));
        }
        if let Some(Place::Maybe(_) | Place::Many(_)) = b {
            next.push((l, r + 1));
        }
        if let (Some(a), Some(b)) = (a, b)
            && common(class(*a), class(*b))
        {
            next.push((after(*a, l), after(*b, r)));
        }
        open.extend(next.into_iter().filter(|state| seen.insert(*state)));
    }
    false
}

fn class(place: Place) -> Class {
    match place {
        Place::Once(class) | Place::Maybe(class) | Place::Many(class) => class,
    }
}

fn after(place: Place, at: usize) -> usize {
    match place {
        Place::Once(_) | Place::Maybe(_) => at + 1,
        Place::Many(_) => at,
    }
}

fn common(a: Class, b: Class) -> bool {
    match (a, b) {
        (Class::Any, _) | (_, Class::Any) => true,
        (Class::Is(a), Class::Is(b)) => a == b,
        (Class::Is(c), Class::Digit) | (Class::Digit, Class::Is(c)) => c.is_ascii_digit(),
        (Class::Is(c), Class::Hex) | (Class::Hex, Class::Is(c)) => c.is_ascii_hexdigit(),
        (Class::Digit | Class::Hex, Class::Digit | Class::Hex) => true,
    }
}
