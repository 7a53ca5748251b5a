//! The lines of a source that a fault is drawn on, as a terminal may show them: what it would obey is written by number,
//! and long lines are cut around what is meant.

use std::ops::Range;

use crate::printable::misleads;
use crate::{SourceId, Sources, Span};

/// Longest line shown whole, in bytes.
const MAX_LINE: usize = 400;
/// Kept before and after each end of what is meant in a longer one, in bytes.
const AROUND: usize = 80;

/// From one line of a source to another, both included.
#[derive(Debug)]
pub(super) struct Excerpt {
    source: SourceId,
    /// Number of its first line, from 0.
    first: usize,
    text: String,
    /// Byte at which each line starts, in `text`.
    lines: Vec<usize>,
    /// What stands where, in order.
    runs: Vec<Run>,
}

/// Bytes of the source that stand in the excerpt as they are; none where something else stands for them.
#[derive(Clone, Copy, Debug)]
struct Run {
    old: usize,
    new: usize,
    len: usize,
}

impl Excerpt {
    /// The lines that these stretches of one source lie in.
    pub(super) fn of(sources: &Sources, source: SourceId, spans: &[Span]) -> Self {
        let whole = sources.text(source);
        let line_of = |byte: u32| sources.position(source, byte).line - 1;
        let first = spans.iter().map(|span| line_of(span.start)).min().unwrap_or_default();
        let last = spans.iter().map(|span| line_of(span.end.max(span.start))).max().unwrap_or(first);
        let mut made = Self { source, first, text: String::new(), lines: Vec::new(), runs: Vec::new() };
        let points: Vec<usize> =
            spans.iter().flat_map(|span| [span.start as usize, span.end as usize]).collect();
        for line in first..=last {
            let Some(range) = sources.line(source, line) else { break };
            made.lines.push(made.text.len());
            made.line(whole, range, &points);
        }
        made
    }

    fn line(&mut self, whole: &str, line: Range<usize>, points: &[usize]) {
        let written = whole.get(line.clone()).unwrap_or("");
        let body = written.strip_suffix('\n').map_or(written, |body| body.strip_suffix('\r').unwrap_or(body));
        let end = line.start + body.len();
        if body.len() <= MAX_LINE {
            self.keep(whole, line.start..end);
        } else {
            let mut at = line.start;
            for window in windows(whole, line.start..end, points) {
                if at < window.start {
                    self.instead(at, "…");
                }
                at = window.end;
                self.keep(whole, window);
            }
            if at < end {
                self.instead(at, "…");
            }
        }
        // A carriage return before the line feed is not drawn.
        self.instead(end, if body.len() < written.len() { "\n" } else { "" });
    }

    /// Takes bytes over, but for characters that mislead.
    fn keep(&mut self, whole: &str, bytes: Range<usize>) {
        let text = whole.get(bytes.clone()).unwrap_or("");
        let mut plain = 0;
        for (at, c) in text.char_indices().filter(|(_, c)| misleads(*c)) {
            self.same(bytes.start + plain, text.get(plain..at).unwrap_or(""));
            self.instead(bytes.start + at, &c.escape_unicode().to_string());
            plain = at + c.len_utf8();
        }
        self.same(bytes.start + plain, text.get(plain..).unwrap_or(""));
    }

    fn same(&mut self, old: usize, text: &str) {
        self.runs.push(Run { old, new: self.text.len(), len: text.len() });
        self.text.push_str(text);
    }

    /// Lets a text stand for what is at a byte and behind it.
    fn instead(&mut self, old: usize, text: &str) {
        self.runs.push(Run { old, new: self.text.len(), len: 0 });
        self.text.push_str(text);
    }

    pub(super) fn source(&self) -> SourceId {
        self.source
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Number of its first line, from 0.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// The same stretch here.
    pub(super) fn span(&self, span: Span) -> Range<usize> {
        let start = self.place(span.start as usize);
        start..self.place(span.end as usize).max(start)
    }

    fn place(&self, old: usize) -> usize {
        let run =
            self.runs.partition_point(|run| run.old <= old).checked_sub(1).and_then(|at| self.runs.get(at));
        run.map_or(0, |run| run.new + (old - run.old).min(run.len))
    }

    /// The byte of the source that stands at a byte here.
    pub(super) fn old(&self, new: usize) -> usize {
        let run =
            self.runs.partition_point(|run| run.new <= new).checked_sub(1).and_then(|at| self.runs.get(at));
        run.map_or(0, |run| run.old + (new - run.new).min(run.len))
    }

    /// Which of its lines, from 0, holds a byte.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Bytes of one of its lines, from 0, with the line feed.
    pub(super) fn line_range(&self, line: usize) -> Option<Range<usize>> {
        let start = self.lines.get(line).copied()?;
        Some(start..self.lines.get(line + 1).copied().unwrap_or(self.text.len()))
    }
}

/// What is kept of a long line, in order and apart.
fn windows(text: &str, line: Range<usize>, points: &[usize]) -> Vec<Range<usize>> {
    let mut here: Vec<usize> =
        points.iter().copied().filter(|at| (line.start..=line.end).contains(at)).collect();
    here.sort_unstable();
    if here.is_empty() {
        here.push(line.start);
    }
    let mut kept: Vec<Range<usize>> = Vec::new();
    for at in here {
        let start = text.floor_char_boundary(at.saturating_sub(AROUND).max(line.start));
        let end = text.ceil_char_boundary((at + AROUND).min(line.end));
        match kept.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => kept.push(start..end),
        }
    }
    kept
}
