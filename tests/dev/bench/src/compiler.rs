//! `xpc check` as a whole process, from start to exit.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::figures::{Sample, heading, row};
use crate::{Done, generate};

pub fn measure(xpc: &Path, scratch: &Path) -> Done {
    heading("xpc check, whole process; median (least to most, how often)");
    let version = once(xpc, &["--version"], 30)?;
    row("xpc --version, for comparison", &version.text());
    row("xpc check examples/bug_fix", &checked(xpc, "examples/bug_fix", 30)?);
    for (steps, times) in [(1_000, 15), (10_000, 3)] {
        let file = scratch.join(format!("generated-{steps}.xp"));
        std::fs::write(&file, generate::source(steps))?;
        let path = file.to_str().ok_or("the build folder has a name that is not UTF-8")?;
        row(&format!("xpc check of a generated workflow of {steps} steps"), &checked(xpc, path, times)?);
    }
    Ok(())
}

fn checked(xpc: &Path, what: &str, times: usize) -> Done<String> {
    // Checks the output once, since exit code 0 is also that of a workflow without properties.
    let output = Command::new(xpc).args(["check", what]).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().last().unwrap_or_default();
    let proved = last.split_once(" proved").and_then(|(count, _)| count.parse::<u32>().ok());
    let Some(proved) = proved.filter(|_| output.status.success()) else {
        return Err(format!("`xpc check {what}`: {}: {last}", output.status).into());
    };
    Ok(format!("{}; {proved} proved", once(xpc, &["check", what], times)?.text()))
}

fn once(xpc: &Path, arguments: &[&str], times: usize) -> Done<Sample> {
    let run = || -> Done {
        let status = Command::new(xpc).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let status = status.map_err(|error| format!("{}: {error}", xpc.display()))?;
        if status.success() { Ok(()) } else { Err(format!("xpc {}: {status}", arguments.join(" ")).into()) }
    };
    run()?; // What it reads is in memory from here on.
    Sample::repeat(times, run)
}
