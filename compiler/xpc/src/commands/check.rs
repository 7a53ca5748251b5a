//! `xpc check`: parse, resolve, analyse, prove.

use xpc_model::Limits;

use crate::args::{self, Check, Deny};
use crate::exit::Exit;
use crate::pipeline::{self, Proved};
use crate::report::Report;

pub fn run(options: &Check) -> Exit {
    let compiled = pipeline::compile(&options.files);
    let limits = limits(options.limits);
    // Nothing is proved of sources that are faulty: an answer about half of them would mislead.
    let proved: Vec<Proved<'_>> = if compiled.rejected() {
        Vec::new()
    } else {
        compiled.models.iter().map(|(_, model)| pipeline::prove(model, limits)).collect()
    };
    let report = match options.deny {
        Some(Deny::Warnings) => Report::without_warnings(&compiled, &proved, options.format),
        None => Report::new(&compiled, &proved),
    };
    match report.print(options.format) {
        Ok(()) => report.exit(),
        Err(exit) => exit,
    }
}

/// The solver's bounds from the arguments.
pub fn limits(limits: args::Limits) -> Limits {
    Limits { query_ms: limits.query_ms, memory_mb: limits.memory_mb, ..Limits::default() }
}
