//! Output on stdout and stderr. A closed pipe is not an error; a full disk is.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use crate::Failure;

pub use xpd::with_causes;

/// Writes to stdout. A closed pipe is not an error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes to stderr. Failures are ignored.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "xpd: {text}");
}

/// Prints help and version to stdout with success, errors in the arguments to stderr as invalid input.
pub fn usage(error: &clap::Error) -> ExitCode {
    let shown = error.print();
    if error.use_stderr() {
        return ExitCode::from(2);
    }
    match shown {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => end(cannot(&error)),
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Prints why a command failed and returns its exit code.
pub fn end(failure: Failure) -> ExitCode {
    let (code, text) = match failure {
        Failure::Failed(text) => (1, text),
        Failure::Input(text) => (2, text),
        Failure::Refused(text) => (3, text),
    };
    say(&text);
    ExitCode::from(code)
}

fn cannot(error: &std::io::Error) -> Failure {
    Failure::Failed(format!("cannot write to stdout: {error}"))
}
