//! Equations of words over characters and unknowns, and whether they can hold at once.
//!
//! "No" is certain; "yes" is not: what takes too long to decide, and what only the types of three unknowns together rule out,
//! counts as possible. Unknowns are replaced as long as an equation gives one away. The rest is held against three conditions:
//! how often each character stands on both sides, the regular languages of both sides, and a search over which unknown begins
//! with which (Levi's lemma), whose states repeat where unknowns stand at most twice.

use std::collections::{BTreeMap, BTreeSet};

use super::language::{self, Language, Range};

/// A character, or an unknown by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Letter {
    Char(char),
    Unknown(u32),
}

/// Letters side by side.
pub(super) type Word = Vec<Letter>;

/// Two words that must be one.
type Equation = (Word, Word);

/// Equations that must hold together, and what is known of unknowns.
#[derive(Clone, Debug, Default)]
pub(super) struct System {
    equations: Vec<Equation>,
    /// Words that must be in a range: at first unknowns, then what they were replaced by.
    ranges: Vec<(Range, Word)>,
}

/// States of the search that are looked at.
const MAX_STATES: usize = 200;
/// Letters of one state.
const MAX_LETTERS: usize = 400;
/// Choices of words of enumerations that are followed.
const MAX_CHOICES: usize = 64;

impl System {
    /// Demands that two words be one.
    pub fn equal(&mut self, left: Word, right: Word) {
        self.equations.push((left, right));
    }

    /// Demands all that another system does.
    pub fn add(&mut self, other: &Self) {
        self.equations.extend(other.equations.iter().cloned());
        for range in &other.ranges {
            if !self.ranges.contains(range) {
                self.ranges.push(range.clone());
            }
        }
    }

    /// Demands that an unknown be in a range.
    pub fn within(&mut self, unknown: u32, range: Range) {
        let known = (range, vec![Letter::Unknown(unknown)]);
        if !self.ranges.contains(&known) {
            self.ranges.push(known);
        }
    }

    /// Whether the unknowns may have values with which all of it holds.
    pub fn may_hold(self) -> bool {
        self.holds(&mut MAX_CHOICES.clone())
    }

    fn holds(mut self, choices: &mut usize) -> bool {
        loop {
            match self.trim() {
                None => return false,
                Some(None) => break,
                Some(Some((unknown, word))) => self.replace(unknown, &word),
            }
        }
        if let Some((unknown, words)) = self.choice()
            && *choices >= words.len()
        {
            *choices -= words.len();
            return words.into_iter().any(|word| {
                let mut chosen = self.clone();
                chosen.replace(unknown, &word.into_iter().map(Letter::Char).collect::<Word>());
                chosen.holds(choices)
            });
        }
        let language = |word: &Word| self.language(word);
        let admitted = |(range, word): &(Range, Word)| match text(word) {
            Some(text) => range.admits(&text),
            None => language::meet(&range.language(), &language(word)),
        };
        self.ranges.iter().all(admitted)
            && self.equations.iter().all(|(left, right)| {
                may_balance(left, right) && language::meet(&language(left), &language(right))
            })
            && may_be_solved(self.equations)
    }

    /// Takes off what both sides begin and end with. None where some equation cannot hold; else a replacement that follows
    /// from one.
    fn trim(&mut self) -> Option<Option<(u32, Word)>> {
        let mut open = Vec::with_capacity(self.equations.len());
        for (left, right) in std::mem::take(&mut self.equations) {
            let (left, right) = trimmed(&left, &right)?;
            if !(left.is_empty() && right.is_empty()) {
                open.push((left, right));
            }
        }
        self.equations = open;
        for (left, right) in &self.equations {
            for (one, other) in [(left, right), (right, left)] {
                match one.as_slice() {
                    // Both are never empty, and one that is holds no characters: the other has unknowns only.
                    [] => return Some(other.first().and_then(unknown).map(|first| (first, Vec::new()))),
                    [Letter::Unknown(single)] if !other.contains(&Letter::Unknown(*single)) => {
                        return Some(Some((*single, other.clone())));
                    }
                    // It stands in itself: all else is empty, so it holds no characters.
                    [Letter::Unknown(single)] => {
                        let mut beside = other.clone();
                        if let Some(at) = beside.iter().position(|letter| *letter == Letter::Unknown(*single))
                        {
                            beside.remove(at);
                        }
                        let all: Option<Vec<u32>> = beside.iter().map(unknown).collect();
                        return Some(Some((*all?.first()?, Vec::new())));
                    }
                    _ => {}
                }
            }
        }
        Some(None)
    }

    fn replace(&mut self, unknown: u32, by: &[Letter]) {
        let sides = self.equations.iter_mut().flat_map(|(left, right)| [left, right]);
        for word in sides.chain(self.ranges.iter_mut().map(|(_, word)| word)) {
            *word = replaced(word, unknown, by);
        }
    }

    /// An unknown that is one of a few words, in some equation.
    fn choice(&self) -> Option<(u32, Vec<Vec<char>>)> {
        self.ranges.iter().find_map(|(range, word)| match (range, word.as_slice()) {
            (Range::Words(words), [letter @ Letter::Unknown(unknown)])
                if self
                    .equations
                    .iter()
                    .any(|(left, right)| left.contains(letter) || right.contains(letter)) =>
            {
                Some((*unknown, words.clone()))
            }
            _ => None,
        })
    }

    /// All that a word can be, each unknown by itself.
    fn language(&self, word: &[Letter]) -> Language {
        let mut language = Language::default();
        for letter in word {
            match letter {
                Letter::Char(c) => language.push(*c),
                Letter::Unknown(_) => {
                    let known = self.ranges.iter().find(|(_, of)| of.as_slice() == [*letter]);
                    language.append(known.map_or_else(Language::anything, |(range, _)| range.language()));
                }
            }
        }
        language
    }
}

fn unknown(letter: &Letter) -> Option<u32> {
    match letter {
        Letter::Char(_) => None,
        Letter::Unknown(unknown) => Some(*unknown),
    }
}

/// The text of a word without unknowns.
fn text(word: &[Letter]) -> Option<String> {
    let chars = word.iter().map(|letter| match letter {
        Letter::Char(c) => Some(*c),
        Letter::Unknown(_) => None,
    });
    chars.collect()
}

fn replaced(word: &[Letter], unknown: u32, by: &[Letter]) -> Word {
    let each = word.iter().map(|letter| match letter {
        Letter::Unknown(found) if *found == unknown => by.to_vec(),
        other => vec![*other],
    });
    each.flatten().collect()
}

/// Without what both begin and end with; none if they differ in a character there, or one is empty and the other is not.
fn trimmed(left: &[Letter], right: &[Letter]) -> Option<Equation> {
    let (mut left, mut right) = (left, right);
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
    let differ = |a: Option<&Letter>, b: Option<&Letter>| {
        matches!((a, b), (Some(Letter::Char(_)), Some(Letter::Char(_))))
    };
    let has_chars = |word: &[Letter]| word.iter().any(|letter| matches!(letter, Letter::Char(_)));
    let impossible = differ(left.first(), right.first())
        || differ(left.last(), right.last())
        || left.is_empty() && has_chars(right)
        || right.is_empty() && has_chars(left);
    (!impossible).then(|| (left.to_vec(), right.to_vec()))
}

/// Whether each character can stand on both sides equally often: one linear equation over natural numbers for each.
fn may_balance(left: &[Letter], right: &[Letter]) -> bool {
    let mut unknowns: BTreeMap<u32, i64> = BTreeMap::new();
    let mut chars: BTreeMap<char, i64> = BTreeMap::new();
    for (word, sign) in [(left, 1), (right, -1)] {
        for letter in word {
            match letter {
                Letter::Char(c) => *chars.entry(*c).or_default() -= sign,
                Letter::Unknown(unknown) => *unknowns.entry(*unknown).or_default() += sign,
            }
        }
    }
    let factors: Vec<i64> = unknowns.into_values().filter(|factor| *factor != 0).collect();
    let all = chars.values().sum::<i64>();
    chars.values().chain([&all]).all(|sum| {
        let divisor = factors.iter().fold(0, |a, b| greatest_divisor(a, b.abs()));
        match divisor {
            0 => *sum == 0,
            divisor => {
                sum % divisor == 0
                    && !(*sum < 0 && factors.iter().all(|factor| *factor > 0))
                    && !(*sum > 0 && factors.iter().all(|factor| *factor < 0))
            }
        }
    })
}

fn greatest_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

/// Whether the equations have a solution, whatever the ranges; what the search does not end on may have one.
fn may_be_solved(equations: Vec<Equation>) -> bool {
    let mut seen = BTreeSet::from([equations.clone()]);
    let mut open = vec![equations];
    while let Some(state) = open.pop() {
        let Some((left, right)) = state.first() else { return true };
        let letters: usize = state.iter().map(|(left, right)| left.len() + right.len()).sum();
        if seen.len() > MAX_STATES || letters > MAX_LETTERS {
            return true;
        }
        let mut replacements: Vec<(u32, Word)> = Vec::new();
        let empty = |letter: Option<&Letter>| letter.and_then(unknown).map(|unknown| (unknown, Vec::new()));
        match (left.first(), right.first()) {
            (Some(a), Some(b)) => {
                for (one, other) in [(a, b), (b, a)] {
                    if let Letter::Unknown(unknown) = one {
                        replacements.push((*unknown, vec![*other, *one]));
                        replacements.push((*unknown, Vec::new()));
                    }
                }
            }
            (one, other) => replacements.extend(empty(one.or(other))),
        }
        for (unknown, by) in replacements {
            let next: Option<Vec<Equation>> = state
                .iter()
                .map(|(left, right)| trimmed(&replaced(left, unknown, &by), &replaced(right, unknown, &by)))
                .collect();
            let Some(mut next) = next else { continue };
            next.retain(|(left, right)| !(left.is_empty() && right.is_empty()));
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    false
}
