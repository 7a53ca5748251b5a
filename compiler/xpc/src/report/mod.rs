//! Answers as people and programs read them: one file per format.

mod github;
mod human;
mod json;
mod junit;
mod sarif;
mod verdict;

use std::io::{IsTerminal as _, Write as _};

use xp_artifact::question::Status;
use xp_diagnostics::{Diagnostic, Severity, Sources, render};
use xpc_driver::{Compiled, Proved};

use crate::args::Format;
use crate::exit::{self, Exit};

pub use verdict::diagnostics as of_verdicts;

/// Everything there is to report of a check.
pub struct Report<'a> {
    /// The sources and what was wrong with them.
    pub compiled: &'a Compiled,
    /// The workflows with their answers; empty when the input was rejected.
    pub proved: &'a [Proved<'a>],
    /// Faults and notes about the sources. Warnings that are denied are errors here, for those who read no exit code.
    pub found: Vec<Diagnostic>,
    /// These and the failed properties, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// How many warnings are denied.
    pub denied: usize,
}

/// What is to be said of the sources, before and after the proofs, in source order.
fn found(compiled: &Compiled, proved: &[Proved<'_>]) -> Vec<Diagnostic> {
    let mut found = compiled.diagnostics.clone();
    found.extend(proved.iter().flat_map(Proved::unused_assumptions));
    found.sort_by_key(Diagnostic::sort_key);
    found
}

impl<'a> Report<'a> {
    /// Puts a report together.
    pub fn new(compiled: &'a Compiled, proved: &'a [Proved<'a>]) -> Self {
        Self::of(found(compiled, proved), compiled, proved, 0)
    }

    /// The same with warnings about the sources denied.
    pub fn without_warnings(compiled: &'a Compiled, proved: &'a [Proved<'a>], format: Format) -> Self {
        let mut found = found(compiled, proved);
        let mut denied = 0;
        for warning in found.iter_mut().filter(|one| one.severity == Severity::Warning) {
            denied += 1;
            // People are told so at the end.
            if format != Format::Human {
                warning.severity = Severity::Error;
            }
        }
        Self::of(found, compiled, proved, denied)
    }

    fn of(found: Vec<Diagnostic>, compiled: &'a Compiled, proved: &'a [Proved<'a>], denied: usize) -> Self {
        let mut diagnostics = found.clone();
        for one in proved {
            diagnostics.extend(of_verdicts(one));
        }
        diagnostics.sort_by_key(Diagnostic::sort_key);
        Self { compiled, proved, found, diagnostics, denied }
    }

    /// What the command's exit code must be.
    pub fn exit(&self) -> Exit {
        if self.compiled.rejected() || self.denied > 0 {
            return Exit::Rejected;
        }
        let open = || {
            self.proved.iter().flat_map(|one| {
                let pairs = one.model.obligations.iter().zip(&one.verdicts);
                pairs
                    .filter(|(obligation, verdict)| !verdict.status.holds(obligation.vacuous_ok))
                    .map(|(_, v)| v.status)
            })
        };
        if open().any(|status| matches!(status, Status::Refuted | Status::Vacuous)) {
            Exit::Refuted
        } else if open().next().is_some() {
            Exit::Unknown
        } else {
            Exit::Ok
        }
    }

    /// Prints it.
    pub fn print(&self, format: Format) -> Result<(), Exit> {
        match format {
            Format::Human => {
                diagnostics(&self.compiled.sources, &self.diagnostics);
                exit::print(&human::summary(self))
            }
            Format::Json => exit::print(&pretty(&json::object(self))),
            Format::Sarif => exit::print(&pretty(&sarif::log(self))),
            Format::Junit => exit::print(&junit::suites(self)),
            Format::Github => exit::print(&github::lines(self)),
        }
    }
}

/// Draws diagnostics on stderr; in colour on a terminal unless `NO_COLOR` is set.
pub fn diagnostics(sources: &Sources, faults: &[Diagnostic]) {
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let text = render::human::render_all(sources, faults, colour);
    // A closed stderr is no reason to fail.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// A line of talk on stderr.
pub fn talk(line: &str) {
    exit::say(line);
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
