//! What was read, what it means, and what was answered, kept from one asking to the next.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use xp_artifact::ConnectorFile;
use xp_diagnostics::{Diagnostic, Severity, SourceId, Sources, codes};
use xpc_model::{Model, Place, Prover, ProverError, Verdict};
use xpc_sema::{Library, analyse};

use crate::answers::Answers;
use crate::load::{self, Named};
use crate::world::World;

/// Everything known of the sources before anything is proved.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Every source, the standard library first.
    pub sources: Sources,
    /// The files named, in order, as given.
    pub named: Vec<SourceId>,
    /// The texts of the standard library.
    pub library: Vec<SourceId>,
    /// A model for each workflow without faults, with its file.
    pub models: Vec<(SourceId, Rc<Model>)>,
    /// The connectors that the files declare, without faults.
    pub connectors: Vec<Rc<ConnectorFile>>,
    /// What is wrong or worth saying, in source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// A workflow with its answers.
#[derive(Clone, Debug)]
pub struct Proved<'a> {
    /// The workflow.
    pub model: &'a Model,
    /// One for each of its obligations.
    pub verdicts: Vec<Verdict>,
    /// Time for all of them.
    pub took: Duration,
}

/// What was not known before and had to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Texts parsed and analysed.
    pub parsed: usize,
    /// Obligations handed to the prover.
    pub asked: usize,
}

/// The pipeline with its memory.
#[derive(Debug)]
pub struct Driver {
    library: Library,
    library_texts: Vec<SourceId>,
    sources: Sources,
    /// By path. Holds the files of the latest compilation and no others.
    pieces: HashMap<String, Piece>,
    /// Ids of files that are no longer named.
    free: Vec<SourceId>,
    answers: Answers,
    work: Work,
}

/// What is known of one file. Its id stays while it is named, so that spans into it stay good.
#[derive(Debug)]
struct Piece {
    id: SourceId,
    text: Result<String, Box<Diagnostic>>,
    diagnostics: Vec<Diagnostic>,
    models: Vec<Rc<Model>>,
    connectors: Vec<Rc<ConnectorFile>>,
}

impl Default for Driver {
    fn default() -> Self {
        Self::new()
    }
}

impl Driver {
    /// Knows the standard library and nothing else.
    #[must_use]
    pub fn new() -> Self {
        let mut sources = Sources::new();
        let library = Library::standard(&mut sources);
        let library_texts = sources.ids().collect();
        Self {
            library,
            library_texts,
            sources,
            pieces: HashMap::new(),
            free: Vec::new(),
            answers: Answers::default(),
            work: Work::default(),
        }
    }

    /// All that was done so far.
    #[must_use]
    pub fn work(&self) -> Work {
        self.work
    }

    /// Reads, parses and analyses what the arguments name; texts that are known are only compared.
    pub fn compile(&mut self, world: &dyn World, arguments: &[PathBuf]) -> Compiled {
        let mut known = std::mem::take(&mut self.pieces);
        let files = load::files(world, arguments);
        let mut diagnostics = self.library.diagnostics().to_vec();
        let (mut named, mut models, mut connectors) = (Vec::new(), Vec::new(), Vec::new());
        // What is no longer named gives its id to what is new.
        let gone: Vec<String> =
            known.keys().filter(|path| !files.iter().any(|file| file.path == **path)).cloned().collect();
        for piece in gone.iter().filter_map(|path| known.remove(path)) {
            self.sources.replace(piece.id, String::new(), String::new());
            self.free.push(piece.id);
        }
        self.free.sort_unstable_by(|one, other| other.cmp(one));
        for file in files {
            if self.pieces.contains_key(&file.path) {
                continue;
            }
            let path = file.path.clone();
            let piece = match known.remove(&file.path) {
                Some(piece) if piece.text == file.text => piece,
                old => self.piece(old.map(|old| old.id), file),
            };
            named.push(piece.id);
            diagnostics.extend(piece.diagnostics.iter().cloned());
            connectors.extend(piece.connectors.iter().cloned());
            models.extend(piece.models.iter().map(|model| (piece.id, Rc::clone(model))));
            self.pieces.insert(path, piece);
        }
        diagnostics.sort_by_key(Diagnostic::sort_key);
        let library = self.library_texts.clone();
        Compiled { sources: self.sources.clone(), named, library, models, connectors, diagnostics }
    }

    fn piece(&mut self, id: Option<SourceId>, file: Named) -> Piece {
        let shown = file.text.as_ref().map(String::as_str).unwrap_or_default();
        let id = match id.or_else(|| self.free.pop()) {
            Some(id) => {
                self.sources.replace(id, &file.path, shown);
                id
            }
            None => self.sources.add(&file.path, shown),
        };
        match &file.text {
            Err(fault) => {
                let diagnostics = vec![fault.as_ref().clone().in_file(id)];
                Piece { id, text: file.text, diagnostics, models: Vec::new(), connectors: Vec::new() }
            }
            Ok(text) => {
                self.work.parsed += 1;
                let parsed = xp_syntax::parse(id, text);
                let analysis = analyse(&parsed.tree, &self.sources, &self.library);
                let mut diagnostics = parsed.diagnostics;
                diagnostics.extend(analysis.diagnostics);
                // What was read in spite of a fault may be another program than the one that was meant.
                let faulty = diagnostics.iter().any(|fault| fault.severity == Severity::Error);
                let models =
                    if faulty { Vec::new() } else { analysis.models.into_iter().map(Rc::new).collect() };
                let connectors = match faulty {
                    true => Vec::new(),
                    false => analysis.connectors.into_iter().map(Rc::new).collect(),
                };
                Piece { id, text: file.text, diagnostics, models, connectors }
            }
        }
    }

    /// Answers every obligation of a workflow. The prover is asked for what is not known.
    ///
    /// # Errors
    /// The prover has no answers at all.
    pub fn prove<'a>(
        &mut self,
        world: &dyn World,
        prover: &mut dyn Prover,
        model: &'a Model,
    ) -> Result<Proved<'a>, ProverError> {
        let begun = world.now();
        let limits = world.limits();
        let (verdicts, asked) = self.answers.of(prover, model, limits)?;
        self.work.asked += asked;
        Ok(Proved { model, verdicts, took: world.now().saturating_sub(begun) })
    }
}

impl Proved<'_> {
    /// Warns of `assume` lines on which no answer rests. As long as something is not proved, that tells nothing: the proof may
    /// need them.
    #[must_use]
    pub fn unused_assumptions(&self) -> Vec<Diagnostic> {
        let mut answers = self.model.obligations.iter().zip(&self.verdicts);
        if !answers.all(|(asked, verdict)| verdict.status.holds(asked.vacuous_ok)) {
            return Vec::new();
        }
        let is_used = |words: &String| self.verdicts.iter().any(|verdict| verdict.assuming.contains(words));
        let lines = (0..).zip(&self.model.workflow.assumptions);
        let unused = lines.filter(|(_, assumption)| !is_used(&assumption.words()));
        let warnings = unused.map(|(number, assumption)| {
            let text = format!("no answer rests on the assumption about `{}`", assumption.text);
            let warning = Diagnostic::warning(codes::UNUSED, text);
            match self.model.spans.get(Place::Assumption(number)) {
                Some(span) => warning.at(span).fix(span, "", "remove the line"),
                None => warning,
            }
        });
        warnings.collect()
    }
}

impl Compiled {
    /// Something is an error.
    #[must_use]
    pub fn rejected(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The workflow of that name, or the only one.
    ///
    /// # Errors
    /// There is none, or the name is needed to choose: what to tell the user.
    pub fn pick(&self, name: Option<&str>) -> Result<&Model, String> {
        let names = || {
            let all: Vec<String> =
                self.models.iter().map(|(_, model)| format!("`{}`", model.workflow.name)).collect();
            all.join(", ")
        };
        match (name, self.models.as_slice()) {
            (None, [(_, only)]) => Ok(only),
            (None, []) => Err("the file declares no workflow".to_owned()),
            (None, _) => Err(format!("the file declares {}; choose one with `--workflow`", names())),
            (Some(name), models) => models
                .iter()
                .find(|(_, model)| model.workflow.name == name)
                .map(|(_, model)| model.as_ref())
                .ok_or_else(|| format!("there is no workflow `{name}`; the file declares {}", names())),
        }
    }
}
