//! Whether a package contains the end of its run.

use super::archive::read;
use super::layout::EVENTS;
use crate::entry::{Kind, Line};

/// Whether the last entry of the package can be read and is not `run.closed`: the package was made while the
/// run was open, or was truncated. Verifies nothing.
#[must_use]
pub fn is_open(package: &[u8]) -> bool {
    let (files, _) = read(package);
    let events = files.get(EVENTS).map(Vec::as_slice).unwrap_or_default();
    let last = events.strip_suffix(b"\n").unwrap_or(events).rsplit(|byte| *byte == b'\n').next();
    let line: Option<Line> = last.and_then(|line| serde_json::from_slice(line).ok());
    line.is_some_and(|line| line.entry.kind != Kind::RunClosed)
}
