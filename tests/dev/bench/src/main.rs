//! `xp-bench`: performance measurements. `cargo dev bench` builds it and `xpc` in release mode and runs it.
//!
//! `xp-bench` measures everything; `xp-bench compiler|growth|random|machine|server|added …` only what is named. Answers
//! are checked, and an unexpected one is a failure, so no figure measures a refusal or an error.

mod actions;
mod compiler;
mod disk;
mod families;
mod figures;
mod generate;
mod growth;
mod machine;
mod peer;
mod random;
mod usage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Errors are texts for people.
type Done<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ROOMS: &[&str] = &["compiler", "growth", "random", "machine", "server", "added"];

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    if let Some((usage::ARGUMENT, rest)) = given.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return ended(usage::measure(rest.iter().cloned()));
    }
    if let Some(stranger) = given.iter().find(|room| !ROOMS.contains(&room.as_str())) {
        eprintln!("xp-bench: `{stranger}` is none of {}", ROOMS.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |room: &str| given.is_empty() || given.iter().any(|name| name == room);
    ended(run(wanted))
}

fn ended(done: Done) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xp-bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: impl Fn(&str) -> bool) -> Done {
    if cfg!(debug_assertions) {
        eprintln!("xp-bench: built for debugging; the figures mean little");
    }
    figures::place();
    // In the folder of the program. The system's folder for temporary files may be in memory, where a commit
    // costs nothing.
    let program = std::env::current_exe()?;
    let build = program.parent().unwrap_or(Path::new("."));
    let place = std::env::var_os("XP_SCRATCH").map_or_else(|| build.to_path_buf(), PathBuf::from);
    let scratch = tempfile::tempdir_in(place)?;
    let xpc = std::env::var_os("XP_XPC").map_or_else(|| build.join("xpc"), PathBuf::from);
    if wanted("compiler") {
        compiler::measure(&xpc, scratch.path())?;
    }
    if wanted("growth") {
        growth::measure(&xpc, scratch.path())?;
    }
    if wanted("random") {
        random::measure(&xpc, scratch.path())?;
    }
    if wanted("machine") {
        machine::measure()?;
    }
    if wanted("server") {
        actions::measure(scratch.path())?;
    }
    if wanted("added") {
        actions::measure_added(scratch.path())?;
    }
    figures::place();
    Ok(())
}
