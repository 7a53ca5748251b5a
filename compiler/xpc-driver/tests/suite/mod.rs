mod incremental;
mod memory;
mod process;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use xp_artifact::question::Status;
use xp_diagnostics::{Diagnostic, codes};
use xpc_driver::{Entry, Kind, World};
use xpc_model::{Limits, Model, ProofObligation, Prover, ProverError, Verdict};

/// Files in memory, and a clock that goes on by a millisecond a look.
#[derive(Default)]
pub struct Memory {
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    looks: Cell<u64>,
}

impl Memory {
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut world = Self::default();
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    pub fn write(&mut self, path: &str, text: &str) {
        self.files.insert(PathBuf::from(path), text.as_bytes().to_vec());
    }
}

impl World for Memory {
    fn kind(&self, path: &Path) -> Kind {
        if self.files.contains_key(path) {
            Kind::File
        } else if path == Path::new(".") || self.files.keys().any(|file| file.starts_with(path)) {
            Kind::Folder
        } else {
            Kind::Other
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let files = self.files.keys().map(|file| Entry { path: folder.join(file), kind: Kind::File });
        Ok(files.collect())
    }

    fn read(&self, path: &Path, most: usize) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(bytes.iter().take(most).copied().collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    fn now(&self) -> Duration {
        self.looks.set(self.looks.get() + 1);
        Duration::from_millis(self.looks.get())
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }
}

/// Gives every question the same answer and keeps the names of what it was asked.
pub struct Counting {
    pub asked: Vec<String>,
    pub status: Status,
}

impl Counting {
    pub fn new(status: Status) -> Self {
        Self { asked: Vec::new(), status }
    }
}

impl Prover for Counting {
    fn prove(
        &mut self,
        _: &Model,
        obligations: &[ProofObligation],
        _: Limits,
    ) -> Result<Vec<Verdict>, ProverError> {
        self.asked.extend(obligations.iter().map(|obligation| obligation.id.clone()));
        let answer = |obligation: &ProofObligation| {
            let mut verdict = Verdict::new(self.status);
            if self.status == Status::Refuted {
                verdict.failures = vec![Diagnostic::error(codes::NEVER, "it fails").at(obligation.span)];
            }
            verdict
        };
        Ok(obligations.iter().map(answer).collect())
    }
}

/// A workflow with these clauses behind its steps.
pub fn workflow(name: &str, clauses: &str) -> String {
    format!(
        "workflow {name} {{\n  agent r\n  step a by r {{\n    outcome done\n  }}\n  step b by r after a.done {{\n    outcome done\n  }}\n{clauses}}}\n"
    )
}
