//! The common part of two patterns, as patterns.
//!
//! Two wildcards that meet either end together or one before the other; following both ways gives finitely many
//! patterns whose union is exact.

use std::collections::{BTreeMap, BTreeSet};

use super::control::is_control_file;
use super::glob::{self, Item, Token};
use super::shortest::TooComplex;
use crate::path::check_segment;

/// Alternatives kept at any place before giving up.
const MAX_ALTERNATIVES: usize = 1_024;

/// Texts of patterns that together match what both match.
pub(crate) fn intersect(left: &[Item], right: &[Item]) -> Result<BTreeSet<String>, TooComplex> {
    let common = Meeting { left, right, rule: paths }.run()?;
    Ok(common.iter().map(|items| text(items)).collect())
}

fn text(items: &[Item]) -> String {
    let items = match items {
        // As `a/**` is kept as `a/**/*`.
        [before @ .., Item::Many, Item::Glob(end)] if end.as_slice() == [Token::Star] => {
            [before, &[Item::Many]].concat()
        }
        items => items.to_vec(),
    };
    let segments = items.iter().map(|item| match item {
        Item::Literal(text) => text.clone(),
        Item::Glob(tokens) => glob::text(tokens),
        Item::Many => "**".to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// One way on: what is written, and how many pieces it takes from the left and from the right.
type Way<T> = (Option<T>, usize, usize);

/// Says the ways on from what is left of both sides.
type Rule<T> = fn(&[T], &[T]) -> Result<Vec<Way<T>>, TooComplex>;

struct Meeting<'a, T> {
    left: &'a [T],
    right: &'a [T],
    rule: Rule<T>,
}

impl<T: Clone + Ord> Meeting<'_, T> {
    /// All ways through, the common suffixes shared. Works backwards, so nothing recurses.
    fn run(&self) -> Result<BTreeSet<Vec<T>>, TooComplex> {
        let mut table: BTreeMap<(usize, usize), BTreeSet<Vec<T>>> = BTreeMap::new();
        for l in (0..=self.left.len()).rev() {
            for r in (0..=self.right.len()).rev() {
                let left = self.left.get(l..).unwrap_or_default();
                let right = self.right.get(r..).unwrap_or_default();
                let mut here = BTreeSet::new();
                if left.is_empty() && right.is_empty() {
                    here.insert(Vec::new());
                }
                for (written, from_left, from_right) in (self.rule)(left, right)? {
                    for rest in table.get(&(l + from_left, r + from_right)).into_iter().flatten() {
                        here.insert(written.iter().chain(rest).cloned().collect());
                    }
                }
                if here.len() > MAX_ALTERNATIVES {
                    return Err(TooComplex);
                }
                table.insert((l, r), here);
            }
        }
        Ok(table.remove(&(0, 0)).unwrap_or_default())
    }
}

/// Ways on within a segment.
fn segments(left: &[Token], right: &[Token]) -> Result<Vec<Way<Token>>, TooComplex> {
    Ok(match (left.first(), right.first()) {
        (Some(Token::Star), Some(Token::Star)) => {
            vec![(Some(Token::Star), 1, 0), (Some(Token::Star), 0, 1)]
        }
        (Some(Token::Star), Some(other)) => vec![(None, 1, 0), (Some(*other), 0, 1)],
        (Some(other), Some(Token::Star)) => vec![(None, 0, 1), (Some(*other), 1, 0)],
        (Some(Token::Star), None) => vec![(None, 1, 0)],
        (None, Some(Token::Star)) => vec![(None, 0, 1)],
        (Some(Token::One), Some(other)) | (Some(other), Some(Token::One)) => vec![(Some(*other), 1, 1)],
        (Some(a), Some(b)) if a == b => vec![(Some(*a), 1, 1)],
        _ => Vec::new(),
    })
}

/// Ways on between segments.
fn paths(left: &[Item], right: &[Item]) -> Result<Vec<Way<Item>>, TooComplex> {
    let (Some((a, left)), Some((b, right))) = (left.split_first(), right.split_first()) else {
        // `**` is never last, so what is left over on one side takes at least one segment more.
        return Ok(Vec::new());
    };
    let last = left.is_empty() && right.is_empty();
    Ok(match (a, b) {
        (Item::Many, Item::Many) => vec![(Some(Item::Many), 1, 0), (Some(Item::Many), 0, 1)],
        (Item::Many, other) => {
            let taken = wildcard_takes(other).then(|| (Some(other.clone()), 0, 1));
            [(None, 1, 0)].into_iter().chain(taken).collect()
        }
        (other, Item::Many) => {
            let taken = wildcard_takes(other).then(|| (Some(other.clone()), 1, 0));
            [(None, 0, 1)].into_iter().chain(taken).collect()
        }
        (Item::Literal(a), Item::Literal(b)) if a == b => vec![(Some(Item::Literal(a.clone())), 1, 1)],
        (Item::Literal(literal), Item::Glob(tokens)) | (Item::Glob(tokens), Item::Literal(literal)) => {
            let item = Item::Literal(literal.clone());
            let fits = wildcard_takes(&item)
                && glob::matches(tokens, literal)
                && !(last && is_control_file(literal));
            if fits { vec![(Some(item), 1, 1)] } else { Vec::new() }
        }
        (Item::Glob(a), Item::Glob(b)) => {
            let common = Meeting { left: a, right: b, rule: segments }.run()?;
            common.into_iter().filter_map(|tokens| Some((Some(segment(tokens, last)?), 1, 1))).collect()
        }
        _ => Vec::new(),
    })
}

/// Whether `**` stands for such segments too. It is never last, so control files do not come into it.
fn wildcard_takes(item: &Item) -> bool {
    !matches!(item, Item::Literal(text) if text.starts_with('.'))
}

/// A segment out of two globs. With no wildcard left it is a literal, which must not match more than the globs did.
fn segment(mut tokens: Vec<Token>, last: bool) -> Option<Item> {
    tokens.dedup_by(|a, b| *a == Token::Star && *b == Token::Star);
    if tokens.first() == Some(&Token::Char('.')) {
        return None;
    }
    if tokens.iter().any(|token| !matches!(token, Token::Char(_))) {
        return Some(Item::Glob(tokens));
    }
    let text = glob::text(&tokens);
    let valid = check_segment(&text).is_ok() && !(last && is_control_file(&text));
    valid.then_some(Item::Literal(text))
}
