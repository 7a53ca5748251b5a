//! `xpc verify OUT.xpa`: re-checks an artifact without source or solver.

use std::path::Path;

use xp_artifact::question::Status;
use xp_artifact::{Artifact, ArtifactError, Envelope, MAX_BYTES, Trust, VerifyingKey};
use xp_diagnostics::codes;
use xp_machine::Machine;

use crate::args::Verify;
use crate::exit::{self, Exit};

pub fn run(options: &Verify) -> Exit {
    let bytes = match read(&options.artifact) {
        Ok(bytes) => bytes,
        Err(exit) => return exit,
    };
    let key = match options.key.as_deref().map(key).transpose() {
        Ok(key) => key,
        Err(exit) => return exit,
    };
    let keys: Vec<VerifyingKey> = key.into_iter().collect();
    let trust = if keys.is_empty() { Trust::FormOnly } else { Trust::AnyOf(&keys) };
    let (envelope, artifact) = match Envelope::open(&bytes, trust) {
        Ok(opened) => opened,
        Err(error) => return refused(&options.artifact, &error),
    };
    if let Err(malformed) = Machine::new(artifact.workflow.clone()) {
        return exit::rejected(&format!(
            "error[{}]: `{}`: {malformed}",
            codes::ARTIFACT_MALFORMED,
            options.artifact.display()
        ));
    }
    let signers: Vec<&str> = envelope.signatures().iter().map(|signature| signature.keyid.as_str()).collect();
    match summary(&artifact, &signers, !keys.is_empty()) {
        Ok((text, exit)) => exit::print(&text).err().unwrap_or(exit),
        Err(error) => refused(&options.artifact, &error),
    }
}

fn summary(artifact: &Artifact, signers: &[&str], checked: bool) -> Result<(String, Exit), ArtifactError> {
    let mut lines = vec![
        format!("workflow   {}", artifact.workflow.name),
        format!("digest     {}", artifact.digest()?),
        format!("compiler   {}", artifact.compiler),
    ];
    lines.push(match (signers, checked) {
        ([], _) => "signature  none: nobody stands behind these bytes".to_owned(),
        (_, true) => "signature  valid, by the key given".to_owned(),
        (all, false) => format!("signature  {} present, NOT checked: no --key was given", all.len()),
    });
    let count = |status: Status| artifact.obligations.iter().filter(|o| o.status == status).count();
    let vacuous = artifact.obligations.iter().filter(|o| o.status == Status::Vacuous && o.vacuous_ok).count();
    lines.push(format!(
        "proofs     {} of {} obligations recorded as proved, {} enforced, {vacuous} accepted as vacuous; certificates: unchecked in this version",
        count(Status::Proved),
        artifact.obligations.len(),
        count(Status::Enforced),
    ));
    let bad: Vec<&str> = artifact
        .obligations
        .iter()
        .filter(|obligation| !obligation.holds())
        .map(|obligation| obligation.id.as_str())
        .collect();
    let exit = if bad.is_empty() {
        Exit::Ok
    } else {
        lines.push(format!("not proved {}", bad.join(", ")));
        Exit::Refuted
    };
    Ok((lines.join("\n") + "\n", exit))
}

/// Reads a file no larger than an artifact may be.
pub fn read(path: &Path) -> Result<Vec<u8>, Exit> {
    let size = std::fs::metadata(path).map(|data| data.len());
    match size {
        Ok(size) if size > MAX_BYTES as u64 => Err(refused(path, &ArtifactError::TooLarge)),
        _ => std::fs::read(path).map_err(|error| {
            exit::rejected(&format!(
                "error[{}]: `{}` cannot be read: {error}",
                codes::UNREADABLE,
                path.display()
            ))
        }),
    }
}

fn key(path: &Path) -> Result<VerifyingKey, Exit> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        exit::rejected(&format!(
            "error[{}]: key `{}` cannot be read: {error}",
            codes::UNREADABLE,
            path.display()
        ))
    })?;
    VerifyingKey::from_pem(&text).map_err(|error| refused(path, &error))
}

fn refused(path: &Path, error: &ArtifactError) -> Exit {
    exit::rejected(&format!("error[{}]: `{}`: {error}", error.code(), path.display()))
}
