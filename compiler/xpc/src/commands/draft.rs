//! `xpc draft --from TRANSCRIPT`: a workflow from observed calls, checked. Nothing is deployed.

use std::fs::File;
use std::io::Write as _;

use xp_syntax::MAX_BYTES;

use super::check;
use crate::args::{Check, Draft, Format};
use crate::exit::{self, Exit};
use crate::transcript::{self, Meant};

/// Longest transcript, in bytes.
const MAX_TRANSCRIPT: u64 = 64 << 20;

pub fn run(options: &Draft) -> Exit {
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
    check::run(&Check {
        files: vec![options.output.clone()],
        format: Format::Human,
        fix: false,
        roster: None,
        deny: None,
        timings: false,
        limits: options.limits,
    })
}

fn read(path: &std::path::Path, most: u64) -> Result<String, String> {
    let found = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if found.len() > most {
        return Err(format!("has more than {} MiB", most >> 20));
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}
