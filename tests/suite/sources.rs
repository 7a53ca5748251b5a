//! `.xp` files with expected verdicts, for tests of the verifier.

use xp_diagnostics::{Diagnostic, Severity, Sources};
use xpc_model::Model;
use xpc_sema::{Library, analyse};

/// A file.
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// The files of a folder below `tests/suite`, sorted by name.
    pub fn of(folder: &str) -> Vec<Self> {
        let folder = xp_tests::root().join("tests/suite").join(folder);
        let files = std::fs::read_dir(&folder).expect("the files").map(|entry| {
            let file = entry.expect("an entry").path();
            let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
            Self { name, text: std::fs::read_to_string(&file).expect("a file") }
        });
        let mut files: Vec<Self> = files.collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files
    }

    /// The lines `// expect: kind status`, of which there is at least one.
    pub fn expected(&self) -> Vec<(&str, &str)> {
        let lines = self.text.lines().filter_map(|line| line.strip_prefix("// expect: "));
        let found: Vec<_> =
            lines.map(|line| line.split_once(' ').expect("`// expect: kind status`")).collect();
        assert!(!found.is_empty(), "{} expects nothing", self.name);
        found
    }

    /// The model of the workflow, with additional declarations.
    pub fn model(&self, declarations: &str) -> Model {
        let text = format!("{}{declarations}", self.text);
        compile(&self.name, &text).unwrap_or_else(|faults| panic!("{} is rejected: {faults:#?}", self.name))
    }
}

/// The model of the first workflow in a text, or its diagnostics.
pub fn compile(path: &str, text: &str) -> Result<Model, Vec<Diagnostic>> {
    let mut sources = Sources::new();
    let id = sources.add(path, text);
    let library = Library::standard(&mut sources);
    let parsed = xp_syntax::parse(id, text);
    let mut faults = parsed.diagnostics;
    let analysis = analyse(&parsed.tree, &sources, &library);
    faults.extend(analysis.diagnostics);
    faults.retain(|fault| fault.severity == Severity::Error);
    match (faults.is_empty(), analysis.models.into_iter().next()) {
        (true, Some(model)) => Ok(model),
        _ => Err(faults),
    }
}
