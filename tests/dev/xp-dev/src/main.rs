//! `cargo dev setup | test | demo | bench | bless | mutate`: the commands for developers and the integration
//! run.
//!
//! Depends on no crate of the workspace and compiles before setup; it only starts programs. One module per
//! subcommand.

mod arguments;
mod bench;
mod bless;
mod demo;
mod failure;
mod help;
mod mutate;
mod output;
mod place;
mod setup;
mod shell;
mod test;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = arguments.collect();
    match run(&command, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cargo dev {command}: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

fn run(command: &str, rest: &[String]) -> Result<(), failure::Failure> {
    let place = place::Place::find()?;
    match command {
        "setup" => setup::run(&place, rest),
        "test" => test::run(&place, rest),
        "demo" => demo::run(&place, rest),
        "bench" => bench::run(&place, rest),
        "bless" => bless::run(&place, rest),
        "mutate" => mutate::run(&place, rest),
        "help" | "--help" | "-h" => {
            print!("{}", help::text(&place));
            Ok(())
        }
        other => Err(failure::Failure::usage(format!("no command `{other}`; see `cargo dev help`"))),
    }
}
