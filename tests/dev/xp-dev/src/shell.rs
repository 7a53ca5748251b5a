//! Starting programs, with clear errors.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Variables set by `cargo run` that are removed for the cargo started here: some build scripts watch them,
/// and other values would cause a full rebuild.
const FROM_CARGO_RUN: [&str; 5] =
    ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR", "LD_LIBRARY_PATH"];
const FROM_CONFIG: [&str; 3] = ["Z3_NO_PKG_CONFIG", "Z3_LIBRARY_PATH_OVERRIDE", "Z3_SYS_Z3_VERSION"];

/// Cargo in `folder`, with the environment of a developer's shell. If `configured`, `.cargo/z3.toml` exists
/// and sets the solver's variables instead.
pub fn cargo(folder: &Path, configured: bool) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let package = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        if package
            || FROM_CARGO_RUN.contains(&text.as_ref())
            || (configured && FROM_CONFIG.contains(&text.as_ref()))
        {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a program with its output passed through. Its exit code becomes the error's.
pub fn run(command: &mut Command, what: &str) -> Result<(), Failure> {
    let status = command.stdin(Stdio::null()).status().map_err(Failure::io(what))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::of_program(format!("{what} failed ({status})"), status.code()))
}

/// Runs a program silently; the error contains its stderr.
pub fn quietly(command: &mut Command, what: &str) -> Result<(), Failure> {
    capture(command, what).map(drop)
}

/// Runs a program and returns its stdout.
pub fn capture(command: &mut Command, what: &str) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(Failure::io(what))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::of_program(
        format!("{what} failed ({})\n{}", output.status, said.trim_end()),
        output.status.code(),
    ))
}

/// Folders of programs that every user can run; tests and servers started by root run as an unprivileged
/// user.
pub const SHARED: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whether every user can run a program of this name.
pub fn shared(program: &str) -> bool {
    env::split_paths(SHARED).any(|folder| is_executable(&folder.join(program)))
}

/// The program of this name in `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}
