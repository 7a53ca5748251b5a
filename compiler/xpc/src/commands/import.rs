//! `xpc import openapi FILE`, `xpc import mcp FILE`: draft a connector for a person to confirm.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use crate::args::{Import, ImportFrom, Source};
use crate::exit::{self, Exit};
use crate::import::{Drafted, Failure, names};
use crate::{mcp, openapi};

/// Longest file, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// Most of what is left out that is named one by one.
const MAX_NAMED: usize = 20;

pub fn run(options: &Import) -> Exit {
    match &options.from {
        ImportFrom::Openapi(options) => draft(options, openapi::draft),
        ImportFrom::Mcp(options) => {
            draft(&options.source, |bytes, name| mcp::draft(bytes, name, &options.reads))
        }
    }
}

fn draft(options: &Source, import: impl Fn(&[u8], &str) -> Result<Drafted, Failure>) -> Exit {
    let shown = options.file.display();
    let name = match &options.name {
        Some(name) if names::is_name(name) => name.clone(),
        Some(name) => {
            return exit::rejected(&format!(
                "`--name {name}`: a connector is named by letters, digits and `_`, and by no reserved word"
            ));
        }
        None => {
            let stem = options.file.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            names::word(&stem, "imported")
        }
    };
    if let Some(output) = options.output.as_deref()
        && output.symlink_metadata().is_ok()
    {
        return exit::rejected(&taken(output));
    }
    let bytes = match bytes(&options.file) {
        Ok(bytes) => bytes,
        Err(message) => return exit::rejected(&format!("`{shown}` {message}")),
    };
    let drafted = match import(&bytes, &name) {
        Ok(drafted) => drafted,
        Err(Failure::Rejected(message)) => return exit::rejected(&format!("`{shown}` {message}")),
        Err(Failure::Ours(message)) => {
            return exit::failed(&format!("{message}, and was not written; please report this"));
        }
    };
    let written = match &options.output {
        Some(output) => write(output, &drafted.text),
        None => exit::print(&drafted.text),
    };
    if let Err(exit) = written {
        return exit;
    }
    exit::talk(&summary(&drafted, &name));
    Exit::Ok
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Err(error) => Err(format!("cannot be read: {error}")),
        Ok(length) if length as u64 > MAX_BYTES => Err(format!("has more than {} MiB", MAX_BYTES >> 20)),
        Ok(_) => Ok(bytes),
    }
}

fn taken(output: &Path) -> String {
    format!("`-o {}` exists, and a draft replaces nothing; name another file", output.display())
}

/// Makes the file; one that is there stays as it is.
fn write(output: &Path, text: &str) -> Result<(), Exit> {
    let cannot = |error: &std::io::Error| format!("`{}` cannot be written: {error}", output.display());
    let mut file = match File::create_new(output) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exit::rejected(&taken(output))),
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(exit::rejected(&cannot(&error))),
        Err(error) => return Err(exit::failed(&cannot(&error))),
    };
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        // Half a draft is none.
        let _ = std::fs::remove_file(output);
        exit::failed(&cannot(&error))
    })
}

fn summary(drafted: &Drafted, name: &str) -> String {
    let all = drafted.actions + drafted.left_out.len();
    let mut text = format!("drafted {} of {all} {} as actions of `{name}`\n", drafted.actions, drafted.of);
    // Writing to a string cannot fail.
    for one in drafted.left_out.iter().take(MAX_NAMED) {
        let _ = writeln!(text, "left out: {one}");
    }
    if drafted.left_out.len() > MAX_NAMED {
        let _ = writeln!(text, "left out: {} more", drafted.left_out.len() - MAX_NAMED);
    }
    let parts: usize = drafted.parts.values().sum();
    if parts > 0 {
        let _ = writeln!(text, "left out of actions, each named in a comment: {parts}");
        for (why, count) in &drafted.parts {
            let _ = writeln!(text, "{count:>8}  {why}");
        }
    }
    for what in &drafted.to_confirm {
        let _ = writeln!(text, "to confirm: {what}");
    }
    text
}
