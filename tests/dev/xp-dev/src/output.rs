//! Output of test runners: passed through and counted.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;

use crate::failure::Failure;

/// The test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    Nextest,
    Cargo,
}

/// Numbers of tests that passed, failed and were skipped.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Count {
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// Parses a summary line of a runner. Under cargo-nextest only its own summary counts, since a failing
    /// test's output may contain the summary of the standard harness.
    fn of_line(runner: Runner, line: &str) -> Option<Self> {
        let line = plain(line);
        let line = line.trim();
        let figures = match runner {
            Runner::Nextest => {
                let (_, rest) = line.strip_prefix("Summary [")?.split_once(" run: ")?;
                without_parentheses(rest)
            }
            Runner::Cargo => line.strip_prefix("test result: ")?.split_once(". ")?.1.replace(';', ","),
        };
        let mut count = Self::default();
        for figure in figures.split(',') {
            let Some((number, what)) = figure.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => count.passed += number,
                "skipped" | "ignored" => count.skipped += number,
                "failed" | "timed out" | "exec failed" => count.failed += number,
                _ => {}
            }
        }
        Some(count)
    }
}

/// Runs a test runner, passes its output through and counts its tests.
pub fn counted(command: &mut Command, runner: Runner, what: &str) -> Result<(ExitStatus, Count), Failure> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failure::io(what))?;
    let count = Mutex::new(Count::default());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(|| out.map(|from| pass_on(runner, from, io::stdout(), &count)));
        scope.spawn(|| err.map(|from| pass_on(runner, from, io::stderr(), &count)));
    });
    let status = child.wait().map_err(Failure::io(what))?;
    let count = count.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((status, count))
}

fn pass_on(runner: Runner, from: impl Read, mut to: impl Write, count: &Mutex<Count>) {
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A closed stdout does not stop the tests.
        let _ = to.write_all(&line);
        if let Some(more) = Count::of_line(runner, &String::from_utf8_lossy(&line)) {
            count.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(more);
        }
        line.clear();
    }
}

/// The line without colour codes.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            for skipped in characters.by_ref() {
                if skipped.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            text.push(c);
        }
    }
    text
}

/// Removes parentheses: `12 passed (1 slow, 2 flaky)` counts twelve.
fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect::<String>()
        .replace(" ,", ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(runner: Runner, line: &str) -> Option<(u64, u64, u64)> {
        Count::of_line(runner, line).map(|c| (c.passed, c.failed, c.skipped))
    }

    #[test]
    fn both_runners_are_understood() {
        let nextest = |line| count(Runner::Nextest, line);
        assert_eq!(nextest("     Summary [   0.712s] 12 tests run: 12 passed, 3 skipped"), Some((12, 0, 3)));
        let cut =
            "Summary [ 9.1s] 9/12 tests run: 6 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 0 skipped";
        assert_eq!(nextest(cut), Some((6, 3, 0)));
        let coloured = "\u{1b}[32;1m  Summary\u{1b}[0m [ 0.7s] \u{1b}[1m1\u{1b}[0m test run: \u{1b}[1m1\u{1b}[0m \u{1b}[32mpassed\u{1b}[0m, 0 skipped";
        assert_eq!(nextest(coloured), Some((1, 0, 0)));
        let harness = "test result: FAILED. 5 passed; 1 failed; 2 ignored; 0 measured; 7 filtered out; finished in 0.0s";
        assert_eq!(count(Runner::Cargo, harness), Some((5, 1, 2)));
    }

    #[test]
    fn what_a_failing_test_printed_is_not_counted() {
        assert_eq!(count(Runner::Nextest, "    test result: FAILED. 0 passed; 1 failed; 0 ignored"), None);
        assert_eq!(count(Runner::Nextest, "        PASS [   0.9s] tidy::walls"), None);
        assert_eq!(count(Runner::Cargo, "test tidy::walls ... ok"), None);
    }
}
