//! One pattern: its text, its items, and the matching of one path.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::automaton::{Goal, search};
use super::control::is_control_file;
use super::glob::{self, Item, Token};
use crate::chars::{is_neutral, may_combine};
use crate::path::{self, PathError};

/// Bytes a pattern may have.
pub const MAX_PATTERN: usize = 512;

/// In a longer segment little may be left for a `*` to stand for.
const MAX_ENDLESS: usize = 128;

/// One pattern. Some path matches it.
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
    #[error("the character {0:?} cannot stand in a pattern, as it may merge with the one before it")]
    Combining(char),
    /// A `~`, or what some systems take for a dot or a `~`, beside a wildcard.
    #[error(
        "the character {0:?} cannot stand beside a wildcard, as it may make another name of what matches"
    )]
    BesideWildcard(char),
    /// The written part could not stand in a path.
    #[error("no path matches, it would be {0}")]
    Path(#[from] PathError),
    /// A wildcard beside a leading dot.
    #[error("no path matches {0:?}: a wildcard matches no dotfile, so its name must be written out")]
    Dotfile(String),
    /// Every match would be a control file, too long, or end in a dot or a space.
    #[error(
        "no path matches: a wildcard matches no file that controls builds, so its name must be written out"
    )]
    Nothing,
    /// Whether some path matches takes too long to find out.
    #[error("a pattern too complex to check")]
    TooComplex,
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
        let mut items = text.split('/').map(item).collect::<Result<Vec<_>, _>>()?;
        if items.windows(2).any(|pair| matches!(pair, [Item::Many, Item::Many])) {
            return Err(PatternError::DoubleMany);
        }
        if items.last() == Some(&Item::Many) {
            items.push(Item::Glob(vec![Token::Star]));
        }
        let pattern = Self { text: text.to_owned(), items };
        match pattern.find_sample() {
            Ok(Some(_)) => Ok(pattern),
            Ok(None) => Err(PatternError::Nothing),
            Err(_) => Err(PatternError::TooComplex),
        }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A short path that matches.
    #[must_use]
    pub fn sample(&self) -> Option<String> {
        self.find_sample().ok().flatten()
    }

    /// Whether it has no wildcard: it matches itself alone.
    #[must_use]
    pub fn is_path(&self) -> bool {
        self.items.iter().all(|item| matches!(item, Item::Literal(_)))
    }

    /// Whether there is always one more path that it matches, however many are left out; false also where that is not known.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.items.iter().any(|item| match item {
            Item::Literal(_) => false,
            Item::Many => true,
            Item::Glob(tokens) => tokens.contains(&Token::Star) && glob::text(tokens).len() <= MAX_ENDLESS,
        })
    }

    /// By filling the wildcards in, which nearly always works, else by search.
    fn find_sample(&self) -> Result<Option<String>, super::shortest::TooComplex> {
        match ["", "x"].into_iter().find_map(|filling| self.filled(filling, None)) {
            Some(path) => Ok(Some(path)),
            None => search(&[&self.items], &[], Goal::FirstAlone),
        }
    }

    /// A path that matches, with the text for each `*`, and for each `**` where there is no other; `None` where that is no match.
    #[must_use]
    pub fn sample_with(&self, text: &str) -> Option<String> {
        let star = |item: &Item| matches!(item, Item::Glob(tokens) if tokens.contains(&Token::Star));
        self.filled(text, (!self.items.iter().any(star)).then_some(text))
    }

    /// With these texts for each `*` and `**`, if that matches.
    fn filled(&self, star: &str, many: Option<&str>) -> Option<String> {
        let filled = |item: &Item| match item {
            Item::Literal(text) => Some(text.clone()),
            Item::Glob(tokens) => Some(glob::text(tokens).replace('*', star).replace('?', "x")),
            Item::Many => many.map(str::to_owned),
        };
        let path = self.items.iter().filter_map(filled).collect::<Vec<_>>().join("/");
        self.matches(&path).then_some(path)
    }

    /// Whether a path matches. What is no path ([`path::check`]) matches nothing.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        path::check(path).is_ok() && self.matches_checked(path)
    }

    /// Whether this matches what is known to be a path.
    pub(crate) fn matches_checked(&self, path: &str) -> bool {
        // Which items may be next, after every reading of the path so far.
        let mut reached = vec![false; self.items.len() + 1];
        let mut next = reached.clone();
        mark(&mut reached, 0);
        self.skip_many(&mut reached);
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            let reserved = segment.starts_with('.') || last && is_control_file(segment);
            next.fill(false);
            for (at, item) in self.items.iter().enumerate().filter(|(at, _)| is_marked(&reached, *at)) {
                match item {
                    Item::Literal(literal) if literal == segment => mark(&mut next, at + 1),
                    Item::Glob(tokens) if !reserved && glob::matches(tokens, segment) => {
                        mark(&mut next, at + 1)
                    }
                    Item::Many if !reserved => mark(&mut next, at),
                    _ => {}
                }
            }
            self.skip_many(&mut next);
            std::mem::swap(&mut reached, &mut next);
        }
        is_marked(&reached, self.items.len())
    }

    /// A `**` may stand for nothing.
    fn skip_many(&self, reached: &mut [bool]) {
        for (at, item) in self.items.iter().enumerate() {
            if *item == Item::Many && is_marked(reached, at) {
                mark(reached, at + 1);
            }
        }
    }

    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }
}

fn mark(places: &mut [bool], at: usize) {
    if let Some(place) = places.get_mut(at) {
        *place = true;
    }
}

fn is_marked(places: &[bool], at: usize) -> bool {
    places.get(at).copied().unwrap_or(false)
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
    if let Some(c) = segment.chars().find(|c| may_combine(*c)) {
        return Err(PatternError::Combining(c));
    }
    if !segment.contains(['*', '?']) {
        path::check_segment(segment)?;
        return Ok(Item::Literal(segment.to_owned()));
    }
    for c in segment.chars().filter(|c| !matches!(c, '*' | '?')) {
        if !path::is_path_char(c) {
            return Err(PathError::Character(c).into());
        }
        if !is_neutral(c) {
            return Err(PatternError::BesideWildcard(c));
        }
    }
    if segment.starts_with('.') {
        return Err(PatternError::Dotfile(segment.to_owned()));
    }
    Ok(Item::Glob(glob::tokens(segment)))
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
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
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
