//! For comparison: one question about a chain ("the last step is open and the first was never done"), put to
//! the SMT solvers installed on this host. A check answers about a dozen such questions.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Done;
use crate::figures::row;
use crate::usage;

const STEPS: usize = 10_000;

pub fn measure(scratch: &Path) -> Done {
    let file = scratch.join("chain.smt2");
    std::fs::write(&file, chain(STEPS))?;
    for solver in ["z3", "cvc5"] {
        let name = format!("{solver}: one question about a chain of {STEPS} steps");
        let here = Command::new(solver).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if here.is_err() {
            row(&name, "not installed");
            continue;
        }
        let mut command = Command::new(solver);
        command.arg(&file);
        let (exit, usage) = usage::of(command)?;
        if exit != 0 {
            return Err(format!("{solver}: exit {exit}").into());
        }
        row(&name, &format!("{:.3} s, {} MB", usage.seconds, usage.peak_kb / 1024));
    }
    Ok(())
}

fn chain(steps: usize) -> String {
    let mut text = String::from("(set-logic QF_UF)\n(declare-const s0 Bool)\n");
    for step in 1..steps {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "(declare-const s{step} Bool)\n(assert (=> s{step} s{}))", step - 1);
    }
    let _ = writeln!(text, "(assert s{})\n(assert (not s0))\n(check-sat)", steps - 1);
    text
}
