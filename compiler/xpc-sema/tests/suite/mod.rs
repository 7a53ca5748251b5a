//! What every test needs: a text analysed with the standard library, and its messages drawn.

mod cases;
mod example;
mod mutations;
mod pages;
mod reference;
mod scale;
mod shipped;
mod stdlib;
mod tools;

use std::fmt::Write;

use xp_diagnostics::{Diagnostic, Severity, Sources, render};
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
        for model in &analysis.models {
            // What is proved must be what can run: the machine takes it, and it survives being written down.
            let workflow = &model.workflow;
            if let Err(error) = xp_machine::Machine::new(workflow.clone()) {
                panic!("the machine refuses `{}`: {error}\n{text}", workflow.name);
            }
            let written = serde_json::to_string(workflow).unwrap();
            assert_eq!(serde_json::from_str::<xp_artifact::workflow::Workflow>(&written).unwrap(), *workflow);
        }
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

    /// The messages as a reader sees them, each with the edit it offers.
    pub fn drawn(&self) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            out.push_str(&render::human::render(&self.sources, diagnostic, false));
            if let Some(fix) = &diagnostic.fix {
                let at = self.sources.position(fix.span.source, fix.span.start);
                let (old, new) = (self.sources.slice(fix.span), fix.replacement.escape_debug());
                writeln!(out, "edit {}:{} `{old}` -> `{new}`: {}", at.line, at.column, fix.title).unwrap();
            }
            out.push('\n');
        }
        if out.is_empty() { "nothing\n".to_owned() } else { out }
    }
}
