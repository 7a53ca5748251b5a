//! Resource usage of a program and its children, taken from the kernel's accounting for the children of a
//! helper process that runs nothing else.

use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Done;

/// The first argument that makes this program the helper process.
pub const ARGUMENT: &str = "--usage-of";

/// Resource usage.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Processor time, user and system.
    pub seconds: f64,
    /// Largest resident size of any of the processes, in KiB.
    pub peak_kb: i64,
}

/// Runs a program to its end. Returns its exit code and usage.
pub fn of(program: Command) -> Done<(i32, Usage)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ARGUMENT).arg(program.get_program()).args(program.get_args()).stderr(Stdio::inherit());
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.lines().last().unwrap_or_default();
    let mut words = last.split(' ');
    let mut word = || words.next().ok_or_else(|| format!("{last:?} is no usage"));
    let (exit, seconds, peak_kb) = (word()?.parse()?, word()?.parse()?, word()?.parse()?);
    Ok((exit, Usage { seconds, peak_kb }))
}

/// The helper process started by [`of`].
pub fn measure(mut arguments: impl Iterator<Item = String>) -> Done {
    let program = arguments.next().ok_or("no program")?;
    let status =
        Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let time = seconds(used.user_time()) + seconds(used.system_time());
    println!("{} {time} {}", status.code().unwrap_or(-1), used.max_rss());
    Ok(())
}
