//! Starting programs with an environment of their own; errors contain their output.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::Done;

/// A program with only `PATH` in its environment.
pub fn program(name: impl AsRef<Path>) -> Command {
    let mut command = Command::new(name.as_ref());
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    command
}

/// Runs a program to its end.
pub fn output(command: &mut Command) -> Done<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|error| format!("{name} cannot be run: {error}"))
}

/// The output of a program that must succeed.
pub fn capture(command: &mut Command) -> Done<String> {
    let output = output(command)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let name = command.get_program().to_string_lossy();
    Err(format!("{name} ended with {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr)))
}

/// Runs git on a bare repository.
pub fn git(folder: &Path, args: &[&str]) -> Done<String> {
    let mut command = program("git");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("HOME", "/nonexistent");
    // Disables git's check of the folder's owner, which may be another user.
    command.args(["-c", "safe.directory=*"]).arg("--git-dir").arg(folder).args(args);
    capture(&mut command)
}

/// A program of the workspace: at the path in `variable`, which `cargo dev` sets, else beside this program.
pub fn ours(variable: &str, name: &str) -> Done<PathBuf> {
    let path = match std::env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => {
            let own = std::env::current_exe().map_err(|error| error.to_string())?;
            own.parent().unwrap_or(Path::new(".")).join(name)
        }
    };
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("there is no `{}`; build the workspace", path.display()))
    }
}

/// A bubblewrap container with the system's programs only: no network, an empty environment, a read-only
/// root.
pub fn container() -> Command {
    let mut bwrap = program("bwrap");
    bwrap.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]);
    bwrap.args(["--ro-bind", "/usr", "/usr"]);
    for folder in ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] {
        match std::fs::read_link(folder) {
            Ok(target) => bwrap.arg("--symlink").arg(target).arg(folder),
            Err(_) => bwrap.args(["--ro-bind-try", folder, folder]),
        };
    }
    bwrap.args(["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"]);
    bwrap.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    bwrap
}
