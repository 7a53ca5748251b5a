//! `xp-demo`: a bug from triage to a merged and deployed fix, handled by five agents without credentials. On
//! the way, every kind of forbidden request is tried and refused. In the second act, a client of MCP that others
//! wrote fixes a bug by an MCP server and an HTTP API, and a person approves the fix in a browser.
//!
//! `xp-demo` runs the first fixture with all trials, the second one without the trial that waits for a
//! grant to expire, and the second act; `xp-demo --fixture N` runs one of the fixtures, `xp-demo --act N` one of the acts.
//! `--keep` leaves the folder of the second act. `xp-demo agent …` is the program in an agent's container.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code: it ends where its world is not as expected"
)]

mod agent;
mod api;
mod second;
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
        [] => first().and_then(|()| second::run(false)),
        ["--keep"] => first().and_then(|()| second::run(true)),
        ["--act", "1"] => first(),
        ["--act", "2"] => second::run(false),
        ["--act", "2", "--keep"] | ["--keep", "--act", "2"] => second::run(true),
        ["--fixture", number] => stage::run(number, false),
        ["--fixture", number, "--whole"] | ["--whole", "--fixture", number] => stage::run(number, true),
        _ => Err("usage: xp-demo [--fixture 1|2 [--whole]] [--act 1|2] [--keep]".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xp-demo: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The first act: both fixtures.
fn first() -> Done {
    stage::run("1", true).and_then(|()| stage::run("2", false))
}
