//! `cargo dev test`: setup, build, fmt, clippy, all tests, doctests, and a summary line. Only what the build needs is set up before it.
//!
//! All steps use the same features, since a narrower `-p` or `--bins` would rebuild dependencies.

use std::io::IsTerminal;
use std::process::Command;
use std::time::Instant;

use crate::arguments::Arguments;
use crate::failure::Failure;
use crate::output::{Count, Runner, counted};
use crate::place::{Build, Place};
use crate::{setup, shell};

pub fn run(place: &Place, given: &[String]) -> Result<(), Failure> {
    let given = Arguments::parse(given, &["--workflows", "--seed"], &[])?;
    let tests = Tests {
        place,
        workflows: given.number("--workflows")?,
        seed: given.number("--seed")?,
        only: given.rest,
    };
    let mut phases = Phases::default();
    phases.time("setup for the build", || setup::for_build(place))?;
    // What only the tests need is fetched while the compiler works.
    std::thread::scope(|scope| {
        let rest = scope.spawn(|| setup::ensure(place));
        phases.time("build", || {
            shell::run(&mut tests.cargo(&["build", "--workspace", "--all-targets"]), "cargo build")
        })?;
        phases.time("fmt", || {
            shell::run(&mut tests.cargo(&["fmt", "--all", "--check"]), "cargo fmt --check")
        })?;
        phases.time("clippy", || {
            let lints = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
            shell::run(&mut tests.cargo(&lints), "cargo clippy")
        })?;
        phases.time("rest of setup", || {
            rest.join().map_err(|_| Failure::new("the setup ended by a panic"))?.map(drop)
        })
    })?;
    let build = place.build()?;
    let mut total = Count::default();
    phases.time("tests", || tests.all_targets(&build, &mut total))?;
    if tests.only.is_empty() {
        phases.time("doctests", || tests.documentation(&build, &mut total))?;
    }
    if total.passed == 0 {
        return Err(Failure::new("no test ran"));
    }
    println!("     Phases {}", phases.list());
    println!(
        "    Summary [{:8.3}s] {} tests run: {} passed, {} failed, {} skipped",
        phases.seconds(),
        total.passed + total.failed,
        total.passed,
        total.failed,
        total.skipped
    );
    Ok(())
}

struct Tests<'a> {
    place: &'a Place,
    workflows: Option<u64>,
    seed: Option<u64>,
    only: Vec<String>,
}

/// How many tests nextest runs at once.
const THREADS: &str = "NEXTEST_TEST_THREADS";

impl Tests<'_> {
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.cargo();
        command.args(arguments);
        command
    }

    /// Uses cargo-nextest if installed, else cargo's own runner.
    fn all_targets(&self, build: &Build, total: &mut Count) -> Result<(), Failure> {
        let (runner, start): (_, &[&str]) = match shell::find("cargo-nextest") {
            Some(_) => (Runner::Nextest, &["nextest", "run"]),
            None => (Runner::Cargo, &["test"]),
        };
        let mut command = self.cargo(start);
        command.args(["--workspace", "--all-targets", "--no-fail-fast"]);
        // Many tests wait for a server more than they compute: one more than there are cores keeps these busy.
        if let (Ok(cores), None) = (std::thread::available_parallelism(), std::env::var_os(THREADS)) {
            command.env(THREADS, cores.saturating_add(1).to_string());
        }
        self.counted(&mut command, runner, build, total)
    }

    /// Runs doctests, which nextest does not support.
    fn documentation(&self, build: &Build, total: &mut Count) -> Result<(), Failure> {
        let mut command = self.cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]);
        self.counted(&mut command, Runner::Cargo, build, total)
    }

    fn counted(
        &self,
        command: &mut Command,
        runner: Runner,
        build: &Build,
        total: &mut Count,
    ) -> Result<(), Failure> {
        let what = match runner {
            Runner::Nextest => "cargo nextest",
            Runner::Cargo => "cargo test",
        };
        build.tell_programs(command, "debug");
        if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            command.args(["--color", "always"]);
        }
        for (variable, value) in [("XP_DIFFERENTIAL", self.workflows), ("XP_SEED", self.seed)] {
            if let Some(value) = value {
                command.env(variable, value.to_string());
            }
        }
        if !self.only.is_empty() {
            command.args(&self.only);
        }
        let (status, count) = counted(command, runner, what)?;
        total.add(count);
        if status.success() {
            return Ok(());
        }
        let counts = format!("{} passed, {} failed", total.passed, total.failed);
        Err(Failure::of_program(format!("{what} failed ({status}): {counts}"), status.code()))
    }
}

/// Times of the phases, printed at their beginning and end.
#[derive(Default)]
struct Phases {
    done: Vec<(&'static str, f64)>,
}

impl Phases {
    fn time(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        eprintln!("── {name}");
        let start = Instant::now();
        let result = work();
        let seconds = start.elapsed().as_secs_f64();
        self.done.push((name, seconds));
        let outcome = if result.is_ok() { "done" } else { "FAILED" };
        eprintln!("── {name}: {outcome} in {seconds:.1} s");
        result
    }

    fn list(&self) -> String {
        self.done
            .iter()
            .map(|(name, seconds)| format!("{name} {seconds:.1} s"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn seconds(&self) -> f64 {
        self.done.iter().map(|(_, seconds)| seconds).sum()
    }
}
