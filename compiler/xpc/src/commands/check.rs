//! `xpc check`: parse, resolve, analyse, prove.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use xpc_driver::{Disk, Driver, Proved, ProverProcess};

use crate::args::{Check, Deny};
use crate::exit::{self, Exit};
use crate::report::Report;

pub fn run(options: &Check) -> Exit {
    let disk = Disk::new(options.limits.into());
    let mut driver = Driver::new();
    let begun = Instant::now();
    let compiled = driver.compile(&disk, &options.files);
    let compiling = begun.elapsed();
    let mut proved = Vec::new();
    // Nothing is proved of sources that are faulty: an answer about half of them would mislead.
    if !compiled.rejected() {
        let mut prover = ProverProcess::installed();
        for (_, model) in &compiled.models {
            match driver.prove(&disk, &mut prover, model) {
                Ok(one) => proved.push(one),
                Err(error) => return exit::failed(&error.to_string()),
            }
        }
    }
    let report = match options.deny {
        Some(Deny::Warnings) => Report::without_warnings(&compiled, &proved, options.format),
        None => Report::new(&compiled, &proved),
    };
    let printing = Instant::now();
    let exit = match report.print(options.format) {
        Ok(()) => report.exit(),
        Err(exit) => exit,
    };
    if options.timings {
        exit::talk(&timings(compiling, &proved, printing.elapsed()));
    }
    exit
}

/// Where the time went, one line each. The prover's own work is what its answers say; the rest of its time is that of
/// another process: starting it, what it computes once for a workflow, and the pipe.
fn timings(compiling: Duration, proved: &[Proved<'_>], printing: Duration) -> String {
    let mut text = String::new();
    let mut line = |indent: usize, time: Duration, what: &str| {
        let millis = time.as_secs_f64() * 1_000.0;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:indent$}{millis:>9.1} ms  {what}", "");
    };
    line(0, compiling, "read, parse and analyse");
    for one in proved {
        line(0, one.took, &format!("prove `{}`", one.model.workflow.name));
        let answers: Duration = one.verdicts.iter().map(|verdict| verdict.took).sum();
        line(2, one.took.saturating_sub(answers), "start the prover and hand the workflow over");
        for (obligation, verdict) in one.model.obligations.iter().zip(&one.verdicts) {
            line(2, verdict.took, &obligation.source);
        }
    }
    line(0, printing, "print");
    text
}
