//! One run of the tests in the worktree, and what it says about the planted bug.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::tree::Tree;
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
        let (built, said) = self.watch(tree, &mut build, None)?;
        if built != Some(true) {
            let why = said.lines().find(|line| line.starts_with("error")).unwrap_or("error").to_owned();
            return Ok(Outcome::DoesNotCompile(why));
        }
        let mut test = self.cargo(tree);
        test.args(&self.tests);
        Ok(match self.watch(tree, &mut test, Some(self.limit))? {
            (None, _) => Outcome::Endless,
            (Some(true), _) => Outcome::Survived,
            (Some(false), said) => Outcome::Caught(first_failure(&said)),
        })
    }

    fn cargo(&self, tree: &Tree) -> Command {
        let mut cargo = shell::cargo(&tree.folder, true);
        cargo.env("CARGO_TARGET_DIR", &self.target).arg("test");
        cargo
    }

    /// What is for cargo and not for the test programs.
    fn before_dashes(&self) -> impl Iterator<Item = &String> {
        self.tests.iter().take_while(|argument| *argument != "--")
    }

    /// Whether it succeeded, or nothing when it took too long; and all that it said.
    fn watch(
        &self,
        tree: &mut Tree,
        command: &mut Command,
        limit: Option<Duration>,
    ) -> Result<(Option<bool>, String), Failure> {
        own_group(command);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Failure::io("cargo test"))?;
        tree.running(Some(child.id()))?;
        let (tell, told) = mpsc::channel();
        read_in_background(child.stdout.take(), tell.clone());
        read_in_background(child.stderr.take(), tell);
        let mut said = String::new();
        let mut in_time = true;
        // Both streams end when the whole group has ended.
        for _ in 0..2 {
            let text = match limit {
                Some(limit) if in_time => told.recv_timeout(limit).or_else(|_| {
                    in_time = false;
                    stop_group(&child);
                    told.recv()
                }),
                _ => told.recv(),
            };
            said.push_str(&text.unwrap_or_default());
        }
        let status = child.wait().map_err(Failure::io("cargo test"))?;
        tree.running(None)?;
        Ok((in_time.then(|| status.success()), said))
    }
}

fn read_in_background(stream: Option<impl Read + Send + 'static>, tell: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // A stream that breaks has said what it has said.
            let _ = stream.read_to_end(&mut bytes);
        }
        let _ = tell.send(String::from_utf8_lossy(&bytes).into_owned());
    });
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

fn stop_group(child: &Child) {
    // Gone already is as good.
    let _ = Command::new("sh").args(["-c", &format!("kill -KILL -- -{}", child.id())]).status();
}

/// `test a::b ... FAILED`, or whatever else the runner says about its end.
fn first_failure(said: &str) -> String {
    let failed = said.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    let other = || said.lines().find(|line| line.starts_with("error"));
    failed.or_else(other).unwrap_or("a run that failed").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failing_test_is_named() {
        let said = "running 2 tests\ntest a::b ... ok\ntest a::c ... FAILED\ntest a::d ... FAILED\nerror: test failed";
        assert_eq!(first_failure(said), "a::c");
        assert_eq!(
            first_failure("error: process didn't exit successfully"),
            "error: process didn't exit successfully"
        );
    }
}
