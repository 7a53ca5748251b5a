//! `xpc check`: parse, resolve, analyse, prove.

use xpc_driver::{Disk, Driver, ProverProcess};

use crate::args::{Check, Deny};
use crate::exit::{self, Exit};
use crate::report::Report;

pub fn run(options: &Check) -> Exit {
    let disk = Disk::new(options.limits.into());
    let mut driver = Driver::new();
    let compiled = driver.compile(&disk, &options.files);
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
    match report.print(options.format) {
        Ok(()) => report.exit(),
        Err(exit) => exit,
    }
}
