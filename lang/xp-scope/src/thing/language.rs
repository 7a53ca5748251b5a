//! What printed values look like: small regular languages, and whether two of them have a text in common.

use std::collections::BTreeSet;

use crate::types::{Type, is_object_id};
use crate::value::MAX_INT;

/// What a value of a type can be printed as, where that is less than any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// An integer in decimal.
    Int,
    /// A full object id.
    ObjectId,
    /// One of these.
    Words(Vec<Vec<char>>),
}

impl Range {
    /// Of a type, with words as their keys compare them; none where it can be any text.
    pub fn of(ty: &Type, image: impl Fn(&str) -> Vec<char>) -> Option<Self> {
        match ty {
            Type::Int | Type::Duration => Some(Self::Int),
            Type::Commit | Type::Tree => Some(Self::ObjectId),
            Type::Enum(words) => Some(Self::Words(words.iter().map(|word| image(word)).collect())),
            Type::Bool
            | Type::Text
            | Type::Path
            | Type::Branch
            | Type::Decimal { .. }
            | Type::Time
            | Type::Url
            | Type::List(_)
            | Type::Set(_)
            | Type::Record(_) => None,
        }
    }

    /// Whether the text is in it.
    pub fn admits(&self, text: &str) -> bool {
        match self {
            Self::Int => text.parse().is_ok_and(|number: i64| {
                number.to_string() == text && number.unsigned_abs() <= MAX_INT.unsigned_abs()
            }),
            Self::ObjectId => is_object_id(text),
            Self::Words(words) => words.iter().any(|word| word.iter().copied().eq(text.chars())),
        }
    }

    /// A language that holds all of it.
    pub fn language(&self) -> Language {
        match self {
            Self::Int => Language(vec![
                Place::Maybe(Class::Is('-')),
                Place::Once(Class::Digit),
                Place::Many(Class::Digit),
            ]),
            Self::ObjectId => Language(vec![Place::Once(Class::Hex), Place::Many(Class::Hex)]),
            Self::Words(_) => Language::anything(),
        }
    }
}

/// A language: places one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Language(Vec<Place>);

impl Language {
    /// All texts.
    pub fn anything() -> Self {
        Self(vec![Place::Many(Class::Any)])
    }

    /// Followed by a character.
    pub fn push(&mut self, c: char) {
        self.0.push(Place::Once(Class::Is(c)));
    }

    /// Followed by another language.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
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

/// Whether two languages have a text in common: reachability in their product.
pub(super) fn meet(left: &Language, right: &Language) -> bool {
    let mut seen = BTreeSet::from([(0, 0)]);
    let mut open = vec![(0, 0)];
    while let Some((l, r)) = open.pop() {
        let (a, b) = (left.0.get(l), right.0.get(r));
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
