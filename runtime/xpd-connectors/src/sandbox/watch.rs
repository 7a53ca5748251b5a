//! Limits on all processes of a container together, enforced by polling.
//!
//! Kernel resource limits apply to single processes, and control groups would have to be delegated to the
//! server. Sums over `/proc` work on every host. What they do not include (kernel buffers, shared pages that
//! are not mapped) reduces the host's available memory, which is watched as well.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Config;

/// Interval between two sums.
const INTERVAL: Duration = Duration::from_millis(50);
/// Number of consecutive sums that may fail.
const MAX_FAILURES: u32 = 20;
/// Polling interval while waiting for a container.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Time limit for the setup of a container.
const SETUP: Duration = Duration::from_secs(20);

/// Why a command is stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Excess {
    /// The memory limit is exceeded.
    Memory,
    /// The limit on processes is exceeded.
    Processes,
    /// The host's available memory is too low, whatever the cause.
    Host,
    /// The usage cannot be determined.
    Unknown,
}

/// The container started by a bubblewrap process, once it is set up.
pub(crate) async fn view(outer: Option<u32>) -> Option<View> {
    let outer = outer?;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < SETUP {
        if let Ok(Some(view)) = tokio::task::spawn_blocking(move || View::of(outer)).await {
            return Some(view);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    None
}

/// Whether the host's available memory is too low to start a command.
pub(crate) fn is_short(config: &Config) -> bool {
    spare(&Limits::of(config)).is_some()
}

/// Completes when a limit is exceeded.
pub(crate) async fn excess(view: View, config: &Config) -> Excess {
    let (view, limits) = (Arc::new(view), Limits::of(config));
    let mut failures = 0;
    loop {
        let shown = Arc::clone(&view);
        match tokio::task::spawn_blocking(move || shown.excess(&limits)).await {
            Ok(None) => failures = 0,
            // The usage of a first process that is exiting cannot be read either, until the end of the
            // command is noticed.
            Ok(Some(Excess::Unknown)) if failures < MAX_FAILURES => failures += 1,
            Ok(Some(excess)) => return excess,
            Err(_) => return Excess::Unknown,
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Limits in KiB, the unit of `/proc`.
#[derive(Clone, Copy)]
struct Limits {
    memory: u64,
    processes: u64,
    spare: u64,
}

impl Limits {
    fn of(config: &Config) -> Self {
        Self {
            memory: config.memory_mib.saturating_mul(1_024),
            processes: config.processes,
            spare: config.spare_mib.saturating_mul(1_024),
        }
    }
}

/// The container's own `/proc`, which lists only its processes.
pub(crate) struct View {
    proc: PathBuf,
}

impl View {
    /// Opens it once the container is set up. Before that, the root of its first process is the host's.
    fn of(outer: u32) -> Option<Self> {
        let init = child(outer)?;
        let proc = init.join("root/proc");
        let space = |process: &Path| std::fs::read_link(process.join("ns/pid")).ok();
        let (inner, listed) = (space(&init)?, space(&proc.join("1"))?);
        let ours = space(Path::new("/proc/self"))?;
        (inner == listed && inner != ours).then_some(Self { proc })
    }

    fn excess(&self, limits: &Limits) -> Option<Excess> {
        let Some(processes) = list(&self.proc) else {
            return spare(limits).or(Some(Excess::Unknown));
        };
        let (mut count, mut upper) = (0_u64, 0_u64);
        for process in &processes {
            let Some(status) = Status::of(process) else { continue };
            count = count.saturating_add(status.threads);
            upper = upper.saturating_add(status.memory());
        }
        if count > limits.processes {
            return Some(Excess::Processes);
        }
        if upper > limits.memory {
            let mut sum = 0_u64;
            for process in &processes {
                sum = sum.saturating_add(share(process));
                if sum > limits.memory {
                    return Some(Excess::Memory);
                }
                if let Some(excess) = spare(limits) {
                    return Some(excess);
                }
            }
        }
        spare(limits)
    }
}

/// The first process inside, which is the only child of the one outside.
fn child(outer: u32) -> Option<PathBuf> {
    list(Path::new("/proc"))?.into_iter().find(|process| {
        let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
        // The format is `pid (name) state parent …`, and the name may contain any character.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(1));
        parent.and_then(|parent| parent.parse().ok()) == Some(outer)
    })
}

/// The processes listed in a `/proc`.
fn list(proc: &Path) -> Option<Vec<PathBuf>> {
    let numbered =
        |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()));
    let entries = std::fs::read_dir(proc).ok()?;
    Some(entries.flatten().filter(|entry| numbered(&entry.file_name())).map(|entry| entry.path()).collect())
}

/// Memory of a process according to `status`, in KiB. Shared pages count in full for each process.
struct Status {
    threads: u64,
    resident: u64,
    swapped: u64,
    tables: u64,
}

impl Status {
    fn of(process: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(process.join("status")).ok()?;
        Some(Self {
            threads: field(&text, "Threads:").unwrap_or(1),
            resident: field(&text, "VmRSS:").unwrap_or(0),
            swapped: field(&text, "VmSwap:").unwrap_or(0),
            tables: field(&text, "VmPTE:").unwrap_or(0),
        })
    }

    fn memory(&self) -> u64 {
        self.resident.saturating_add(self.swapped).saturating_add(self.tables)
    }
}

/// Proportional share of a process: a page mapped by three processes counts a third. The value of `status` if
/// the share cannot be read.
fn share(process: &Path) -> u64 {
    let rollup = std::fs::read_to_string(process.join("smaps_rollup"));
    // Read after the failure: a process that has ended meanwhile counts as zero.
    let Some(status) = Status::of(process) else { return 0 };
    match rollup.ok().as_deref().and_then(|text| Some((field(text, "Pss:")?, field(text, "SwapPss:")?))) {
        Some((resident, swapped)) => resident.saturating_add(swapped).saturating_add(status.tables),
        None => status.memory(),
    }
}

/// Whether the host's available memory is too low. A host that does not report it counts as having none.
fn spare(limits: &Limits) -> Option<Excess> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    (field(&text, "MemAvailable:").unwrap_or(0) < limits.spare).then_some(Excess::Host)
}

/// A field of the form `Name:   123 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}
