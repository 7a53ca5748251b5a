//! Resolve names, check types, lower to the model, ask what needs no solver.
//!
//! [`analyse`] takes the tree of a file and gives a [`Model`] for each workflow without faults, and every fault. Passes
//! go on after a fault; what is faulty stays known by name, so that one cause gives one message.

mod arguments;
mod assumptions;
mod circles;
mod claims;
mod clauses;
mod collect;
mod comparisons;
mod conditions;
mod connector;
mod cycles;
mod data;
mod declare;
mod declared;
mod draft;
mod edges;
mod effects;
mod fields;
mod formulas;
mod grants;
mod http;
mod kinds;
mod leases;
mod library;
mod limits;
mod literal;
mod loops;
mod mcp;
mod names;
mod obligations;
mod outcomes;
mod overlaps;
mod people;
mod pins;
mod problems;
mod rewritten;
mod scope;
mod separations;
mod submissions;
mod symbols;
mod tables;
mod things;
mod tools;
mod types;
mod unused;
mod workflow;

use std::collections::HashMap;

use xp_artifact::ConnectorFile;
use xp_diagnostics::{Diagnostic, Sources, codes};
use xp_syntax::ast;
use xpc_model::Model;

pub use library::Library;

/// What can be written in the places of a request, for those that write declarations.
pub mod request {
    pub use xp_artifact::http::rules::{is_pair, is_pointer, is_reserved_header, is_segment, is_token};
}

/// What a file means.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// A model for each workflow without faults, in source order.
    pub models: Vec<Model>,
    /// The connectors that the file declares, without faults, in source order.
    pub connectors: Vec<ConnectorFile>,
    /// The modules of the library that the file rests on, those that a used one uses among them; sorted.
    pub modules: Vec<String>,
    /// Faults, warnings and notes, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Analyses the tree of a file. `sources` holds its text and those of the library.
#[must_use]
pub fn analyse(file: &ast::File, sources: &Sources, library: &Library) -> Analysis {
    let mut problems = problems::Problems::new();
    if damaged(file) || !file.connectors.is_empty() {
        problems.damaged_text(sources.text(file.span.source));
    }
    let connectors = scope::of(file, &library.modules, &mut problems);
    let mut models = Vec::with_capacity(file.workflows.len());
    let mut names = HashMap::new();
    for workflow in &file.workflows {
        if let Some(first) = names.insert(workflow.name.text.as_str(), workflow.name.span) {
            problems.push(
                Diagnostic::error(
                    codes::DUPLICATE_NAME,
                    format!("the workflow `{}` is declared twice", workflow.name.text),
                )
                .at(workflow.name.span)
                .label(first, "the first one"),
            );
        }
        models.extend(workflow::lower(sources, &connectors, workflow, &mut problems));
    }
    if problems.errors() > 0 || damaged(file) {
        // A workflow may rest on a connector that is faulty.
        models.clear();
    } else {
        // What seems to be unused may be what a faulty line meant.
        file.workflows.iter().for_each(|workflow| unused::roles(workflow, &mut problems));
        unused::uses(file, &mut problems);
    }
    let faulty = problems.errors() > 0 || damaged(file);
    let declared = if faulty { Vec::new() } else { declared::files(file, &connectors) };
    let modules = library.modules_of(&connectors);
    Analysis { models, connectors: declared, modules, diagnostics: problems.finish() }
}

/// Something in the file was not understood.
fn damaged(file: &ast::File) -> bool {
    let steps = |workflow: &ast::Workflow| workflow.damaged || workflow.steps.iter().any(|step| step.damaged);
    let actions = |connector: &ast::Connector| {
        connector.damaged || connector.actions.iter().any(|action| action.damaged)
    };
    file.damaged || file.workflows.iter().any(steps) || file.connectors.iter().any(actions)
}
