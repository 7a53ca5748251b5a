//! What is written to stdout and stderr: a reader that went away is no error, a full disk is said.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use crate::Failure;

pub use xpd::whole;

/// Writes to stdout; a reader that went away is not an error of ours.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says something on stderr. A closed stderr is no reason to fail otherwise.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "xpd: {text}");
}

/// Help and version go to stdout and succeed; bad arguments go to stderr and are a rejected input.
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

/// Says why a command came to nothing.
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
