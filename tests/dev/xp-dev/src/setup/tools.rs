//! System programs: missing ones are reported, and as root installed by apt-get.

use std::process::Command;

use super::say;
use crate::failure::Failure;
use crate::shell;

/// The first version with `git merge-tree --write-tree`.
const GIT: (u32, u32) = (2, 38);

/// A program, its Debian package, and a check for its presence.
struct Tool {
    name: &'static str,
    package: &'static str,
    present: fn() -> bool,
}

const TOOLS: [Tool; 9] = [
    Tool { name: "a C and C++ compiler", package: "build-essential", present: compilers },
    Tool { name: "git 2.38 or newer", package: "git", present: git },
    Tool { name: "bubblewrap", package: "bubblewrap", present: || shell::shared("bwrap") },
    Tool { name: "libfaketime", package: "faketime", present: || shell::shared("faketime") },
    Tool { name: "setpriv and unshare", package: "util-linux", present: || shell::shared("setpriv") },
    Tool { name: "python3", package: "python3", present: || shell::shared("python3") },
    Tool { name: "node", package: "nodejs", present: || shell::shared("node") },
    Tool { name: "chromium", package: "chromium", present: || shell::shared("chromium") },
    Tool { name: "npm", package: "npm", present: || shell::find("npm").is_some() },
];

/// Checked only when the wheel is needed, since starting pip takes half a second.
const PIP: Tool = Tool { name: "pip for python3", package: "python3-pip", present: pip };

/// Installs missing programs; returns whether any was missing.
pub fn ensure() -> Result<bool, Failure> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !(tool.present)()).collect();
    install(&missing)
}

/// # Errors
/// Something is missing that only a person can install.
pub fn installable() -> Result<(), Failure> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !(tool.present)()).collect();
    if missing.is_empty() { Ok(()) } else { by_us(&missing) }
}

/// Installs pip if it is missing.
pub fn ensure_pip() -> Result<(), Failure> {
    let missing: Vec<&Tool> = [&PIP].into_iter().filter(|tool| !(tool.present)()).collect();
    install(&missing).map(drop)
}

fn names(missing: &[&Tool]) -> String {
    missing.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", ")
}

/// # Errors
/// Only a person can install these.
fn by_us(missing: &[&Tool]) -> Result<(), Failure> {
    if is_root() && shell::find("apt-get").is_some() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    Err(Failure::new(format!(
        "missing: {}\n  on Debian, as root:  apt-get install {}\n  elsewhere: install the same by your system's means",
        names(missing),
        packages.join(" ")
    )))
}

fn install(missing: &[&Tool]) -> Result<bool, Failure> {
    if missing.is_empty() {
        return Ok(false);
    }
    by_us(missing)?;
    let names = names(missing);
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let by_hand = format!("apt-get install {}", packages.join(" "));
    say(&format!("missing: {names}; installing {}", packages.join(" ")));
    // Updates the package lists, which an image may lack or have in an outdated state.
    shell::quietly(apt_get(&["update", "-qq"]).arg("-o=Acquire::Retries=3"), "apt-get update")?;
    let mut command = apt_get(&["install", "-y", "-qq", "--no-install-recommends"]);
    shell::quietly(command.args(&packages), &by_hand)?;
    match missing.iter().find(|tool| !(tool.present)()) {
        Some(tool) => Err(Failure::new(format!("`{by_hand}` succeeded, but {} is still missing", tool.name))),
        None => Ok(true),
    }
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
    command
}

fn compilers() -> bool {
    shell::find("cc").is_some() && shell::find("c++").is_some()
}

fn git() -> bool {
    let mut git = Command::new("git");
    shell::capture(git.env("PATH", shell::SHARED).arg("--version"), "git --version")
        .is_ok_and(|text| version(&text).is_some_and(|found| found >= GIT))
}

fn pip() -> bool {
    shell::capture(Command::new("python3").args(["-m", "pip", "--version"]), "pip --version").is_ok()
}

/// The first `major.minor` in a text.
pub fn version(text: &str) -> Option<(u32, u32)> {
    let word = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = word.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Whether the effective user is root: the owner of `/proc/self`.
#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        assert_eq!(version("git version 2.47.3"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)"), Some((2, 39)));
        assert_eq!(version("4.8.12.0\n"), Some((4, 8)));
        assert_eq!(version("no numbers"), None);
        assert!(version("git version 2.9.1").unwrap() < GIT);
    }
}
