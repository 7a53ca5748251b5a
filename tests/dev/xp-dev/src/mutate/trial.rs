//! A run of the tests in the worktree and its result.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::list::Named;
use super::tree::Tree;
use super::watch::watch;
use crate::failure::Failure;
use crate::shell;

/// How to run the tests.
pub struct Trial {
    pub target: PathBuf,
    pub limit: Duration,
}

/// One invocation of cargo: its arguments, and the tests that it must include.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tests {
    pub arguments: Vec<String>,
    pub named: Vec<String>,
}

impl Tests {
    /// Invocations for these tests only, one per test target.
    pub fn named<'n>(tests: impl IntoIterator<Item = &'n Named>) -> Vec<Self> {
        let mut by_target: BTreeMap<(&str, Option<&str>), BTreeSet<&str>> = BTreeMap::new();
        for test in tests {
            by_target.entry((&test.package, test.target.as_deref())).or_default().insert(&test.name);
        }
        let run = |((package, target), names): ((&str, Option<&str>), BTreeSet<&str>)| {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let mut arguments = vec!["-p".to_owned(), package.to_owned()];
            match target {
                Some(target) => arguments.extend(["--test".to_owned(), target.to_owned()]),
                None => arguments.push("--lib".to_owned()),
            }
            arguments.extend(["--".to_owned(), "--exact".to_owned()]);
            arguments.extend(names.iter().cloned());
            Self { arguments, named: names }
        };
        by_target.into_iter().map(run).collect()
    }

    /// The arguments for cargo, without those for the test programs.
    fn before_dashes(&self) -> impl Iterator<Item = &String> {
        self.arguments.iter().take_while(|argument| *argument != "--")
    }

    /// A named test that did not run. Without this check a misspelt name would let every mutation survive.
    fn absent(&self, said: &str) -> Option<&String> {
        let ran = |name: &String| {
            said.lines().any(|line| {
                line.strip_prefix("test ").is_some_and(|line| line.strip_suffix(" ... ok") == Some(name))
            })
        };
        self.named.iter().find(|name| !ran(name))
    }
}

/// The result for a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This test failed first.
    Caught(String),
    /// The tests exceeded the time limit.
    Endless,
    /// All tests passed.
    Survived,
    /// The mutation does not compile, and shows nothing.
    DoesNotCompile(String),
    /// The tests passed and this one was not among them.
    Absent(String),
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
            Self::Absent(test) => write!(f, "THERE IS NO TEST {test}"),
        }
    }
}

impl Trial {
    /// Runs the invocations until one fails.
    pub fn run(&self, tree: &mut Tree, runs: &[Tests]) -> Result<Outcome, Failure> {
        for tests in runs {
            let outcome = self.one(tree, tests)?;
            if outcome != Outcome::Survived {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Survived)
    }

    /// Builds without a time limit, then runs the tests with one.
    fn one(&self, tree: &mut Tree, tests: &Tests) -> Result<Outcome, Failure> {
        let mut build = self.cargo(tree);
        build.arg("--no-run").args(tests.before_dashes());
        let (built, said) = watch(&mut build, None, |group| tree.running(group))?;
        if built != Some(true) {
            let why = said.lines().find(|line| line.starts_with("error")).unwrap_or("error").to_owned();
            return Ok(Outcome::DoesNotCompile(why));
        }
        let mut test = self.cargo(tree);
        test.args(&tests.arguments);
        Ok(match watch(&mut test, Some(self.limit), |group| tree.running(group))? {
            (None, _) => Outcome::Endless,
            (Some(true), said) => match tests.absent(&said) {
                Some(test) => Outcome::Absent(test.clone()),
                None => Outcome::Survived,
            },
            (Some(false), said) => Outcome::Caught(first_failure(&said)),
        })
    }

    fn cargo(&self, tree: &Tree) -> Command {
        let mut cargo = shell::cargo(&tree.folder, true);
        cargo.env("CARGO_TARGET_DIR", &self.target).arg("test");
        // Fewer random workflows per mutation than in a test run, unless the variable is set.
        if std::env::var_os("XP_DIFFERENTIAL").is_none() {
            cargo.env("XP_DIFFERENTIAL", "200");
        }
        cargo
    }
}

/// The first line such as `test a::b ... FAILED`, or the runner's last message.
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

    #[test]
    fn named_tests_are_a_run_for_each_target_and_must_have_run() {
        let named = |package: &str, target: Option<&str>, name: &str| Named {
            package: package.to_owned(),
            target: target.map(str::to_owned),
            name: name.to_owned(),
        };
        let all = [named("p", Some("t"), "a::b"), named("p", None, "c"), named("p", Some("t"), "a::a")];
        let runs = Tests::named(&all);
        let words: Vec<String> = runs.iter().map(|run| run.arguments.join(" ")).collect();
        assert_eq!(words, ["-p p --lib -- --exact c", "-p p --test t -- --exact a::a a::b"]);
        let said = "running 1 test\ntest a::b ... ok\ntest a::abc ... ok\n";
        assert_eq!(runs[1].absent(said), Some(&"a::a".to_owned()));
        assert_eq!(runs[1].absent(&format!("{said}test a::a ... ok\n")), None);
    }
}
