//! Whether keys that must meet at once can: one symbol has one value wherever it stands.
//!
//! Values and symbols are compared as keys are, whole. Templates are compared by an image of their texts, under which equal names stay equal, and what two texts put together have for an
//! image is the images put together: each character folded (where the key folds) and decomposed, without what combines with
//! the one before it. So where the images cannot be equal, the names never are.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::equation::{Letter, System, Word};
use super::kind::KeyDecl;
use super::language::Range;
use super::term::{Key, Piece, Symbol, SymbolId};
use crate::chars::fold;
use crate::types::Type;
use crate::value::Value;

/// Two keys of one part of one kind that must meet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub decl: &'a KeyDecl,
    pub left: &'a Key,
    pub right: &'a Key,
    /// Sides that end here: what the other side names may lie inside, where keys are paths.
    pub ends: (bool, bool),
}

/// Pairs with keys that enclose one another which are followed in all ways; of more, nothing is said.
const MAX_TREES: usize = 3;

/// Whether the pairs say more together than one by one: a symbol stands in them twice, or a template in a path, of which one by
/// one nothing is asked.
pub(super) fn say_more(pairs: &[Pair<'_>]) -> bool {
    let mut seen = BTreeSet::new();
    let mut more = false;
    for pair in pairs {
        for key in [pair.left, pair.right] {
            more |= pair.decl.is_tree() && !is_whole(key);
            each_symbol(key, &mut |symbol| more |= !seen.insert(symbol));
        }
    }
    more
}

fn each_symbol(key: &Key, take: &mut impl FnMut(SymbolId)) {
    match key {
        Key::Symbol(symbol) => take(symbol.id),
        Key::Minted { name: Some(name), .. } => each_symbol(name, take),
        Key::Template(pieces) => pieces.iter().for_each(|piece| match piece {
            Piece::Text(_) => {}
            Piece::Hole { symbol, .. } => take(symbol.id),
        }),
        Key::Value(_) | Key::Chosen { .. } | Key::Every(_) | Key::Minted { name: None, .. } => {}
    }
}

/// Whether all pairs may meet at once, if different spellings never name one thing.
pub(super) fn may_meet(pairs: &[Pair<'_>]) -> bool {
    // Keys that fold say less than the others, and templates less than what is whole: so those are looked at by themselves,
    // too.
    let folds = pairs.iter().any(|pair| pair.decl.fold);
    let whole: Vec<&Pair<'_>> =
        pairs.iter().filter(|pair| is_whole(pair.left) && is_whole(pair.right)).collect();
    let may = |pairs: &[&Pair<'_>], by: Chars| {
        may_meet_as(pairs.iter().copied().filter(|pair| !pair.decl.fold), false, by)
            && (!folds || may_meet_as(pairs.iter().copied(), true, by))
    };
    may(&whole, spelled) && (whole.len() == pairs.len() || may(&pairs.iter().collect::<Vec<_>>(), image))
}

fn is_whole(key: &Key) -> bool {
    match key {
        Key::Minted { name: Some(name), .. } => is_whole(name),
        Key::Template(_) => false,
        Key::Value(_)
        | Key::Symbol(_)
        | Key::Chosen { .. }
        | Key::Every(_)
        | Key::Minted { name: None, .. } => true,
    }
}

/// Characters of a text, folded or not.
type Chars = fn(&str, bool) -> Vec<char>;

fn may_meet_as<'a>(pairs: impl Iterator<Item = &'a Pair<'a>>, folded: bool, by: Chars) -> bool {
    let mut systems = vec![System::default()];
    let mut trees = 0;
    // The numbers of symbols are small.
    let mut fresh = u32::MAX;
    for pair in pairs {
        let mut words = Words { folded, by, system: System::default() };
        let (Some(left), Some(right)) = (words.of(pair.decl, pair.left), words.of(pair.decl, pair.right))
        else {
            continue;
        };
        let mut ways = vec![(left.clone(), right.clone())];
        if pair.decl.is_tree() && (pair.ends.0 || pair.ends.1) {
            trees += 1;
            if trees > MAX_TREES {
                continue;
            }
            fresh -= 1;
            let below = |folder: &Word| {
                let inside = [Letter::Char('/'), Letter::Unknown(fresh)];
                folder.iter().copied().chain(inside).collect::<Word>()
            };
            if pair.ends.1 {
                ways.push((left.clone(), below(&right)));
            }
            if pair.ends.0 {
                ways.push((below(&left), right));
            }
        }
        let ranges = words.system;
        systems = systems
            .iter()
            .flat_map(|system| {
                ways.iter().map(|(left, right)| {
                    let mut system = system.clone();
                    system.add(&ranges);
                    system.equal(left.clone(), right.clone());
                    system
                })
            })
            .collect();
    }
    systems.into_iter().any(System::may_hold)
}

/// Keys as words, with what is known of their unknowns.
struct Words {
    folded: bool,
    by: Chars,
    system: System,
}

impl Words {
    /// None of a key that is no text, or stands for several.
    fn of(&mut self, decl: &KeyDecl, key: &Key) -> Option<Word> {
        match key {
            Key::Value(Value::Text(text)) => Some(self.text(text)),
            Key::Value(Value::Int(number)) => Some(self.text(&number.to_string())),
            Key::Value(_) | Key::Chosen { .. } | Key::Every(_) | Key::Minted { name: None, .. } => None,
            Key::Symbol(symbol) => Some(vec![self.symbol(symbol, &decl.ty)]),
            Key::Minted { name: Some(name), .. } => self.of(decl, name),
            Key::Template(pieces) => {
                let mut word = Word::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => word.append(&mut self.text(text)),
                        Piece::Hole { symbol, ty } => word.push(self.symbol(symbol, ty)),
                    }
                }
                Some(word)
            }
        }
    }

    fn symbol(&mut self, symbol: &Symbol, ty: &Type) -> Letter {
        let (by, folded) = (self.by, self.folded);
        if let Some(range) = Range::of(ty, |word| by(word, folded)) {
            self.system.within(symbol.id.0, range);
        }
        Letter::Unknown(symbol.id.0)
    }

    fn text(&self, text: &str) -> Word {
        (self.by)(text, self.folded).into_iter().map(Letter::Char).collect()
    }
}

/// As keys are compared.
fn spelled(text: &str, folded: bool) -> Vec<char> {
    if folded { fold(text).chars().collect() } else { text.nfc().collect() }
}

fn image(text: &str, folded: bool) -> Vec<char> {
    let mut chars = Vec::with_capacity(text.len());
    for c in text.chars() {
        match (c.is_ascii(), folded) {
            (true, false) => chars.push(c),
            (true, true) => chars.push(c.to_ascii_lowercase()),
            (false, false) => chars.extend(std::iter::once(c).nfd()),
            (false, true) => chars.extend(fold(c.encode_utf8(&mut [0; 4])).nfd()),
        }
    }
    chars.retain(|c| canonical_combining_class(*c) == 0);
    chars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_one_name_have_one_image() {
        let assigned = |c: &char| unicode_normalization::char::is_public_assigned(*c);
        for c in ('\0'..=char::MAX).filter(assigned) {
            let text = c.to_string();
            let plain = image(&text, false);
            assert_eq!(image(&text.nfd().collect::<String>(), false), plain, "{c:?}");
            assert_eq!(image(&text.nfc().collect::<String>(), false), plain, "{c:?}");
            let folded = image(&text, true);
            for same in
                [text.nfkc().collect(), text.nfkd().collect(), text.to_uppercase(), text.to_lowercase()]
            {
                let same: String = same;
                assert_eq!(image(&same, true), folded, "{c:?}");
            }
            // What is reordered under normalisation leaves the same image in each order.
            if canonical_combining_class(c) != 0 {
                assert!(plain.is_empty(), "{c:?}");
                assert!(folded.iter().all(|c| *c == 'ι'), "{c:?}");
            }
        }
    }
}
