//! One run of the tests in the worktree, and what it says about the planted bug.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::tree::Tree;
use super::watch::watch;
use crate::failure::Failure;
use crate::shell;

/// How the tests are run.
pub struct Trial {
    pub target: PathBuf,
    pub tests: Vec<String>,
    pub limit: Duration,
}

/// What the tests made of a planted bug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The named test failed first.
    Caught(String),
    /// The tests did not end in time.
    Endless,
    /// All tests passed.
    Survived,
    /// Not a bug but a misprint: proves nothing.
    DoesNotCompile(String),
}

impl Outcome {
    pub fn is_caught(&self) -> bool {
        matches!(self, Self::Caught(_) | Self::Endless)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(test) => write!(f, "caught by {test}"),
            Self::Endless => f.write_str("caught: the tests did not end in time"),
            Self::Survived => f.write_str("SURVIVED"),
            Self::DoesNotCompile(why) => write!(f, "DOES NOT COMPILE: {why}"),
        }
    }
}

impl Trial {
    /// Builds without a limit, then runs the tests within one.
    pub fn run(&self, tree: &mut Tree) -> Result<Outcome, Failure> {
        let mut build = self.cargo(tree);
        build.arg("--no-run").args(self.before_dashes());
        let (built, said) = watch(&mut build, None, |group| tree.running(group))?;
        if built != Some(true) {
            let why = said.lines().find(|line| line.starts_with("error")).unwrap_or("error").to_owned();
            return Ok(Outcome::DoesNotCompile(why));
        }
        let mut test = self.cargo(tree);
        test.args(&self.tests);
        Ok(match watch(&mut test, Some(self.limit), |group| tree.running(group))? {
            (None, _) => Outcome::Endless,
            (Some(true), _) => Outcome::Survived,
            (Some(false), said) => Outcome::Caught(first_failure(&said)),
        })
    }

    fn cargo(&self, tree: &Tree) -> Command {
        let mut cargo = shell::cargo(&tree.folder, true);
        cargo.env("CARGO_TARGET_DIR", &self.target).arg("test");
        // Every bug is run once: fewer random workflows than a test run has, unless somebody asked for more.
        if std::env::var_os("XP_DIFFERENTIAL").is_none() {
            cargo.env("XP_DIFFERENTIAL", "200");
        }
        cargo
    }

    /// What is for cargo and not for the test programs.
    fn before_dashes(&self) -> impl Iterator<Item = &String> {
        self.tests.iter().take_while(|argument| *argument != "--")
    }
}

/// `test a::b ... FAILED`, or whatever else the runner says about its end.
fn first_failure(said: &str) -> String {
    let failed = said.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let panicked = || said.lines().find_map(|line| Some(line.strip_prefix("thread '")?.split_once('\'')?.0));
    let other = || said.lines().find(|line| line.starts_with("error"));
    failed.or_else(panicked).or_else(other).unwrap_or("a run that failed").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failing_test_is_named() {
        let said = "running 2 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest a::d ... FAILED\nerror: test failed";
        assert_eq!(first_failure(said), "a::c");
        assert_eq!(first_failure("F\nthread 'a::d' (7) panicked at a.rs:1:1:\n"), "a::d");
        assert_eq!(
            first_failure("error: process didn't exit successfully"),
            "error: process didn't exit successfully"
        );
    }
}
