//! Several patterns, and what can be shown about the paths that match them.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::automaton::{Goal, search};
use super::glob::Item;
use super::intersect::intersect;
use super::one::{Pattern, PatternError};
use crate::path;

/// Patterns a set may have.
pub const MAX_PATTERNS: usize = 256;

/// Patterns of which one must match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PatternSet(#[schemars(length(max = 256))] Vec<Pattern>);

/// Why a set is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternSetError {
    /// More than [`MAX_PATTERNS`].
    #[error("more than {MAX_PATTERNS} patterns")]
    TooMany,
    /// One of the patterns.
    #[error("pattern {text:?}: {error}")]
    Pattern {
        /// As written.
        text: String,
        /// What is wrong with it.
        error: PatternError,
    },
}

/// Why a claim about pattern sets was not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// This path shows the opposite. It is a shortest one.
    #[error("the path {0:?} shows the opposite")]
    Path(String),
    /// Deciding it would take too many states: neither shown nor refuted.
    #[error("the patterns are too complex to decide")]
    TooComplex,
}

impl NotShown {
    /// The path that shows the opposite, if the claim is refuted.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Path(path) => Some(path),
            Self::TooComplex => None,
        }
    }
}

impl PatternSet {
    /// A set; refused if it has more than [`MAX_PATTERNS`].
    pub fn new(patterns: Vec<Pattern>) -> Result<Self, PatternSetError> {
        if patterns.len() > MAX_PATTERNS {
            return Err(PatternSetError::TooMany);
        }
        Ok(Self(patterns))
    }

    /// Reads every pattern.
    pub fn parse<S: AsRef<str>>(patterns: &[S]) -> Result<Self, PatternSetError> {
        let read = |text: &S| {
            let text = text.as_ref();
            Pattern::parse(text).map_err(|error| PatternSetError::Pattern { text: text.to_owned(), error })
        };
        Self::new(patterns.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The patterns, in the order given.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    /// Whether a path matches some pattern. What is no path ([`path::check`]) matches nothing.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        path::check(path).is_ok() && self.0.iter().any(|pattern| pattern.matches_checked(path))
    }

    /// Whether no path matches: only without patterns, as each pattern matches something.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is always one more path that matches, however many are left out; false also where that is not known.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.0.iter().any(Pattern::is_endless)
    }

    /// A short path that matches; `None` if there is none.
    #[must_use]
    pub fn sample(&self) -> Option<String> {
        self.0.iter().filter_map(Pattern::sample).min_by_key(String::len)
    }

    /// A path that matches, with the text in it for each `*` (or `**`) of a pattern.
    #[must_use]
    pub fn sample_with(&self, text: &str) -> Option<String> {
        self.0.iter().filter(|pattern| pattern.is_endless()).find_map(|pattern| pattern.sample_with(text))
    }

    /// All paths that match, where no pattern has a wildcard.
    #[must_use]
    pub fn written_out(&self) -> Option<Vec<String>> {
        let paths = self.0.iter().map(|pattern| pattern.is_path().then(|| pattern.as_str().to_owned()));
        paths.collect()
    }

    /// A short path that does not match. There always is one: no wildcard matches a dotfile.
    #[must_use]
    pub fn sample_outside(&self) -> Option<String> {
        let plain = ["x", "x/x", "other.txt"].into_iter().map(str::to_owned);
        let dotted = (0..=MAX_PATTERNS).map(|number| format!(".x{number}"));
        plain.chain(dotted).find(|path| !self.matches(path))
    }

    /// Shows that every path that matches this set matches the other, or gives one that does not.
    pub fn within(&self, other: &Self) -> Result<(), NotShown> {
        // Sets are often the same, or one pattern more.
        let rest: Vec<&Pattern> = self.0.iter().filter(|pattern| !other.0.contains(pattern)).collect();
        let found = search(&items(rest), &items(&other.0), Goal::FirstAlone);
        refuted(found, |path| self.matches(path) && !other.matches(path))
    }

    /// Shows that no path matches both sets, or gives one that does.
    pub fn disjoint(&self, other: &Self) -> Result<(), NotShown> {
        let found = search(&items(&self.0), &items(&other.0), Goal::Both);
        refuted(found, |path| self.matches(path) && other.matches(path))
    }

    /// The set of what matches both sets; refused if it takes too many patterns, or one that cannot be written (a leading `#`).
    pub fn intersect(&self, other: &Self) -> Result<Self, NotShown> {
        let mut texts = BTreeSet::new();
        for left in &self.0 {
            for right in &other.0 {
                texts.extend(intersect(left.items(), right.items()).map_err(|_| NotShown::TooComplex)?);
                if texts.len() > 4 * MAX_PATTERNS {
                    return Err(NotShown::TooComplex);
                }
            }
        }
        let mut patterns = Vec::new();
        for text in texts {
            match Pattern::parse(&text) {
                Ok(pattern) => patterns.push(pattern),
                // A written part that no path can hold, as a leading `-`.
                Err(PatternError::Nothing | PatternError::Path(_)) => {}
                Err(_) => return Err(NotShown::TooComplex),
            }
        }
        Self::new(without_covered(patterns)).map_err(|_| NotShown::TooComplex)
    }
}

/// Patterns that no single other one covers; many are left as they are.
fn without_covered(mut patterns: Vec<Pattern>) -> Vec<Pattern> {
    if patterns.len() > 32 {
        return patterns;
    }
    let mut at = 0;
    while let Some(pattern) = patterns.get(at) {
        let alone = PatternSet(vec![pattern.clone()]);
        let sample = pattern.sample().unwrap_or_default();
        let mut others = patterns.iter().enumerate().filter(|(other, _)| *other != at);
        let covered = others.any(|(_, other)| {
            other.matches(&sample) && alone.within(&PatternSet(vec![other.clone()])).is_ok()
        });
        if covered {
            patterns.remove(at);
        } else {
            at += 1;
        }
    }
    patterns
}

fn items<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Vec<&'a [Item]> {
    patterns.into_iter().map(Pattern::items).collect()
}

/// What the automaton found, if the matcher agrees; they always do, and a test tries hard to find otherwise.
fn refuted<E>(found: Result<Option<String>, E>, agrees: impl Fn(&str) -> bool) -> Result<(), NotShown> {
    match found {
        Ok(None) => Ok(()),
        Ok(Some(path)) if agrees(&path) => Err(NotShown::Path(path)),
        _ => Err(NotShown::TooComplex),
    }
}

/// As a list in the source: `["src/**", "tests/**"]`.
impl fmt::Display for PatternSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.0.iter().map(|pattern| format!("\"{pattern}\"")).collect();
        write!(f, "[{}]", texts.join(", "))
    }
}

impl<'de> Deserialize<'de> for PatternSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
