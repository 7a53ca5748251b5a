//! Exit codes, as `design/cli` fixes them: CI jobs depend on each.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

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
    let _ = writeln!(std::io::stderr(), "xpc: {message}");
    Exit::Failed
}

/// Says on stderr why the input was rejected.
pub fn rejected(message: &str) -> Exit {
    let _ = writeln!(std::io::stderr(), "xpc: {message}");
    Exit::Rejected
}

/// Writes data to stdout; a reader that went away is not an error of ours.
pub fn print(text: &str) -> Result<(), Exit> {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(failed(&cannot(&error))),
    }
}

fn cannot(error: &std::io::Error) -> String {
    format!("cannot write to stdout: {error}")
}
