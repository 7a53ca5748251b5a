//! `xpc draft --from TRANSCRIPT`: a workflow from observed calls, checked. Nothing is deployed.

use std::fs::File;
use std::io::Write as _;

use xp_artifact::workflow::Workflow;
use xp_artifact::{Envelope, Trust};
use xp_syntax::MAX_BYTES;
use xpc_driver::{Disk, Driver};

use super::{check, verify};
use crate::args::{Check, Draft, Format};
use crate::beside::compare;
use crate::exit::{self, Exit};
use crate::transcript::{self, Meant};

/// Longest transcript, in bytes.
const MAX_TRANSCRIPT: u64 = 64 << 20;

pub fn run(options: &Draft) -> Exit {
    let force = match options.beside.as_deref().map(in_force).transpose() {
        Ok(force) => force,
        Err(exit) => return exit,
    };
    let shown = options.from.display();
    let text = match read(&options.from, MAX_TRANSCRIPT) {
        Ok(text) => text,
        Err(why) => return exit::rejected(&format!("`{shown}` {why}")),
    };
    let meant = Meant { run: options.run.as_deref(), include: &options.include };
    let drafted = match transcript::draft(&text, &meant) {
        Ok(drafted) => drafted,
        Err(why) => return exit::rejected(&format!("`{shown}` {why}")),
    };
    let mut source = String::new();
    if let Some(with) = &options.with {
        match read(with, MAX_BYTES as u64) {
            Ok(text) => source = text + "\n",
            Err(why) => return exit::rejected(&format!("`{}` {why}", with.display())),
        }
    }
    source += &drafted.text;
    let output = options.output.display();
    let written = File::create_new(&options.output).and_then(|mut file| file.write_all(source.as_bytes()));
    if let Err(error) = written {
        return exit::rejected(&format!("`{output}` cannot be written as a new file: {error}"));
    }
    exit::talk(&transcript::told(&drafted.open));
    let checked = check::run(&Check {
        files: vec![options.output.clone()],
        format: Format::Human,
        fix: false,
        roster: None,
        deny: None,
        timings: false,
        limits: options.limits,
    });
    match force {
        Some(force) if !matches!(checked, Exit::Failed | Exit::Rejected) => beside(options, &force, checked),
        _ => checked,
    }
}

/// Prints the draft beside the workflow in force. One that permits more is told by the exit code, whatever the check says.
fn beside(options: &Draft, force: &Workflow, checked: Exit) -> Exit {
    let compiled =
        Driver::new().compile(&Disk::new(options.limits.into()), std::slice::from_ref(&options.output));
    let model = match compiled.pick(Some("drafted")) {
        Ok(model) => model,
        Err(message) => return exit::rejected(&message),
    };
    let found = compare(&model.workflow, force);
    if let Err(exit) = exit::print(&format!("beside {}\n{}", force.name, found.text)) {
        return exit;
    }
    if found.widens { Exit::Refuted } else { checked }
}

/// The workflow of an artifact.
fn in_force(path: &std::path::Path) -> Result<Workflow, Exit> {
    let opened = Envelope::open(&verify::read(path)?, Trust::FormOnly);
    let (_, artifact) = opened.map_err(|error| {
        exit::rejected(&format!("error[{}]: `{}`: {error}", error.code(), path.display()))
    })?;
    Ok(artifact.workflow)
}

fn read(path: &std::path::Path, most: u64) -> Result<String, String> {
    let found = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if found.len() > most {
        return Err(format!("has more than {} MiB", most >> 20));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}
