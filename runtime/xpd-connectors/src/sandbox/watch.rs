//! What the processes of one container take together, summed again and again: the kernel's own limits are of each.
//!
//! Resource limits bound a process, and a control group needs a host that hands one to the server. Sums over `/proc`
//! work everywhere; what they cannot see (buffers in the kernel, shared pages nobody maps any more) shows in what the
//! host has left, which is watched too.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Config;

/// Between two sums.
const PAUSE: Duration = Duration::from_millis(50);
/// Sums in a row that may fail.
const BLIND: u32 = 20;
/// Between two looks for a container.
const SOON: Duration = Duration::from_millis(5);
/// How long a container may take to be set up.
const SETUP: Duration = Duration::from_secs(20);

/// Why a command is stopped.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// Its processes hold more memory than they may.
    Memory,
    /// There are more of them than there may be.
    Processes,
    /// The host is about to run out of memory, whoever took it.
    Host,
    /// Nobody can tell what it takes.
    Unseen,
}

/// The container around a process of bubblewrap, once it is set up.
pub(super) async fn view(outer: Option<u32>) -> Option<View> {
    let outer = outer?;
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < SETUP {
        if let Ok(Some(view)) = tokio::task::spawn_blocking(move || View::of(outer)).await {
            return Some(view);
        }
        tokio::time::sleep(SOON).await;
    }
    None
}

/// Whether the host has too little left to begin.
pub(super) fn is_short(config: &Config) -> bool {
    spare(&Limits::of(config)).is_some()
}

/// Comes back once a limit is passed.
pub(super) async fn excess(view: View, config: &Config) -> Excess {
    let (view, limits) = (Arc::new(view), Limits::of(config));
    let mut unseen = 0;
    loop {
        let shown = Arc::clone(&view);
        match tokio::task::spawn_blocking(move || shown.excess(&limits)).await {
            Ok(None) => unseen = 0,
            // A first process that is dying shows nothing either, until whoever waits for the command hears of it.
            Ok(Some(Excess::Unseen)) if unseen < BLIND => unseen += 1,
            Ok(Some(excess)) => return excess,
            Err(_) => return Excess::Unseen,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// In KiB, as `/proc` counts.
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

/// The container's own `/proc`, which lists its processes and no others.
pub(super) struct View {
    proc: PathBuf,
}

impl View {
    /// Once the container is set up: before, the root of its first process is still the host's.
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
            return spare(limits).or(Some(Excess::Unseen));
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

/// The first process inside, the only child of the one outside.
fn child(outer: u32) -> Option<PathBuf> {
    list(Path::new("/proc"))?.into_iter().find(|process| {
        let stat = std::fs::read_to_string(process.join("stat")).unwrap_or_default();
        // `pid (name) state parent …`, and a name may hold anything.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_ascii_whitespace().nth(1));
        parent.and_then(|parent| parent.parse().ok()) == Some(outer)
    })
}

/// The processes a `/proc` lists.
fn list(proc: &Path) -> Option<Vec<PathBuf>> {
    let numbered =
        |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()));
    let entries = std::fs::read_dir(proc).ok()?;
    Some(entries.flatten().filter(|entry| numbered(&entry.file_name())).map(|entry| entry.path()).collect())
}

/// What a process is told to hold, in KiB. Pages that several map are counted for each.
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

/// A process's share: a page that three map counts a third. What it is told to hold, where the share cannot be read.
fn share(process: &Path) -> u64 {
    let rollup = std::fs::read_to_string(process.join("smaps_rollup"));
    // Read afterwards: a process that has ended meanwhile holds nothing.
    let Some(status) = Status::of(process) else { return 0 };
    match rollup.ok().as_deref().and_then(|text| Some((field(text, "Pss:")?, field(text, "SwapPss:")?))) {
        Some((resident, swapped)) => resident.saturating_add(swapped).saturating_add(status.tables),
        None => status.memory(),
    }
}

/// Whether the host has less left than it must keep. A host that does not say counts as having none.
fn spare(limits: &Limits) -> Option<Excess> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    (field(&text, "MemAvailable:").unwrap_or(0) < limits.spare).then_some(Excess::Host)
}

/// `Name:   123 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}
