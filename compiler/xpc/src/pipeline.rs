//! From files to verdicts.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use xp_diagnostics::{Diagnostic, Severity, SourceId, Sources};
use xpc_model::{Limits, Model, Prover as _, Verdict};
use xpc_proof::Z3Prover;
use xpc_sema::{Library, analyse};

use crate::files;

/// Everything known of the sources before anything is proved.
pub struct Compiled {
    /// Every source, the standard library last.
    pub sources: Sources,
    /// The files named on the command line, in order, as given.
    pub named: Vec<SourceId>,
    /// The texts of the standard library.
    pub library: Vec<SourceId>,
    /// A model for each workflow without faults, with its file.
    pub models: Vec<(SourceId, Model)>,
    /// What is wrong or worth saying, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// One workflow of several.
pub enum Pick<'a> {
    /// The one that was meant.
    One(&'a Model),
    /// None, and why.
    None(String),
}

/// A workflow with its answers.
pub struct Proved<'a> {
    /// The workflow.
    pub model: &'a Model,
    /// One for each of its obligations.
    pub verdicts: Vec<Verdict>,
    /// Time for all of them.
    pub took: Duration,
}

/// Reads, parses and analyses.
pub fn compile(arguments: &[PathBuf]) -> Compiled {
    let loaded = files::load(arguments);
    let (mut sources, mut diagnostics) = (loaded.sources, loaded.diagnostics);
    let named: Vec<SourceId> = sources.ids().collect();
    let library = Library::standard(&mut sources);
    let texts: Vec<SourceId> = sources.ids().filter(|id| !named.contains(id)).collect();
    diagnostics.extend(library.diagnostics().iter().cloned());
    let mut models = Vec::new();
    for id in loaded.readable {
        let parsed = xp_syntax::parse(id, sources.text(id));
        diagnostics.extend(parsed.diagnostics);
        let analysis = analyse(&parsed.tree, &sources, &library);
        diagnostics.extend(analysis.diagnostics);
        models.extend(analysis.models.into_iter().map(|model| (id, model)));
    }
    diagnostics.sort_by_key(Diagnostic::sort_key);
    Compiled { sources, named, library: texts, models, diagnostics }
}

/// Answers every obligation of a workflow.
pub fn prove(model: &Model, limits: Limits) -> Proved<'_> {
    let begun = Instant::now();
    let verdicts = Z3Prover.prove(model, &model.obligations, limits);
    Proved { model, verdicts, took: begun.elapsed() }
}

impl Compiled {
    /// Something is an error.
    pub fn rejected(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The workflow of that name, or the only one.
    pub fn pick(&self, name: Option<&str>) -> Pick<'_> {
        let names = || {
            let all: Vec<String> =
                self.models.iter().map(|(_, model)| format!("`{}`", model.workflow.name)).collect();
            all.join(", ")
        };
        match (name, self.models.as_slice()) {
            (None, [(_, only)]) => Pick::One(only),
            (None, []) => Pick::None("the file declares no workflow".to_owned()),
            (None, _) => Pick::None(format!("the file declares {}; choose one with `--workflow`", names())),
            (Some(name), models) => match models.iter().find(|(_, model)| model.workflow.name == name) {
                Some((_, model)) => Pick::One(model),
                None => Pick::None(format!("there is no workflow `{name}`; the file declares {}", names())),
            },
        }
    }
}
