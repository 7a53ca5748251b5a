//! Git behind the stand-in: objects and refs are made by the git binary in a bare repository.

mod diff;
mod history;
mod tree;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub use diff::FileChange;
pub use history::{CommitInfo, Person};
pub use tree::{Change, Entry, TreeEntry};

/// The object id that stands for "no object".
pub const ZERO: &str = "0000000000000000000000000000000000000000";

/// A git command that did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("git {command}: {detail}")]
pub struct GitError {
    /// The subcommand and its arguments.
    pub command: String,
    /// What git wrote to its standard error, or why it could not be started.
    pub detail: String,
}

/// A bare repository.
#[derive(Clone, Debug)]
pub struct Git {
    dir: PathBuf,
    env: Vec<(String, PathBuf)>,
}

/// Exit status, output and errors of a git command.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub ok: bool,
    pub code: Option<i32>,
    pub out: Vec<u8>,
    pub err: String,
}

impl Git {
    /// Makes an empty bare repository.
    ///
    /// # Errors
    /// When git cannot make it.
    pub fn init(dir: &Path, default_branch: &str) -> Result<Self, GitError> {
        let git = Self { dir: dir.to_owned(), env: Vec::new() };
        let branch = format!("--initial-branch={default_branch}");
        let place = dir.display().to_string();
        git.ask(&["init", "--quiet", "--bare", &branch, &place])?;
        // Disables automatic packing and pruning, which would change objects while a test inspects them.
        git.ask(&["config", "gc.auto", "0"])?;
        Ok(git)
    }

    /// The same repository with new objects written to `scratch`, for reads that need to compute a merge.
    #[must_use]
    pub fn writing_to(&self, scratch: &Path) -> Self {
        let env = vec![
            ("GIT_OBJECT_DIRECTORY".to_owned(), scratch.to_owned()),
            ("GIT_ALTERNATE_OBJECT_DIRECTORIES".to_owned(), self.dir.join("objects")),
        ];
        Self { dir: self.dir.clone(), env }
    }

    /// The object a ref points to, with its type.
    ///
    /// # Errors
    /// When git fails.
    pub fn target(&self, name: &str) -> Result<Option<(String, String)>, GitError> {
        Ok(self.refs(name)?.into_iter().find(|(found, ..)| found == name).map(|(_, sha, kind)| (sha, kind)))
    }

    /// All refs below a prefix, sorted by name: name, object id, object type.
    ///
    /// # Errors
    /// When git fails.
    pub fn refs(&self, prefix: &str) -> Result<Vec<(String, String, String)>, GitError> {
        let out =
            self.text(&["for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", "--", prefix])?;
        Ok(out
            .lines()
            .filter_map(|line| {
                let mut words = line.split(' ').map(str::to_owned);
                Some((words.next()?, words.next()?, words.next()?))
            })
            .collect())
    }

    /// Whether git accepts the name of a ref.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn valid_ref(&self, name: &str) -> Result<bool, GitError> {
        Ok(self.run(&["check-ref-format", name], b"", &[])?.ok)
    }

    /// Moves a ref from `old` to `new` by compare-and-swap. [`ZERO`] as `old` creates it.
    ///
    /// # Errors
    /// When the ref is not at `old`, or git fails.
    pub fn update_ref(&self, name: &str, new: &str, old: &str) -> Result<(), GitError> {
        self.ask(&["update-ref", name, new, old]).map(drop)
    }

    /// Removes a ref that is at `old`.
    ///
    /// # Errors
    /// When the ref is not at `old`, or git fails.
    pub fn delete_ref(&self, name: &str, old: &str) -> Result<(), GitError> {
        self.ask(&["update-ref", "-d", name, old]).map(drop)
    }

    /// The type of an object, if there is one of that id.
    ///
    /// # Errors
    /// When git cannot be started.
    pub fn kind(&self, sha: &str) -> Result<Option<String>, GitError> {
        if !is_object_id(sha) {
            return Ok(None);
        }
        let found = self.run(&["cat-file", "-t", sha], b"", &[])?;
        Ok(found.ok.then(|| String::from_utf8_lossy(&found.out).trim().to_owned()))
    }

    /// The ids of all objects, sorted, including unreachable ones.
    ///
    /// # Errors
    /// When git fails.
    pub fn objects(&self) -> Result<Vec<String>, GitError> {
        let out = self.text(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"])?;
        Ok(out.lines().map(str::to_owned).collect())
    }

    /// Runs git, which must succeed; returns its output as text.
    pub(crate) fn text(&self, args: &[&str]) -> Result<String, GitError> {
        self.ask(args).map(|out| String::from_utf8_lossy(&out).into_owned())
    }

    /// Runs git, which must succeed.
    pub(crate) fn ask(&self, args: &[&str]) -> Result<Vec<u8>, GitError> {
        self.ask_with(args, b"", &[])
    }

    /// Runs git, which must succeed, with input and additional environment variables.
    pub(crate) fn ask_with(
        &self,
        args: &[&str],
        input: &[u8],
        env: &[(&str, &str)],
    ) -> Result<Vec<u8>, GitError> {
        let done = self.run(args, input, env)?;
        if done.ok {
            return Ok(done.out);
        }
        Err(GitError { command: args.join(" "), detail: done.err })
    }

    /// Runs git.
    pub(crate) fn run(&self, args: &[&str], input: &[u8], env: &[(&str, &str)]) -> Result<Outcome, GitError> {
        let failed = |error: std::io::Error| GitError { command: args.join(" "), detail: error.to_string() };
        let mut command = Command::new("git");
        // The host's git configuration must not affect the repository.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
            .env("GIT_DIR", &self.dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .envs(env.iter().copied())
            .args(["-c", "core.quotePath=false", "-c", "safe.directory=*"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let stdin = child.stdin.take();
        let input = input.to_vec();
        // Git may write output before it has read all its input, so the input is written by another thread.
        let feeder = std::thread::spawn(move || stdin.map(|mut pipe| pipe.write_all(&input)));
        let output = child.wait_with_output().map_err(failed)?;
        drop(feeder.join());
        Ok(Outcome {
            ok: output.status.success(),
            code: output.status.code(),
            out: output.stdout,
            err: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// Whether the text is a full object id.
#[must_use]
pub fn is_object_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
