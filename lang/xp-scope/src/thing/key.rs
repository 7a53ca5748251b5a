//! How two keys of one part of one kind relate.

use unicode_normalization::UnicodeNormalization;

use super::chooser::Chooser;
use super::joint::{self, Pair};
use super::kind::{Immutable, KeyDecl, Kind};
use super::meeting::{Because, Side};
use super::term::{Key, Level, MadeBy, MintId, Piece, Symbol, SymbolId};
use crate::chars::fold;
use crate::pattern::PatternSet;
use crate::types::Type;
use crate::value::Value;

/// How two keys relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyMeeting {
    /// Never one.
    Apart(Because),
    /// The same.
    One,
    /// The path on this side lies inside the other.
    Inside(Side),
    /// One of them stands for several, the other is among them or some are.
    Several,
    /// One if this one chooses so.
    Perhaps(Chooser),
}

/// The value by which things of a kind are compared: what the upstream takes for one is one.
#[must_use]
pub fn canonical(decl: &KeyDecl, value: &Value) -> Value {
    match value {
        Value::Text(text) if decl.fold => Value::Text(fold(text)),
        Value::Text(text) => Value::Text(text.nfc().collect()),
        other => other.clone(),
    }
}

/// How two keys relate. Symmetric up to the side of [`KeyMeeting::Inside`].
pub(super) fn meet(decl: &KeyDecl, left: &Key, right: &Key) -> KeyMeeting {
    match left {
        _ if rank(left) > rank(right) => match meet(decl, right, left) {
            KeyMeeting::Inside(side) => KeyMeeting::Inside(side.other()),
            other => other,
        },
        Key::Every(None) => KeyMeeting::Several,
        Key::Every(Some(patterns)) => every(decl, patterns, right),
        Key::Minted { mint, by, name, again } => minted(decl, (*mint, *by, *again), name.as_deref(), right),
        Key::Chosen { by, within, .. } => chosen(decl, *by, within.as_ref(), right),
        Key::Value(_) | Key::Symbol(_) | Key::Template(_) => written(decl, left, right),
    }
}

/// Whether two values of a type that are known so can be the same value, spelled alike: what differs in spelling differs.
#[must_use]
pub fn can_equal(ty: &Type, left: &Key, right: &Key) -> bool {
    let decl = KeyDecl { name: String::new(), ty: ty.clone(), fold: false, exact: true };
    match (left, right) {
        (Key::Value(left), Key::Value(right)) => left == right,
        (Key::Minted { name, .. }, other) | (other, Key::Minted { name, .. }) => {
            name.as_deref().is_none_or(|name| can_equal(ty, name, other))
        }
        (Key::Chosen { within: Some(patterns), .. }, Key::Value(value))
        | (Key::Value(value), Key::Chosen { within: Some(patterns), .. }) => {
            matches!(value, Value::Text(path) if patterns.matches(path))
        }
        (Key::Chosen { within: Some(left), .. }, Key::Chosen { within: Some(right), .. }) => {
            left.disjoint(right).is_err()
        }
        (Key::Every(_) | Key::Chosen { .. }, _) | (_, Key::Every(_) | Key::Chosen { .. }) => true,
        _ => !matches!(meet(&decl, left, right), KeyMeeting::Apart(_)),
    }
}

/// What of two keys is looked at first.
fn rank(key: &Key) -> u8 {
    match key {
        Key::Every(None) => 0,
        Key::Every(Some(_)) => 1,
        Key::Minted { .. } => 2,
        Key::Chosen { .. } => 3,
        Key::Value(_) | Key::Symbol(_) | Key::Template(_) => 4,
    }
}

/// Names differ; that they name different things is known only where the kind says so.
fn differ(decl: &KeyDecl) -> KeyMeeting {
    if decl.exact { KeyMeeting::Apart(Because::Spelling) } else { KeyMeeting::Perhaps(Chooser::Nobody) }
}

/// The same for patterns, which are matched as they are spelled.
fn unmatched(decl: &KeyDecl) -> KeyMeeting {
    if decl.fold { KeyMeeting::Perhaps(Chooser::Nobody) } else { differ(decl) }
}

fn every(decl: &KeyDecl, patterns: &PatternSet, other: &Key) -> KeyMeeting {
    match other {
        Key::Value(Value::Text(path)) if patterns.touches(path) => KeyMeeting::Several,
        Key::Value(_) => unmatched(decl),
        Key::Every(None) => KeyMeeting::Several,
        Key::Every(Some(others)) if patterns.may_touch(others) => KeyMeeting::Several,
        Key::Every(Some(_)) => unmatched(decl),
        Key::Symbol(Symbol { by, within, .. }) | Key::Chosen { by, within, .. } => match within {
            Some(others) if !patterns.may_touch(others) => unmatched(decl),
            _ => KeyMeeting::Perhaps(*by),
        },
        Key::Template(_) => KeyMeeting::Perhaps(who(other).unwrap_or(Chooser::World)),
        Key::Minted { name: Some(name), .. } => every(decl, patterns, name),
        Key::Minted { name: None, .. } => KeyMeeting::Perhaps(Chooser::World),
    }
}

/// What the run makes against anything else: new against all that was given, by its name against the rest. Of paths only the
/// name counts: what is new may lie inside what is not.
fn minted(
    decl: &KeyDecl,
    (mint, by, again): (MintId, MadeBy, bool),
    name: Option<&Key>,
    other: &Key,
) -> KeyMeeting {
    let tree = decl.is_tree();
    match (other, name) {
        (Key::Minted { mint: second, by: second_by, .. }, _)
            if mint == *second && by == *second_by && by != MadeBy::Any =>
        {
            KeyMeeting::One
        }
        (Key::Minted { mint: second, again: second_again, .. }, _)
            if mint != *second && !tree && !again && !second_again =>
        {
            KeyMeeting::Apart(Because::New)
        }
        (Key::Minted { name: Some(second), .. }, Some(name)) => meet(decl, name, second),
        (Key::Minted { .. }, _) => KeyMeeting::Perhaps(Chooser::World),
        (Key::Symbol(symbol), _) if symbol.given && !tree => given(decl),
        // The machine looks into lists for names of git only.
        (Key::Chosen { given: true, .. }, _) if decl.is_of_git() => given(decl),
        (Key::Value(_), None) if !tree => given(decl),
        (other, Some(name)) => meet(decl, name, other),
        (Key::Symbol(symbol), None) => KeyMeeting::Perhaps(symbol.by),
        (Key::Chosen { by, .. }, None) => KeyMeeting::Perhaps(*by),
        (_, None) => KeyMeeting::Perhaps(Chooser::World),
    }
}

/// What is new is apart from everything that was given in all parts of its key, and from everything else that is new. Where
/// somebody chooses another part, it can be chosen so that the whole is what was made.
/// Of content that is made twice, both have one name.
pub(super) fn is_new(kind: &Kind, left: &Level, right: &Level) -> KeyMeeting {
    let minted = |level: &Level| level.keys.iter().any(|key| matches!(key, Key::Minted { .. }));
    let other = match (minted(left), minted(right)) {
        (true, false) => right,
        (false, true) => left,
        (true, true) if kind.immutable == Some(Immutable::Content) => {
            let mut names = left.keys.iter().zip(&right.keys).zip(&kind.key);
            return names
                .find_map(|(keys, decl)| match keys {
                    (Key::Minted { name: Some(a), .. }, Key::Minted { name: Some(b), .. }) => {
                        Some(meet(decl, a, b))
                    }
                    _ => None,
                })
                .unwrap_or(KeyMeeting::Perhaps(Chooser::World));
        }
        _ => return KeyMeeting::Apart(Because::New),
    };
    let open = other.keys.iter().zip(&kind.key).filter_map(|(key, decl)| match key {
        Key::Value(_) => None,
        Key::Chosen { given: true, .. } if decl.is_of_git() => None,
        Key::Symbol(symbol) => (!symbol.given).then_some(symbol.by),
        Key::Chosen { by, .. } => Some(*by),
        Key::Template(_) => Some(who(key).unwrap_or(Chooser::World)),
        Key::Every(_) | Key::Minted { .. } => Some(Chooser::World),
    });
    open.min().map_or(KeyMeeting::Apart(Because::New), KeyMeeting::Perhaps)
}

/// The machine compares what is new with what was given as the kind says that names are spelled; an upstream may take two
/// spellings for one where it does not.
fn given(decl: &KeyDecl) -> KeyMeeting {
    if decl.exact || decl.fold || decl.is_of_git() {
        KeyMeeting::Apart(Because::New)
    } else {
        KeyMeeting::Perhaps(Chooser::Nobody)
    }
}

fn chosen(decl: &KeyDecl, by: Chooser, within: Option<&PatternSet>, other: &Key) -> KeyMeeting {
    let of_both = |second: Chooser| KeyMeeting::Perhaps(by.min(second));
    match (within, other) {
        (Some(patterns), Key::Value(Value::Text(path))) if !patterns.touches(path) => unmatched(decl),
        (Some(patterns), Key::Chosen { within: Some(others), .. }) if !patterns.may_touch(others) => {
            unmatched(decl)
        }
        (_, Key::Chosen { by: second, .. }) => of_both(*second),
        (Some(patterns), Key::Symbol(Symbol { within: Some(others), .. })) if !patterns.may_touch(others) => {
            unmatched(decl)
        }
        (_, Key::Symbol(symbol)) => of_both(symbol.by),
        (_, Key::Template(_)) => of_both(who(other).unwrap_or(by)),
        (_, Key::Value(_) | Key::Every(_) | Key::Minted { .. }) => KeyMeeting::Perhaps(by),
    }
}

/// Values, symbols and templates.
fn written(decl: &KeyDecl, left: &Key, right: &Key) -> KeyMeeting {
    match (left, right) {
        (Key::Value(left), Key::Value(right)) => values(decl, left, right),
        (Key::Symbol(left), Key::Symbol(right)) if left.id == right.id => KeyMeeting::One,
        (Key::Symbol(symbol), Key::Value(value)) | (Key::Value(value), Key::Symbol(symbol)) => {
            match (&symbol.within, value) {
                (Some(patterns), Value::Text(path)) if !patterns.touches(path) => unmatched(decl),
                _ => KeyMeeting::Perhaps(symbol.by),
            }
        }
        (Key::Symbol(left), Key::Symbol(right)) => match (&left.within, &right.within) {
            (Some(patterns), Some(others)) if !patterns.may_touch(others) => unmatched(decl),
            _ => KeyMeeting::Perhaps(left.by.min(right.by)),
        },
        _ => templates(decl, left, right),
    }
}

fn values(decl: &KeyDecl, left: &Value, right: &Value) -> KeyMeeting {
    let (left, right) = (canonical(decl, left), canonical(decl, right));
    if left == right {
        return KeyMeeting::One;
    }
    if let (true, Value::Text(left), Value::Text(right)) = (decl.is_tree(), &left, &right) {
        if lies_in(left, right) {
            return KeyMeeting::Inside(Side::Left);
        }
        if lies_in(right, left) {
            return KeyMeeting::Inside(Side::Right);
        }
    }
    differ(decl)
}

/// Whether a path lies below a folder.
pub(super) fn lies_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn templates(decl: &KeyDecl, left: &Key, right: &Key) -> KeyMeeting {
    let (Some(a), Some(b)) = (letters(decl, left), letters(decl, right)) else {
        return KeyMeeting::Perhaps(Chooser::World);
    };
    if a == b {
        return KeyMeeting::One;
    }
    let by = who(left).into_iter().chain(who(right)).min().unwrap_or(Chooser::World);
    // A folder of the other's path is enough to meet: that depends on where the terms end.
    if decl.is_tree() || joint::may_meet(&[Pair { decl, left, right, ends: (false, false) }]) {
        KeyMeeting::Perhaps(by)
    } else {
        differ(decl)
    }
}

/// A part of what a template prints.
#[derive(PartialEq, Eq)]
enum Printed<'a> {
    Char(char),
    Hole(SymbolId, &'a Type),
}

/// What is printed, part by part: where these are the same, so are the texts.
fn letters<'a>(decl: &'a KeyDecl, key: &'a Key) -> Option<Vec<Printed<'a>>> {
    let chars = |text: &str| {
        let text = if decl.fold { fold(text) } else { text.nfc().collect() };
        text.chars().map(Printed::Char).collect::<Vec<_>>()
    };
    match key {
        Key::Value(Value::Text(value)) => Some(chars(value)),
        Key::Value(Value::Int(value)) => Some(chars(&value.to_string())),
        Key::Symbol(symbol) => Some(vec![Printed::Hole(symbol.id, &decl.ty)]),
        Key::Template(pieces) => {
            let parts = pieces.iter().map(|piece| match piece {
                Piece::Text(value) => chars(value),
                Piece::Hole { symbol, ty } => vec![Printed::Hole(symbol.id, ty)],
            });
            Some(parts.flatten().collect())
        }
        _ => None,
    }
}

/// Who can choose a value in it against us.
fn who(key: &Key) -> Option<Chooser> {
    match key {
        Key::Symbol(symbol) => Some(symbol.by),
        Key::Template(pieces) => {
            let holes = pieces.iter().filter_map(|piece| match piece {
                Piece::Text(_) => None,
                Piece::Hole { symbol, .. } => Some(symbol.by),
            });
            holes.min()
        }
        _ => None,
    }
}
