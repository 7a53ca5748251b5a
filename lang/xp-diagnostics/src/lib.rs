//! Spans, sources, codes and the one Diagnostic value; renderers, one file each.

pub mod codes;
mod diagnostic;
mod printable;
pub mod render;
mod source;
mod trace;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Fix, Label, Severity};
pub use printable::{misleads, printable};
pub use source::{Position, SourceId, Sources, Span};
pub use trace::{Event, EventKind, HandedIn, Trace};
