//! A question on the terminal.

use std::io::{BufRead as _, IsTerminal as _};

use crate::Failure;
use crate::out::print;

/// Somebody is at a terminal who can answer and read what others must not.
pub fn is_attended() -> bool {
    std::env::var_os("CI").is_none() && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Whether the answer is yes.
pub fn yes(question: &str) -> Result<bool, Failure> {
    print(&format!("{question} [y/N] "))?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(matches!(line.trim(), "y" | "yes"))
}
