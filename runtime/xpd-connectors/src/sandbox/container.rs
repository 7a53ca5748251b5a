//! One command in a bubblewrap container: no network, a read-only root, limits on all resources.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStdout, Command};
use xpd_proxy::ActError;

use super::folder::ServerFolder;
use super::walls::{inside, printable, walls};
use super::watch::{self, Excess};
use super::{Config, filter};

/// Exit status of a command that exceeded its time limit, as for `timeout(1)`.
const TIMED_OUT: i32 = 124;
/// Exit status of a command that was killed, as shells report SIGKILL.
const KILLED: i32 = 137;
/// Waits for the line `start`, copies the checkout into the working folder and executes the command (`$1`).
const SCRIPT: &str = "read -r word && test \"$word\" = start || exit 125; exec 0</dev/null 2>&1; \
    cp -a /checkout/. /build/ && cd /build && exec /bin/sh -c \"$1\"";

/// Upper bound on the time until all processes of a container whose first process was killed are gone.
const EXIT_TIMEOUT: Duration = Duration::from_secs(30);

/// The result of a command.
pub(super) struct Ended {
    pub code: i32,
    pub output: String,
}

/// Name of the folder with the checkout in the folder of a run.
pub(super) const FILES: &str = "files";

/// Runs a command on the checkout in a run's folder. Dropping the future kills the command.
pub(super) async fn run(place: &Path, command: &str, config: &Config) -> Result<Ended, ActError> {
    if watch::is_short(config) {
        return Err(short());
    }
    let filter = filter::file(place).map_err(ActError::NotSent)?;
    let mut child = bubblewrap(place, filter.path(), command, config)
        .spawn()
        .map_err(|error| ActError::NotSent(format!("bubblewrap cannot be run: {error}")))?;
    let (Some(mut start), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(ActError::NotSent("bubblewrap does not talk".to_owned()));
    };
    // The pipe is read to its end even if the output is discarded, since a full pipe would block the command.
    let reading = tokio::spawn(last(stdout, config.output_bytes));
    let outer = child.id();
    let view = tokio::select! {
        _ = child.wait() => None,
        view = watch::view(outer) => view,
    };
    let Some(view) = view else {
        // A container whose setup did not complete waits for its parent indefinitely and holds the pipe open.
        reading.abort();
        let _ = child.kill().await;
        return Err(ActError::NotSent("bubblewrap made no container".to_owned()));
    };
    // Fails if the command has already ended, which is reported below.
    let _ = start.write_all(b"start\n").await;
    drop(start);
    let stopped = tokio::select! {
        status = child.wait() => match status {
            Ok(status) => Err(status.code().unwrap_or(KILLED)),
            Err(error) => return Err(ActError::NotSent(format!("bubblewrap is gone: {error}"))),
        },
        () = tokio::time::sleep(Duration::from_secs(config.seconds)) => Ok(None),
        excess = watch::excess(view, config) => Ok(Some(excess)),
    };
    if stopped.is_ok() {
        // The processes inside die with the process outside (`--die-with-parent`).
        let _ = child.kill().await;
    }
    // The pipe reports end of file when the last process has ended.
    let Ok(kept) = tokio::time::timeout(EXIT_TIMEOUT, reading).await else {
        return Err(ActError::NotSent("the command cannot be stopped".to_owned()));
    };
    let kept = kept.unwrap_or_default();
    let mut output = printable(&kept);
    let (code, why) = match stopped {
        Err(code) => return Ok(Ended { code, output }),
        Ok(None) => (TIMED_OUT, format!("more than {} s", config.seconds)),
        Ok(Some(Excess::Memory)) => (KILLED, format!("more than {} MiB of memory", config.memory_mib)),
        Ok(Some(Excess::Processes)) => (KILLED, format!("more than {} processes", config.processes)),
        Ok(Some(Excess::Host)) => {
            return Err(short());
        }
        Ok(Some(Excess::Unknown)) => {
            return Err(ActError::NotSent("what the command takes cannot be watched".to_owned()));
        }
    };
    output.push_str(&format!("\n[stopped: {why}]\n"));
    Ok(Ended { code, output })
}

fn short() -> ActError {
    ActError::NotSent("the host has too little memory left for a command".to_owned())
}

fn bubblewrap(place: &Path, filter: &Path, command: &str, config: &Config) -> Command {
    let mut bwrap = walls(place, filter, config);
    let size = config.disk_mib.saturating_mul(1 << 20).to_string();
    bwrap.args(["--clearenv", "--size", &size, "--tmpfs", "/build"]);
    bwrap.arg("--ro-bind").arg(place.join(FILES)).arg("/checkout");
    let memory = config.memory_mib.saturating_mul(1 << 20);
    inside(&mut bwrap, "/build", config).arg(format!("--as={memory}"));
    bwrap.args(["/bin/sh", "-c", SCRIPT, "sh", command]);
    bwrap.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    bwrap
}

/// Reads to the end and returns the last bytes.
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

/// Whether a container can be created on this host.
///
/// # Errors
/// The reason why not.
pub async fn available() -> Result<(), String> {
    super::unprivileged()?;
    let root = ServerFolder::new().map_err(|error| error.to_string())?;
    let place = root.place().map_err(|error| error.to_string())?;
    std::fs::create_dir(place.path().join(FILES)).map_err(|error| error.to_string())?;
    let config = Config { seconds: 10, disk_mib: 1, ..Config::default() };
    let ended = run(place.path(), "test \"$(ls -A)\" = \"\"", &config).await;
    match ended {
        Ok(Ended { code: 0, .. }) => Ok(()),
        Ok(Ended { code, output }) => Err(format!("a first command ended with {code}: {}", output.trim())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// The number of processes with this text in their arguments.
    fn running(words: &str) -> usize {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.filter(|line| String::from_utf8_lossy(line).replace('\0', " ").contains(words)).count()
    }

    fn until(what: &str, mut done: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Dropping the future of a run kills the command, processes that left its process group, and bubblewrap
    /// itself.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_command_ends_when_nobody_waits_for_it_any_more() {
        let root = ServerFolder::new().unwrap();
        let config = Config::default();
        // Including at every stage of its setup.
        for pause in [None, Some(0), Some(1), Some(3), Some(10), Some(30), Some(60)] {
            let place = root.place().unwrap();
            std::fs::create_dir(place.path().join(FILES)).unwrap();
            let seconds = 100_000 + std::process::id() * 10;
            let words = format!("sleep {seconds}");
            let command = format!("setsid {words} & {words} & trap '' TERM; wait");
            let path = place.path().to_owned();
            let task = {
                let (path, config) = (path.clone(), config.clone());
                tokio::spawn(async move { run(&path, &command, &config).await.map(|ended| ended.code) })
            };
            match pause {
                None => until("both run", || running(&words) >= 3),
                Some(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            }
            let begun = Instant::now();
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            drop(place);
            until("nobody is left", || running(&words) == 0 && running(&path.display().to_string()) == 0);
            assert!(begun.elapsed() < Duration::from_secs(1), "{pause:?}: {:?}", begun.elapsed());
            assert!(!path.exists());
        }
    }
}
