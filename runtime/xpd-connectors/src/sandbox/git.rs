//! Invocation of git with a fixed configuration: no user or repository configuration, no hooks, no filters,
//! no prompts.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use xpd_proxy::ActError;

use super::credential::Header;
use super::folder;

/// Name of the repository in the folder of a run.
const FOLDER: &str = "git";

/// Limit on git's address space, in bytes.
const MEMORY: u64 = 4 << 30;

/// A bare repository made for one use.
pub(super) struct Git {
    place: PathBuf,
    largest: u64,
}

impl Git {
    /// Creates one in the folder of a run. Files are limited to `largest` bytes.
    pub async fn init(place: &Path, largest: u64) -> Result<Self, ActError> {
        let git = Self { place: place.to_owned(), largest };
        let folder = place.join(FOLDER).display().to_string();
        git.ask(&["init", "--quiet", "--bare", "--template=", &folder], Duration::from_secs(30)).await?;
        Ok(git)
    }

    /// Runs a git command that must succeed and returns its output.
    pub async fn ask(&self, args: &[&str], within: Duration) -> Result<Vec<u8>, ActError> {
        succeeded(args, self.run(args, within).await?)
    }

    /// As [`Self::ask`], with a header for the host it is meant for.
    pub async fn ask_with(
        &self,
        args: &[&str],
        header: Option<&Header>,
        within: Duration,
    ) -> Result<Vec<u8>, ActError> {
        let mut command = self.command(args);
        if let Some(header) = header {
            // In the environment, which only this user and root can read; arguments are visible to all users.
            command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", header.setting());
            command.env("GIT_CONFIG_VALUE_0", header.line());
        }
        succeeded(args, output(command, within).await?)
    }

    /// Runs a git command.
    pub async fn run(&self, args: &[&str], within: Duration) -> Result<Output, ActError> {
        output(self.command(args), within).await
    }

    /// Starts a git command with pipes for input and output.
    pub fn start(&self, args: &[&str]) -> Result<Child, ActError> {
        self.command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| ActError::NotSent(format!("git cannot be run: {error}")))
    }

    fn command(&self, args: &[&str]) -> Command {
        // git parses data written by others, so its memory, time and file size are limited.
        let mut command = Command::new("prlimit");
        command
            .arg(format!("--as={MEMORY}"))
            .arg(format!("--fsize={}", self.largest))
            .args(["--cpu=300", "--core=0", "git"])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", "/nonexistent")
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/false")
            .env(folder::VARIABLE, &self.place)
            .env("GIT_DIR", self.place.join(FOLDER))
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", "")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_PROTOCOL_FROM_USER", "0");
        let settings = [
            "protocol.allow=never",
            "protocol.file.allow=always",
            "protocol.http.allow=always",
            "protocol.https.allow=always",
            "protocol.version=2",
            "http.followRedirects=false",
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.symlinks=false",
            "core.attributesFile=/dev/null",
            "transfer.fsckObjects=true",
            "fetch.writeCommitGraph=false",
            // Keeps the fetched objects in one pack, to which the file size limit applies.
            "fetch.unpackLimit=1",
            "transfer.unpackLimit=1",
            "core.packedGitLimit=1g",
            "gc.auto=0",
            "maintenance.auto=false",
            "submodule.recurse=false",
            "credential.helper=",
        ];
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.args(args).kill_on_drop(true);
        command
    }
}

async fn output(mut command: Command, within: Duration) -> Result<Output, ActError> {
    match tokio::time::timeout(within, command.stdin(Stdio::null()).output()).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(error)) => Err(ActError::NotSent(format!("git cannot be run: {error}"))),
        Err(_) => Err(ActError::NotSent("git took too long".to_owned())),
    }
}

/// The output of a command that must have succeeded.
fn succeeded(args: &[&str], output: Output) -> Result<Vec<u8>, ActError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    // git's messages may quote the remote side, so they are logged at debug level only.
    tracing::debug!(what = %String::from_utf8_lossy(&output.stderr), "git failed");
    let command = args.first().copied().unwrap_or_default();
    Err(ActError::NotSent(format!("`git {command}` failed")))
}

/// Whether a source is an http or https URL.
pub(super) fn is_web(source: &str) -> bool {
    source.starts_with("https://") || source.starts_with("http://")
}
