//! A fault, as one value: made near where it was found, drawn at the edge.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::source::{SourceId, Span};
use crate::trace::Trace;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The input is rejected, or a property does not hold.
    Error,
    /// Accepted, but look at it.
    Warning,
    /// Something worth knowing.
    Note,
}

impl Severity {
    /// `error`, `warning`, `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A second place with what it has to do with the fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, lower case, no full stop.
    pub text: String,
}

/// An edit that cures the fault; a tool may apply it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fix {
    /// What to replace; empty to insert.
    pub span: Span,
    /// With what.
    pub replacement: String,
    /// What the edit does, for a menu.
    pub title: String,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnostic {
    /// Its code, with a page.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// Lower case, no full stop, the user's text in backticks.
    pub message: String,
    /// The file, when it has one. `at` sets it.
    pub file: Option<SourceId>,
    /// The smallest stretch that is wrong; none for faults of a whole file.
    pub primary: Option<Span>,
    /// Other places that matter, in the order to show them.
    pub labels: Vec<Label>,
    /// How to cure it.
    pub help: Vec<String>,
    /// Why it is a fault.
    pub notes: Vec<String>,
    /// The run that shows it, for a property that fails.
    pub trace: Option<Trace>,
    /// The cure as an edit.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A fault without a place yet.
    #[must_use]
    pub fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            file: None,
            primary: None,
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            trace: None,
            fix: None,
        }
    }

    /// An error.
    #[must_use]
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning.
    #[must_use]
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// A note.
    #[must_use]
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, message)
    }

    /// Puts it in a file as a whole.
    #[must_use]
    pub fn in_file(mut self, file: SourceId) -> Self {
        self.file = Some(file);
        self
    }

    /// Underlines a stretch.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.file = Some(span.source);
        self.primary = Some(span);
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says how to cure it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Attaches the run that shows it.
    #[must_use]
    pub fn trace(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }

    /// Offers the cure as an edit.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>, title: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into(), title: title.into() });
        self
    }

    /// Every place the fault points at, those of its trace among them.
    pub fn spans_mut(&mut self) -> impl Iterator<Item = &mut Span> {
        let labels = self.labels.iter_mut().map(|label| &mut label.span);
        let fix = self.fix.iter_mut().map(|fix| &mut fix.span);
        let events = self.trace.iter_mut().flat_map(|trace| &mut trace.events);
        self.primary.iter_mut().chain(labels).chain(fix).chain(events.filter_map(|event| event.span.as_mut()))
    }

    /// The order to show faults in: by file, then by place, then by code.
    #[must_use]
    pub fn sort_key(&self) -> (Option<SourceId>, Option<(u32, u32)>, &'static str) {
        (self.file, self.primary.map(|span| (span.start, span.end)), self.code.id)
    }
}
