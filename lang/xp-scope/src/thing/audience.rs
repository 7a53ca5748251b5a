//! Whether one audience is within another.

use super::kind::Kinds;
use super::meeting::Meeting;
use super::readers::{Audience, Readers};
use super::relate::{covers, relate};
use super::term::{Level, Term};

/// Whether everybody who can read what is written to `place` can read `source` anyway. What is not shown to be so is not:
/// an unsaid audience, groups of different names, groups of things that may be two.
///
/// A `secret` narrows who may read what is in the things that it names to nobody else: what is in them may only be where they are.
/// That the place has readers of its own, as a comment in the repository of a secret file has, then does not help.
#[must_use]
pub fn audience_within(kinds: &Kinds, place: &Term, source: &Term, secret: Option<&Term>) -> bool {
    if let Some(secret) = secret {
        return covers(kinds, secret, place);
    }
    // Whoever they are.
    if relate(kinds, place, source) == Meeting::One {
        return true;
    }
    let (Some(of_place), Some(of_source)) = (audience(kinds, place), audience(kinds, source)) else {
        return false;
    };
    match (of_place, of_source) {
        (_, Audience::Public) => true,
        (Audience::Public, Audience::Groups(_)) => false,
        (Audience::Groups(readers), Audience::Groups(others)) => readers.iter().all(|reader| {
            others.iter().any(|other| reader.group == other.group && one(kinds, reader, place, other, source))
        }),
    }
}

fn one(kinds: &Kinds, reader: &Readers, place: &Term, other: &Readers, source: &Term) -> bool {
    match (&reader.of, &other.of) {
        (None, None) => realm(kinds, place).is_some_and(|of| realm(kinds, source) == Some(of)),
        (Some(of), Some(of_other)) => match (enclosing(kinds, place, of), enclosing(kinds, source, of_other))
        {
            (Some(a), Some(b)) => relate(kinds, &a, &b) == Meeting::One,
            _ => false,
        },
        _ => false,
    }
}

fn audience<'k>(kinds: &'k Kinds, term: &Term) -> Option<&'k Audience> {
    kinds.get(own(term)?.kind)?.audience.as_ref()
}

fn own(term: &Term) -> Option<&Level> {
    match term {
        Term::Path(levels) => levels.last(),
        Term::Undescribed(_) => None,
    }
}

fn realm<'k>(kinds: &'k Kinds, term: &Term) -> Option<&'k str> {
    Some(kinds.get(own(term)?.kind)?.realm.as_str())
}

/// The part of a term up to a kind.
fn enclosing(kinds: &Kinds, term: &Term, kind: &str) -> Option<Term> {
    let Term::Path(levels) = term else { return None };
    let kind = kinds.named(kind)?;
    let end = levels.iter().position(|level| level.kind == kind)?;
    Some(Term::Path(levels.get(..=end)?.to_vec()))
}
