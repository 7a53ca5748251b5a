//! `xpc check`: parse, resolve, analyse, prove.

mod fix;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use xpc_driver::{Compiled, Disk, Driver, Proved, ProverProcess, Roster};
use xpc_model::{Model, Verdict};

use crate::args::{Check, Deny};
use crate::exit::{self, Exit};
use crate::report::Report;

pub fn run(options: &Check) -> Exit {
    let mut prover = ProverProcess::installed();
    prover.begin();
    let disk = Disk::new(options.limits.into());
    let mut driver = Driver::new();
    let begun = Instant::now();
    let mut compiled = driver.compile(&disk, &options.files);
    if options.fix {
        compiled = match fix::all(&mut driver, &disk, &options.files, compiled) {
            Ok(compiled) => compiled,
            Err(exit) => return exit,
        };
    }
    let roster = options.roster.as_ref().and_then(|path| read(&disk, path, &mut compiled));
    let lacks: Vec<_> = roster
        .iter()
        .flat_map(|roster| compiled.models.iter().flat_map(|(_, model)| roster.lacks(model)))
        .collect();
    compiled.diagnostics.extend(lacks);
    let compiling = begun.elapsed();
    let mut answered = Vec::new();
    // A file with faults has no models: an answer about half of it would mislead. Of the others everything is answered.
    for (_, model) in &compiled.models {
        match driver.prove(&disk, &mut prover, model) {
            Ok(one) => answered.push((with_roster(model, roster.as_ref()), one)),
            Err(error) => return exit::failed(&error.to_string()),
        }
    }
    let proved: Vec<Proved<'_>> = answered
        .iter()
        .map(|((model, more), one)| {
            let verdicts = one.verdicts.iter().chain(more).cloned().collect();
            Proved { model, verdicts, took: one.took }
        })
        .collect();
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

/// The roster, or what is wrong with it among what is wrong with the sources.
fn read(disk: &Disk, path: &Path, compiled: &mut Compiled) -> Option<Roster> {
    match Roster::read(disk, path, &mut compiled.sources) {
        Ok(roster) => Some(roster),
        Err(fault) => {
            compiled.diagnostics.push(*fault);
            None
        }
    }
}

/// The workflow with what is asked of the roster, and the answers to that.
fn with_roster(model: &Model, roster: Option<&Roster>) -> (Model, Vec<Verdict>) {
    let mut model = model.clone();
    let (asked, answers): (Vec<_>, Vec<_>) =
        roster.map(|roster| roster.asked(&model)).unwrap_or_default().into_iter().unzip();
    model.obligations.extend(asked);
    (model, answers)
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
