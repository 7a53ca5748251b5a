//! Where text comes from and how a byte becomes a line and a column.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A source among the [`Sources`] of one run of a tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub u32);

/// A stretch of one source, in bytes; `end` is the byte after the last one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// Which source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl Span {
    /// The span of a byte range; positions beyond 4 GiB saturate (the parser refuses such files).
    #[must_use]
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { source, start: clamp(start), end: clamp(end) }
    }

    /// From the start of this one to the end of the other, which must be in the same source.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The bytes as a range.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}:{}..{}", self.source.0, self.start, self.end)
    }
}

/// A place for people: both count from 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

#[derive(Debug)]
struct Source {
    path: String,
    text: String,
    /// Byte at which each line starts.
    lines: Vec<usize>,
}

impl Source {
    fn new(path: String, text: String) -> Arc<Self> {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Self { path, text, lines })
    }
}

/// Every text that diagnostics may point into. A copy shares the texts.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Arc<Source>>,
}

impl Sources {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text under the path the user gave. A file that could not be read is added with an empty text.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> SourceId {
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Source::new(path.into(), text.into()));
        id
    }

    /// Replaces the text of a source; spans into the old one are void. An unknown id changes nothing.
    pub fn replace(&mut self, id: SourceId, path: impl Into<String>, text: impl Into<String>) {
        if let Some(place) = self.list.get_mut(id.0 as usize) {
            *place = Source::new(path.into(), text.into());
        }
    }

    /// The path as given; empty for an unknown id.
    #[must_use]
    pub fn path(&self, id: SourceId) -> &str {
        self.get(id).map_or("", |source| source.path.as_str())
    }

    /// The whole text; empty for an unknown id.
    #[must_use]
    pub fn text(&self, id: SourceId) -> &str {
        self.get(id).map_or("", |source| source.text.as_str())
    }

    /// The text under a span; empty when the span does not fit.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.source).get(span.range()).unwrap_or("")
    }

    /// Line and column of a byte; the end of the text for bytes beyond it.
    #[must_use]
    pub fn position(&self, id: SourceId, byte: u32) -> Position {
        let Some(source) = self.get(id) else { return Position { line: 1, column: 1 } };
        let byte = (byte as usize).min(source.text.len());
        let line = source.lines.partition_point(|start| *start <= byte).max(1);
        let start = source.lines.get(line - 1).copied().unwrap_or(0);
        let column = source
            .text
            .get(start..)
            .map_or(0, |rest| rest.char_indices().take_while(|(at, _)| start + at < byte).count());
        Position { line, column: column + 1 }
    }

    /// Bytes of a line (counted from 0 here) with its line break; the line after the last is empty.
    pub(crate) fn line(&self, id: SourceId, line: usize) -> Option<std::ops::Range<usize>> {
        let source = self.get(id)?;
        let start = source.lines.get(line).copied()?;
        Some(start..source.lines.get(line + 1).copied().unwrap_or(source.text.len()))
    }

    /// Every id, in the order of adding.
    pub fn ids(&self) -> impl Iterator<Item = SourceId> + '_ {
        (0..self.list.len()).map(|at| SourceId(u32::try_from(at).unwrap_or(u32::MAX)))
    }

    fn get(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize).map(AsRef::as_ref)
    }
}
