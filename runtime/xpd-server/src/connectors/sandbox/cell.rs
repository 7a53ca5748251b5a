//! One command in a bubblewrap container: no network, a root that cannot be written, limits on everything.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{ChildStdout, Command};

use super::Config;
use crate::connectors::ActError;

/// What a command that was stopped ends with, as `timeout(1)` says it.
const TIMED_OUT: i32 = 124;
/// Copies the checkout into the working folder, then becomes the command. `$1` is the command.
const SCRIPT: &str = "exec 2>&1; cp -a /checkout/. /build/ && cd /build && exec /bin/sh -c \"$1\"";

/// How a command ended.
pub(super) struct Ended {
    pub code: i32,
    pub output: String,
}

/// Runs a command on the files.
pub(super) async fn run(files: &Path, command: &str, config: &Config) -> Result<Ended, ActError> {
    let mut child = bubblewrap(files, command, config)
        .spawn()
        .map_err(|error| ActError::NotSent(format!("bubblewrap cannot be run: {error}")))?;
    let Some(stdout) = child.stdout.take() else {
        return Err(ActError::NotSent("bubblewrap does not talk".to_owned()));
    };
    // The pipe is read to its end whatever is kept, or the command would stand still.
    let reading = tokio::spawn(last(stdout, config.output_bytes));
    let waited = tokio::time::timeout(Duration::from_secs(config.seconds), child.wait()).await;
    let (code, stopped) = match waited {
        Ok(Ok(status)) => (status.code().unwrap_or(TIMED_OUT), false),
        Ok(Err(error)) => return Err(ActError::NotSent(format!("bubblewrap is gone: {error}"))),
        Err(_) => {
            let _ = child.kill().await;
            (TIMED_OUT, true)
        }
    };
    let kept = reading.await.unwrap_or_default();
    let mut output = printable(&kept);
    if stopped {
        output.push_str(&format!("\n[stopped after {} s]\n", config.seconds));
    }
    Ok(Ended { code, output })
}

fn bubblewrap(files: &Path, command: &str, config: &Config) -> Command {
    let mut bwrap = Command::new("bwrap");
    bwrap.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    bwrap.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]);
    bwrap.args(["--hostname", "sandbox", "--ro-bind", "/usr", "/usr"]);
    for folder in ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] {
        match std::fs::read_link(folder) {
            Ok(target) => bwrap.arg("--symlink").arg(target).arg(folder),
            Err(_) => bwrap.args(["--ro-bind-try", folder, folder]),
        };
    }
    for file in ["/etc/ld.so.cache", "/etc/alternatives", "/etc/nsswitch.conf"] {
        bwrap.args(["--ro-bind-try", file, file]);
    }
    for tool in &config.tools {
        bwrap.args(["--ro-bind", tool, tool]);
    }
    let size = config.disk_mib.saturating_mul(1 << 20).to_string();
    bwrap.args(["--proc", "/proc", "--dev", "/dev"]);
    // The tmpfs under the devices has no bound of its own.
    bwrap.args(["--size", &size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]);
    bwrap.args(["--size", &size, "--tmpfs", "/build", "--size", &size, "--tmpfs", "/tmp"]);
    bwrap.arg("--ro-bind").arg(files).arg("/checkout");
    bwrap.args(["--remount-ro", "/", "--chdir", "/build"]);
    for (name, value) in [
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("HOME", "/tmp"),
        ("TMPDIR", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("CI", "true"),
    ] {
        bwrap.args(["--setenv", name, value]);
    }
    let memory = config.memory_mib.saturating_mul(1 << 20);
    bwrap.args(["--", "/usr/bin/prlimit"]);
    bwrap.arg(format!("--as={memory}"));
    bwrap.arg(format!("--nproc={}", config.processes));
    bwrap.arg(format!("--cpu={}", config.seconds));
    bwrap.arg(format!("--fsize={size}"));
    bwrap.args(["--core=0", "--nofile=1024", "/bin/sh", "-c", SCRIPT, "sh", command]);
    bwrap.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    bwrap
}

/// The last bytes that come out.
async fn last(mut from: ChildStdout, most: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if kept.len() > most * 2 {
            kept.drain(..kept.len() - most);
        }
    }
    kept.drain(..kept.len().saturating_sub(most));
    kept
}

/// Text that any other layer takes: no control characters but line breaks and tabs.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

/// Whether a container can be made here at all.
///
/// # Errors
/// Why not.
pub async fn available() -> Result<(), String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let config = Config { seconds: 10, disk_mib: 1, ..Config::default() };
    let ended = run(files.path(), "test \"$(ls -A)\" = \"\"", &config).await;
    match ended {
        Ok(Ended { code: 0, .. }) => Ok(()),
        Ok(Ended { code, output }) => Err(format!("a first command ended with {code}: {}", output.trim())),
        Err(error) => Err(error.to_string()),
    }
}
