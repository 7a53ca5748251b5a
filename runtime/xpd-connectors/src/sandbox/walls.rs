//! What every container has: no network, a read-only root, hidden kernel files, limits on resources.

use std::path::Path;

use tokio::process::Command;

use super::{Config, folder};

/// Files of `/proc` that change kernel settings or describe the host. In the container their owner is root
/// regardless of the user namespace, so they are replaced by empty files.
const HIDDEN: &[&str] = &[
    "acpi",
    "asound",
    "bus",
    "config.gz",
    "fs",
    "interrupts",
    "irq",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "latency_stats",
    "mtrr",
    "sched_debug",
    "scsi",
    "slabinfo",
    "sys",
    "sysrq-trigger",
    "timer_list",
    "timer_stats",
    "tty",
    "vmallocinfo",
];

/// A bubblewrap command with the walls of a container: the folders of the system, the tools of the configuration, and an empty
/// `/tmp`. The environment is that of the command.
pub(crate) fn walls(place: &Path, filter: &Path, config: &Config) -> Command {
    // Only a shell can pass bubblewrap an additional open descriptor.
    let mut bwrap = Command::new("/bin/sh");
    bwrap.env_clear().env("PATH", PATH).env(folder::VARIABLE, place);
    bwrap.args(["-c", "exec 9<\"$0\"; exec bwrap \"$@\""]).arg(filter).args(["--seccomp", "9"]);
    bwrap.args(["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]);
    // In a user namespace of its own a command could mount a tmpfs without a size limit.
    bwrap.args(["--unshare-user", "--disable-userns"]);
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
    for path in HIDDEN.iter().map(|name| Path::new("/proc").join(name)) {
        match path.metadata() {
            Ok(found) if found.is_dir() => {
                bwrap.args(["--size", "4096", "--tmpfs"]).arg(&path).arg("--remount-ro").arg(&path);
            }
            Ok(_) => {
                bwrap.args(["--ro-bind", "/dev/null"]).arg(&path);
            }
            // The kernel does not have this file.
            Err(_) => {}
        }
    }
    // The tmpfs under `/dev` has no size limit of its own.
    bwrap.args(["--size", &size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]);
    bwrap.args(["--size", &size, "--tmpfs", "/tmp"]);
    bwrap
}

/// Where commands are found.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Ends the walls, and begins what runs inside: limits of each process. More of them, and the program, follow.
pub(crate) fn inside<'a>(bwrap: &'a mut Command, folder: &str, config: &Config) -> &'a mut Command {
    bwrap.args(["--remount-ro", "/", "--chdir", folder]);
    for (name, value) in
        [("PATH", PATH), ("HOME", "/tmp"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8"), ("CI", "true")]
    {
        bwrap.args(["--setenv", name, value]);
    }
    let size = config.disk_mib.saturating_mul(1 << 20);
    bwrap.args(["--unsetenv", folder::VARIABLE]);
    bwrap.args(["--", "/usr/bin/prlimit"]);
    bwrap.arg(format!("--nproc={}", config.processes));
    bwrap.arg(format!("--cpu={}", config.seconds));
    bwrap.arg(format!("--fsize={size}"));
    bwrap.args(["--core=0", "--nofile=1024"])
}

/// Text without control characters, except line feeds and tabs, and without characters that change the
/// direction of text, which would make people and programs read it differently.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept = |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || turns(*c));
    String::from_utf8_lossy(bytes).chars().filter(kept).collect()
}
