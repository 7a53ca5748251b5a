//! Path patterns.
//!
//! `*` is any characters within a segment, `?` one, `**` whole segments: any number of them, at the end of a pattern at
//! least one (`src/**` is what lies inside `src`, as in git's own patterns, not a file that takes its place). Everything
//! else stands for itself. A wildcard never matches a segment that starts with a dot, nor a control file
//! ([`is_control_file`]) at the end of a path: such a segment has to be written out.

mod control;
mod glob;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::path::{self, PathError};
use glob::{Item, Token};

pub use control::is_control_file;

/// Bytes a pattern may have.
pub const MAX_PATTERN: usize = 512;
/// Patterns a set may have.
pub const MAX_PATTERNS: usize = 256;

/// One pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    text: String,
    items: Vec<Item>,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// No characters at all.
    #[error("an empty pattern")]
    Empty,
    /// More than [`MAX_PATTERN`] bytes.
    #[error("a pattern of more than {MAX_PATTERN} bytes")]
    TooLong,
    /// More than [`MAX_PATTERNS`] patterns in one set.
    #[error("more than {MAX_PATTERNS} patterns")]
    TooMany,
    /// A leading `!` or `#`, which other tools read as "not" and as a comment.
    #[error("a pattern that starts with `{0}`")]
    Leading(char),
    /// Braces, brackets and backslashes have no meaning here and are refused, not taken literally.
    #[error("`{0}` has no meaning in a pattern; write the alternatives as patterns of their own")]
    Unsupported(char),
    /// `**` beside other characters, as in `a**`.
    #[error("`**` stands for whole segments, it cannot be part of {0:?}")]
    PartialMany(String),
    /// `**/**`.
    #[error("`**` twice in a row")]
    DoubleMany,
    /// A combining character, which could merge with what a wildcard stands for.
    #[error("the character {0:?} cannot stand in a pattern, as it merges with the one before it")]
    Combining(char),
    /// The written part could not stand in a path.
    #[error("no path matches, it would contain {0}")]
    Path(#[from] PathError),
    /// A wildcard beside a leading dot.
    #[error("no path matches {0:?}: a wildcard matches no dotfile, its name must be written out")]
    Dotfile(String),
    /// The segment matches nothing for another reason.
    #[error("no path matches {0:?}")]
    Nothing(String),
}

impl Pattern {
    /// Reads a pattern; refused if no path can match it.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_PATTERN {
            return Err(PatternError::TooLong);
        }
        if let Some(c) = text.chars().next().filter(|c| matches!(c, '!' | '#')) {
            return Err(PatternError::Leading(c));
        }
        if text.starts_with('-') {
            return Err(PathError::Dash.into());
        }
        let items = text.split('/').map(item).collect::<Result<Vec<_>, _>>()?;
        if items.windows(2).any(|pair| matches!(pair, [Item::Many, Item::Many])) {
            return Err(PatternError::DoubleMany);
        }
        Ok(Self { text: text.to_owned(), items })
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a path matches. What is no path ([`path::check`]) matches nothing.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        path::check(path).is_ok() && self.matches_checked(path)
    }

    fn matches_checked(&self, path: &str) -> bool {
        // Positions in `items` that some reading of the path so far has reached.
        let mut reached = vec![false; self.items.len() + 1];
        let mut next = reached.clone();
        if let Some(first) = reached.first_mut() {
            *first = true;
        }
        self.skip_many(&mut reached);
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let reserved = segment.starts_with('.') || last && is_control_file(segment);
            next.fill(false);
            for (at, item) in self.items.iter().enumerate() {
                if !reached.get(at).copied().unwrap_or(false) {
                    continue;
                }
                let (fits, stays) = match item {
                    Item::Literal(literal) => (literal == segment, false),
                    Item::Glob(tokens) => (!reserved && glob::matches(tokens, segment), false),
                    Item::Many => (!reserved, true),
                };
                if fits
                    && stays
                    && let Some(slot) = next.get_mut(at)
                {
                    *slot = true;
                }
                if fits && let Some(slot) = next.get_mut(at + 1) {
                    *slot = true;
                }
            }
            self.skip_many(&mut next);
            std::mem::swap(&mut reached, &mut next);
        }
        reached.last().copied().unwrap_or(false)
    }

    /// A `**` may stand for nothing, unless it is the last item.
    fn skip_many(&self, reached: &mut [bool]) {
        for at in 0..self.items.len().saturating_sub(1) {
            if self.items.get(at) == Some(&Item::Many)
                && reached.get(at).copied().unwrap_or(false)
                && let Some(slot) = reached.get_mut(at + 1)
            {
                *slot = true;
            }
        }
    }
}

fn item(segment: &str) -> Result<Item, PatternError> {
    if segment == "**" {
        return Ok(Item::Many);
    }
    if segment.contains("**") {
        return Err(PatternError::PartialMany(segment.to_owned()));
    }
    if let Some(c) = segment.chars().find(|c| matches!(c, '{' | '}' | '[' | ']' | '\\')) {
        return Err(PatternError::Unsupported(c));
    }
    if let Some(c) = segment.chars().find(|c| crate::chars::may_combine(*c)) {
        return Err(PatternError::Combining(c));
    }
    if !segment.contains(['*', '?']) {
        path::check_segment(segment)?;
        return Ok(Item::Literal(segment.to_owned()));
    }
    let written = |c: &char| !matches!(c, '*' | '?');
    if let Some(c) = segment.chars().filter(written).find(|c| !path::is_path_char(*c)) {
        return Err(PathError::Character(c).into());
    }
    if segment.starts_with('.') {
        return Err(PatternError::Dotfile(segment.to_owned()));
    }
    Ok(Item::Glob(
        segment
            .chars()
            .map(|c| match c {
                '*' => Token::Star,
                '?' => Token::One,
                c => Token::Char(c),
            })
            .collect(),
    ))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path pattern: `*` within a segment, `?` one character, `**` whole segments.",
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_PATTERN,
        })
    }
}

/// Patterns of which one must match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct PatternSet(#[schemars(length(max = 256))] Vec<Pattern>);

/// Why a claim about pattern sets was not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// This path shows the opposite.
    #[error("{0:?} shows the opposite")]
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
    pub fn new(patterns: Vec<Pattern>) -> Result<Self, PatternError> {
        if patterns.len() > MAX_PATTERNS {
            return Err(PatternError::TooMany);
        }
        Ok(Self(patterns))
    }

    /// Reads every pattern.
    pub fn parse<S: AsRef<str>>(patterns: &[S]) -> Result<Self, PatternError> {
        Self::new(patterns.iter().map(|text| Pattern::parse(text.as_ref())).collect::<Result<_, _>>()?)
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

    /// Whether no path matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A short path that matches.
    #[must_use]
    pub fn sample(&self) -> Option<String> {
        self.0
            .iter()
            .map(|pattern| pattern.text.replace("**", "x").replace(['*', '?'], "x"))
            .find(|path| self.matches(path))
    }

    /// A short path that does not match.
    #[must_use]
    pub fn sample_outside(&self) -> Option<String> {
        ["x", "x/x", "y.txt"]
            .into_iter()
            .map(str::to_owned)
            .chain((0..=MAX_PATTERNS).map(|n| format!(".x{n}")))
            .find(|path| !self.matches(path))
    }

    /// Shows that every path that matches this set matches the other, or a path that does not.
    pub fn within(&self, other: &Self) -> Result<(), NotShown> {
        for pattern in &self.0 {
            let covered = other.0.iter().any(|wide| {
                let folder = wide.text.strip_suffix("**").is_some_and(|folder| !folder.contains(['*', '?']));
                wide == pattern
                    || folder
                        && wide.text.strip_suffix("**").is_some_and(|folder| pattern.text.starts_with(folder))
                    || other.matches(&pattern.text)
            });
            if !covered {
                let sample = Self(vec![pattern.clone()]).sample().filter(|path| !other.matches(path));
                return Err(sample.map_or(NotShown::TooComplex, NotShown::Path));
            }
        }
        Ok(())
    }

    /// Shows that no path matches both sets, or a path that does.
    pub fn disjoint(&self, other: &Self) -> Result<(), NotShown> {
        for (this, that) in [(self, other), (other, self)] {
            if let Some(path) = this.sample().filter(|path| that.matches(path)) {
                return Err(NotShown::Path(path));
            }
        }
        let root = |pattern: &Pattern| match pattern.items.first() {
            Some(Item::Literal(root)) => Some(root.clone()),
            _ => None,
        };
        let apart = self.0.iter().all(|this| {
            other.0.iter().all(|that| match (root(this), root(that)) {
                (Some(this), Some(that)) => this != that,
                _ => false,
            })
        });
        if apart { Ok(()) } else { Err(NotShown::TooComplex) }
    }
}

impl fmt::Display for PatternSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl<'de> Deserialize<'de> for PatternSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
