//! Model and verdicts to artifact. The workflow is taken over as it is: it is what was proved.

use xp_artifact::question::Obligation;
use xp_artifact::{Artifact, FORMAT, Source};
use xp_diagnostics::{SourceId, Sources};
use xp_scope::Digest;
use xpc_model::{Model, Verdict};

/// Name and version of this compiler, as artifacts carry them.
pub const COMPILER: &str = concat!("xpc ", env!("CARGO_PKG_VERSION"));

/// Puts an artifact together. `used` are the sources it was compiled from, standard library included.
#[must_use]
pub fn of(model: &Model, verdicts: &[Verdict], sources: &Sources, used: &[SourceId]) -> Artifact {
    let mut files: Vec<Source> = used
        .iter()
        .map(|id| Source { path: name(sources.path(*id)), digest: Digest::of(sources.text(*id).as_bytes()) })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup();
    let obligations = model
        .obligations
        .iter()
        .zip(verdicts)
        .map(|(obligation, verdict)| Obligation {
            id: obligation.id.clone(),
            question: obligation.question.clone(),
            source: obligation.source.clone(),
            status: verdict.status,
            vacuous_ok: obligation.vacuous_ok,
            certificate: "unchecked".to_owned(),
            witness: verdict.witness.clone(),
            assuming: verdict.assuming.clone(),
        })
        .collect();
    Artifact {
        format: FORMAT,
        compiler: COMPILER.to_owned(),
        sources: files,
        workflow: model.workflow.clone(),
        obligations,
    }
}

/// Only the file's own name: where it lay on the builder's disk is nobody's business, and the same source must give the
/// same artifact everywhere.
fn name(path: &str) -> String {
    if path.starts_with("std/") {
        return path.to_owned();
    }
    std::path::Path::new(path)
        .file_name()
        .map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}
