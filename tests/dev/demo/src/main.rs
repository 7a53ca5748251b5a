//! `xp-demo`: a bug from triage to a merged and deployed fix, handled by five agents without credentials. On
//! the way, every kind of forbidden request is tried and refused.
//!
//! `xp-demo` runs the first fixture with all trials, and the second one without the trial that waits for a
//! grant to expire; `xp-demo --fixture N` runs one of them. `xp-demo agent …` is the program in an agent's
//! container.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code: it ends where its world is not as expected"
)]

mod agent;
mod api;
mod shared;
mod stage;

use std::process::ExitCode;

/// Errors are texts for people.
type Done<T = ()> = Result<T, String>;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let done = match given.as_slice() {
        ["agent", rest @ ..] => agent::run(rest),
        [] => stage::run("1", true).and_then(|()| stage::run("2", false)),
        ["--fixture", number] => stage::run(number, false),
        ["--fixture", number, "--whole"] | ["--whole", "--fixture", number] => stage::run(number, true),
        _ => Err("usage: xp-demo [--fixture 1|2 [--whole]]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xp-demo: {why}");
            ExitCode::FAILURE
        }
    }
}
