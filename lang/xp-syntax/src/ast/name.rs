//! Names and doc comments.

use xp_diagnostics::Span;

/// A single word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Words with dots between; at least one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The words.
    pub segments: Vec<Name>,
    /// From the first to the last.
    pub span: Span,
}

impl Path {
    /// The words with dots between.
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.segments.iter().map(|name| name.text.as_str()).collect();
        words.join(".")
    }
}

/// A doc comment: consecutive `///` lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doc {
    /// The lines without their markers, joined by line breaks.
    pub text: String,
    /// From the first to the last line.
    pub span: Span,
}
