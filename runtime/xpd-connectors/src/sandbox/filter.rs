//! The seccomp filter: system calls for resources that namespaces do not isolate, and for memory that the
//! accounting cannot see.
//!
//! Kernel keyrings belong to the user of the server regardless of namespaces, so a command could read its
//! keys or leave data for a later command. Memory files and shared segments belong to no process once they
//! are unmapped.

use std::io::Write as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// `struct sock_filter` of `linux/filter.h`: code, jump offsets, value.
type Line = (u16, u8, u8, u32);

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const GREATER: u16 = 0x25;
const AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;
/// `SECCOMP_RET_ALLOW`.
const ALLOW: u32 = 0x7fff_0000;
/// `SECCOMP_RET_KILL_PROCESS`.
const KILL: u32 = 0x8000_0000;
/// `SECCOMP_RET_ERRNO` with `ENOSYS`, as on a kernel without the call, for which programs have fallbacks.
const ABSENT: u32 = 0x0005_0000 | 38;
/// Upper bound on a shared segment (`shmget`) in bytes. A namespace allows 4,096 of them; `PostgreSQL` needs
/// segments of 56 bytes.
const SEGMENT: u32 = 64 * 1_024;

/// For the architecture: its `AUDIT_ARCH`, the number of `shmget`, and the numbers of the calls that are made
/// absent (`msgget`, `add_key`, `request_key`, `keyctl`, `perf_event_open`, `memfd_create`, `bpf`,
/// `userfaultfd`, `io_uring_setup`, `memfd_secret`).
const MACHINE: Option<(u32, u32, [u32; 10])> = if cfg!(target_arch = "x86_64") {
    Some((0xc000_003e, 29, [68, 248, 249, 250, 298, 319, 321, 323, 425, 447]))
} else if cfg!(target_arch = "aarch64") {
    Some((0xc000_00b7, 194, [186, 217, 218, 219, 241, 279, 280, 282, 425, 447]))
} else {
    None
};

/// Writes the filter to a file in `folder`, in the form that bubblewrap reads.
pub(crate) fn file(folder: &Path) -> Result<NamedTempFile, String> {
    let lines = program().ok_or("there is no filter of system calls for this machine")?;
    let mut bytes = Vec::new();
    for (code, then, other, value) in lines {
        bytes.extend(code.to_ne_bytes());
        bytes.extend([then, other]);
        bytes.extend(value.to_ne_bytes());
    }
    let mut file = NamedTempFile::new_in(folder).map_err(|error| error.to_string())?;
    file.write_all(&bytes).map_err(|error| error.to_string())?;
    Ok(file)
}

/// Offsets in `struct seccomp_data`: number 0, architecture 4, second argument 24 (lower half) and 28 (upper
/// half).
fn program() -> Option<Vec<Line>> {
    let (machine, shmget, absent) = MACHINE?;
    let mut lines = vec![(LOAD, 0, 0, 4), (EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)];
    // The x32 numbering of x86-64.
    lines.extend([(AT_LEAST, 0, 1, 0x4000_0000), (RETURN, 0, 0, ABSENT)]);
    for number in absent {
        lines.extend([(EQUAL, 0, 1, number), (RETURN, 0, 0, ABSENT)]);
    }
    lines.extend([(EQUAL, 0, 5, shmget), (LOAD, 0, 0, 28), (EQUAL, 0, 2, 0), (LOAD, 0, 0, 24)]);
    lines.extend([(GREATER, 0, 1, SEGMENT), (RETURN, 0, 0, ABSENT), (RETURN, 0, 0, ALLOW)]);
    Some(lines)
}
