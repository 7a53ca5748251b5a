//! What every test needs: a text analysed with the standard library, and its messages drawn.

mod cases;
mod example;
mod mutations;
mod scale;

use std::fmt::Write;

use xp_diagnostics::{Diagnostic, Severity, Sources};
use xpc_model::Model;
use xpc_sema::Library;

/// A text with what the compiler says of it.
pub struct Checked {
    pub sources: Sources,
    pub models: Vec<Model>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// Parses and analyses.
    pub fn of(text: &str) -> Self {
        let mut sources = Sources::new();
        let library = Library::standard(&mut sources);
        assert_eq!(library.diagnostics(), [], "the standard library has faults");
        let id = sources.add("case.xp", text);
        let parsed = xp_syntax::parse(id, text);
        let analysis = xpc_sema::analyse(&parsed.tree, &sources, &library);
        let diagnostics = parsed.diagnostics.into_iter().chain(analysis.diagnostics).collect();
        Self { sources, models: analysis.models, diagnostics }
    }

    /// The codes of all messages, in order.
    pub fn codes(&self) -> Vec<&'static str> {
        self.diagnostics.iter().map(|diagnostic| diagnostic.code.id).collect()
    }

    /// The codes of the errors, in order.
    pub fn errors(&self) -> Vec<&'static str> {
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(|diagnostic| diagnostic.code.id).collect()
    }

    /// The messages as a reader sees them.
    pub fn drawn(&self) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            let span = diagnostic.primary.unwrap();
            let at = self.sources.position(span.source, span.start);
            writeln!(
                out,
                "{}[{}] {}:{}: {}",
                diagnostic.severity.as_str(),
                diagnostic.code,
                at.line,
                at.column,
                diagnostic.message
            )
            .unwrap();
            writeln!(out, "  at `{}`", self.sources.slice(span)).unwrap();
            for label in &diagnostic.labels {
                let at = self.sources.position(label.span.source, label.span.start);
                writeln!(
                    out,
                    "  label {}:{}:{} `{}`: {}",
                    self.sources.path(label.span.source),
                    at.line,
                    at.column,
                    self.sources.slice(label.span),
                    label.text
                )
                .unwrap();
            }
            for note in &diagnostic.notes {
                writeln!(out, "  note: {note}").unwrap();
            }
            for help in &diagnostic.help {
                writeln!(out, "  help: {help}").unwrap();
            }
            if let Some(fix) = &diagnostic.fix {
                let at = self.sources.position(fix.span.source, fix.span.start);
                writeln!(
                    out,
                    "  fix {}:{} `{}` -> `{}`: {}",
                    at.line,
                    at.column,
                    self.sources.slice(fix.span),
                    fix.replacement.escape_debug(),
                    fix.title
                )
                .unwrap();
            }
        }
        if out.is_empty() { "nothing\n".to_owned() } else { out }
    }
}
