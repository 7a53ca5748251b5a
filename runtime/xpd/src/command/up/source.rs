//! The workflow: found, compiled and proved by `xpc`, which runs as a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use xp_artifact::question::Status;
use xp_artifact::workflow::Workflow;
use xp_artifact::{Envelope, Trust, VerifyingKey};

use super::folder;
use crate::Failure;

/// A compiled workflow.
pub struct Compiled {
    /// The file of the artifact.
    pub artifact: PathBuf,
    /// Its digest.
    pub digest: String,
    /// The workflow.
    pub workflow: Workflow,
    /// How many properties are proved, and how many are enforced when it runs.
    pub held: (usize, usize),
}

/// The file that was named, or the only workflow of the folder.
pub fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let failed = |error: std::io::Error| Failure::Failed(error.to_string());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(".").map_err(failed)? {
        let path = PathBuf::from(entry.map_err(failed)?.file_name());
        if path.extension().is_some_and(|extension| extension == "xp") {
            found.push(path);
        }
    }
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::Input(
            "there is no workflow in this folder: write one, or begin with `xpc init docs-fix`".to_owned(),
        )),
        _ => {
            let names: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
            Err(Failure::Input(format!("which workflow? Name one: xpd up {}", names.join(" | "))))
        }
    }
}

/// `xpc` beside this program, or the one of the search path.
fn compiler() -> PathBuf {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("xpc"));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from("xpc"))
}

/// Runs `xpc`. What it says of faults goes to standard error as it is.
pub fn xpc(args: &[&str]) -> Result<Output, Failure> {
    let program = compiler();
    let run = Command::new(&program).args(args).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = run.map_err(|error| Failure::Failed(format!("{}: {error}", program.display())))?;
    match output.status.code() {
        Some(0) => Ok(output),
        Some(1) | None => Err(Failure::Failed(format!("`xpc {}` failed", args.join(" ")))),
        Some(_) => Err(Failure::Input(format!("`xpc {}` says no; nothing is served", args.join(" ")))),
    }
}

/// Proves and compiles the workflow.
pub fn build(file: &Path) -> Result<Compiled, Failure> {
    let artifact = folder::made("workflow.xpa")?;
    let (source, to) = (text(file)?, text(&artifact)?);
    xpc(&["build", source, "-o", to, "--sign", folder::SIGNER])?;
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(format!("{}: {error}", artifact.display()));
    let pem = std::fs::read_to_string(folder::SIGNER_PUBLIC).map_err(|error| failed(&error))?;
    let key = VerifyingKey::from_pem(&pem).map_err(|error| failed(&error))?;
    let bytes = std::fs::read(&artifact).map_err(|error| failed(&error))?;
    let (_, opened) = Envelope::open(&bytes, Trust::AnyOf(&[key])).map_err(|error| failed(&error))?;
    let count = |status: Status| opened.obligations.iter().filter(|one| one.status == status).count();
    let held = (count(Status::Proved), count(Status::Enforced));
    let digest = opened.digest().map_err(|error| failed(&error))?.to_string();
    Ok(Compiled { workflow: opened.workflow, artifact, digest, held })
}

/// A path as an argument.
pub fn text(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| Failure::Input(format!("{}: the name is not UTF-8", path.display())))
}
