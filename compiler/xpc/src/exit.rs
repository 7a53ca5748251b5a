//! Exit codes, as `design/cli` fixes them: CI jobs depend on each.

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::process::ExitCode;

use xp_diagnostics::printable;

/// How a command ended. Ordered: of several, the first of `Rejected`, `Refuted`, `Unknown` that applies wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All holds.
    Ok,
    /// The tool failed for a reason that is not the input's.
    Failed,
    /// The input was rejected.
    Rejected,
    /// A property is refuted or vacuous.
    Refuted,
    /// Something is unknown or conditional, nothing refuted.
    Unknown,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Rejected => 2,
            Exit::Refuted => 3,
            Exit::Unknown => 4,
        })
    }
}

/// Help and version go to stdout and succeed; bad arguments go to stderr and are a rejected input.
pub fn usage(error: &clap::Error) -> ExitCode {
    let shown = error.print();
    if error.use_stderr() {
        return Exit::Rejected.into();
    }
    match shown {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => failed(&cannot(&error)).into(),
        Ok(()) | Err(_) => Exit::Ok.into(),
    }
}

/// Says on stderr why the tool failed. A closed stderr is no reason to fail otherwise.
pub fn failed(message: &str) -> Exit {
    say(message);
    Exit::Failed
}

/// Says on stderr why the input was rejected.
pub fn rejected(message: &str) -> Exit {
    say(message);
    Exit::Rejected
}

/// A line of talk on stderr, with nothing in it that a terminal would obey.
pub fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "xpc: {}", printable(message));
}

/// Talk on stderr of several lines, as [`say`].
pub fn talk(text: &str) {
    let _ = write!(std::io::stderr(), "{}", printable(text));
}

/// Writes data to stdout; a reader that went away is not an error of ours.
pub fn print(text: &str) -> Result<(), Exit> {
    let mut stdout = std::io::stdout();
    // For a program each byte counts; a terminal would obey some.
    let text = if stdout.is_terminal() { printable(text) } else { Cow::Borrowed(text) };
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(failed(&cannot(&error))),
    }
}

fn cannot(error: &std::io::Error) -> String {
    format!("cannot write to stdout: {error}")
}
