//! One renderer per format, one file each.

mod excerpt;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod sarif;
pub mod trace;

use crate::{Diagnostic, Position, Sources, Span, Trace};

/// First and last place of a span; the last is the place after its end.
pub(crate) fn places(sources: &Sources, span: Span) -> (Position, Position) {
    (sources.position(span.source, span.start), sources.position(span.source, span.end))
}

/// The path of the file a fault is in, when it is in one.
pub(crate) fn path<'s>(sources: &'s Sources, fault: &Diagnostic) -> Option<&'s str> {
    fault.file.map(|file| sources.path(file))
}

/// The notes of a fault, its trace as the last of them.
pub(crate) fn notes(sources: &Sources, fault: &Diagnostic, before: Option<&Trace>) -> Vec<String> {
    let trace = fault.trace.iter().map(|trace| trace::text(sources, trace, before));
    fault.notes.iter().cloned().chain(trace).collect()
}

/// Message, notes and help as plain lines.
pub(crate) fn text(sources: &Sources, fault: &Diagnostic) -> String {
    let mut text = fault.message.clone();
    for note in notes(sources, fault, None) {
        text.push_str("\nnote: ");
        text.push_str(&note);
    }
    for help in &fault.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    text
}
