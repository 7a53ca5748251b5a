//! The system calls a command cannot make: what namespaces do not divide, and memory that no sum sees.
//!
//! Keys live with the user the server runs as, whatever the namespace: a command could read them, or leave words there for
//! the next one. Files in memory and shared segments belong to no process once nobody maps them.

use std::io::Write as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// `struct sock_filter` of `linux/filter.h`: code, jumps, value.
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
/// `SECCOMP_RET_ERRNO` with `ENOSYS`: as if the kernel were older, which programs are used to.
const ABSENT: u32 = 0x0005_0000 | 38;
/// Bytes of a shared segment (`shmget`); a namespace has 4,096 of them. `PostgreSQL` takes 56.
const SEGMENT: u32 = 64 * 1_024;

/// The numbers of a machine: its `AUDIT_ARCH`, `shmget`, and what is absent (`msgget`, `add_key`, `request_key`,
/// `keyctl`, `perf_event_open`, `memfd_create`, `bpf`, `userfaultfd`, `io_uring_setup`, `memfd_secret`).
const MACHINE: Option<(u32, u32, [u32; 10])> = if cfg!(target_arch = "x86_64") {
    Some((0xc000_003e, 29, [68, 248, 249, 250, 298, 319, 321, 323, 425, 447]))
} else if cfg!(target_arch = "aarch64") {
    Some((0xc000_00b7, 194, [186, 217, 218, 219, 241, 279, 280, 282, 425, 447]))
} else {
    None
};

/// The filter in a file of a folder, as bubblewrap reads it.
pub(super) fn file(folder: &Path) -> Result<NamedTempFile, String> {
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

/// In `struct seccomp_data` the number is at 0, the machine at 4, the second argument at 24 and, its upper half, 28.
fn program() -> Option<Vec<Line>> {
    let (machine, shmget, absent) = MACHINE?;
    let mut lines = vec![(LOAD, 0, 0, 4), (EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL), (LOAD, 0, 0, 0)];
    // The other numbering of x86-64.
    lines.extend([(AT_LEAST, 0, 1, 0x4000_0000), (RETURN, 0, 0, ABSENT)]);
    for number in absent {
        lines.extend([(EQUAL, 0, 1, number), (RETURN, 0, 0, ABSENT)]);
    }
    lines.extend([(EQUAL, 0, 5, shmget), (LOAD, 0, 0, 28), (EQUAL, 0, 2, 0), (LOAD, 0, 0, 24)]);
    lines.extend([(GREATER, 0, 1, SEGMENT), (RETURN, 0, 0, ABSENT), (RETURN, 0, 0, ALLOW)]);
    Some(lines)
}
