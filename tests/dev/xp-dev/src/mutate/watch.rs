//! Running a program with its children under a time limit.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::failure::Failure;

/// Runs a program. Returns whether it succeeded (`None` if it was stopped at the limit) and its output.
/// `tell` is called with the running process group, and with `None` at the end.
pub fn watch(
    command: &mut Command,
    limit: Option<Duration>,
    mut tell: impl FnMut(Option<u32>) -> Result<(), Failure>,
) -> Result<(Option<bool>, String), Failure> {
    own_group(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Failure::io("the tests"))?;
    tell(Some(child.id()))?;
    let (send, ended) = mpsc::channel();
    read_in_background(child.stdout.take(), send.clone());
    read_in_background(child.stderr.take(), send);
    let mut said = String::new();
    let mut in_time = true;
    // Both streams reach their end only when the whole group has ended.
    for _ in 0..2 {
        let text = match limit {
            Some(limit) if in_time => match ended.recv_timeout(limit) {
                Ok(text) => Ok(text),
                Err(_) => {
                    in_time = false;
                    stop_group(child.id())?;
                    ended.recv()
                }
            },
            _ => ended.recv(),
        };
        said.push_str(&text.unwrap_or_default());
    }
    let status = child.wait().map_err(Failure::io("the tests"))?;
    tell(None)?;
    Ok((in_time.then(|| status.success()), said))
}

fn read_in_background(stream: Option<impl Read + Send + 'static>, send: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // Output read before a failure is kept.
            let _ = stream.read_to_end(&mut bytes);
        }
        let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
    });
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// The form of `kill` that all shells support.
fn stop_group(group: u32) -> Result<(), Failure> {
    let mut kill = Command::new("sh");
    kill.args(["-c", &format!("kill -s KILL -- -{group}")]);
    crate::shell::quietly(&mut kill, "kill")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: u64) -> (Option<bool>, String) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        watch(&mut command, Some(Duration::from_millis(limit)), |_| Ok(())).unwrap()
    }

    #[test]
    fn what_ends_is_reported_with_what_it_said() {
        assert_eq!(shell("echo yes", 60_000), (Some(true), "yes\n".to_owned()));
        assert_eq!(shell("echo no >&2; exit 3", 60_000), (Some(false), "no\n".to_owned()));
    }

    /// A grandchild holds the streams open, so the watch ends only with the whole group.
    #[test]
    fn what_does_not_end_is_stopped_with_its_children() {
        assert_eq!(shell("sleep 1000 & sleep 1000", 100).0, None);
    }
}
