//! `xpc`: compiles workflows, proves what they can never do, and emits signed artifacts.

mod args;
mod beside;
mod commands;
mod draw;
mod exit;
mod files;
mod import;
mod mcp;
mod openapi;
mod proof;
mod report;
mod transcript;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::usage(&error),
    };
    let exit = match args.command {
        args::Command::Check(options) => commands::check::run(&options),
        args::Command::Build(options) => commands::build::run(&options),
        args::Command::Verify(options) => commands::verify::run(&options),
        args::Command::Fmt(options) => commands::fmt::run(&options),
        args::Command::Graph(options) => commands::graph::run(&options),
        args::Command::Explain(options) => commands::explain::run(&options),
        args::Command::Deploy(options) => commands::deploy::run(&options),
        args::Command::Draft(options) => commands::draft::run(&options),
        args::Command::Import(options) => commands::import::run(&options),
        args::Command::Init(options) => commands::init::run(&options),
    };
    exit.into()
}
