//! The chain of the run: no entry is missing, duplicated, reordered or truncated, and all belong to one run
//! and artifact.

use std::collections::BTreeMap;

use super::lines::{Lines, Read};
use super::report::{Fault, Finding};
use crate::entry::{Body, Kind};

/// Result of the checks on the order of the lines.
#[derive(Clone, Copy)]
pub(super) struct Order {
    /// No entry up to the last line is missing or superfluous.
    pub chained: bool,
    /// The last line is not `run.closed`.
    pub open: bool,
}

/// Checks the order of the lines.
pub(super) fn check(lines: &Lines, findings: &mut Vec<Finding>) -> Order {
    let before = findings.len();
    let mut next = 0;
    // Number of damaged lines since the last readable one. Each accounts for one missing entry.
    let mut damaged = 0;
    let mut commitments = BTreeMap::new();
    let mut last: Option<&Read> = None;
    for line in &lines.read {
        let Some(read) = line else {
            damaged += 1;
            continue;
        };
        let seq = read.entry.run_seq;
        if seq < next {
            let after = last.map(|last| last.name.to_string()).unwrap_or_default();
            findings.push(Finding::at(
                Fault::Chain,
                &read.name,
                format!("doubled or moved: it stands after {after}"),
            ));
            continue;
        }
        if seq > next + damaged {
            let missing = format!("run_seq {} to {} is missing before it", next + damaged, seq - 1);
            findings.push(Finding::at(Fault::Chain, &read.name, missing));
        }
        follows(read, last, &commitments, findings);
        commitments.insert(seq, &read.commitment);
        (next, damaged, last) = (seq + 1, 0, Some(read));
    }
    let ordered = findings.len() == before && lines.read.iter().all(Option::is_some);
    let before = findings.len();
    let open = end(lines, last, next, findings);
    Order { chained: ordered && (open || findings.len() == before), open }
}

fn follows(
    read: &Read,
    last: Option<&Read>,
    commitments: &BTreeMap<u64, &xp_scope::Digest>,
    findings: &mut Vec<Finding>,
) {
    let entry = &read.entry;
    let fits = match entry.run_seq.checked_sub(1) {
        None => entry.prev.is_none() && entry.kind == Kind::RunOpened && entry.run.is_some(),
        // A preceding entry that is damaged or missing has a finding of its own.
        Some(before) => commitments.get(&before).is_none_or(|found| entry.prev.as_ref() == Some(*found)),
    };
    if !fits {
        findings.push(Finding::at(Fault::Chain, &read.name, "it does not follow the entry before it"));
    }
    let Some(last) = last else { return };
    if entry.run != last.entry.run {
        findings.push(Finding::at(Fault::Chain, &read.name, "it is of another run"));
    }
    if entry.art != last.entry.art {
        findings.push(Finding::at(
            Fault::Artifact,
            &read.name,
            "it names another artifact than the entry before it",
        ));
    }
    if entry.shadow != last.entry.shadow {
        let why = "it is of a shadow run and the entry before it is not, or the other way round";
        findings.push(Finding::at(Fault::Chain, &read.name, why));
    }
    if entry.index <= last.entry.index {
        findings.push(Finding::at(
            Fault::Chain,
            &read.name,
            "it stands earlier in the log than the entry before it",
        ));
    }
    if last.entry.kind == Kind::RunClosed {
        findings.push(Finding::at(Fault::Chain, &read.name, "the run was closed before it"));
    }
}

/// Whether `run.closed` is missing and everything before it is present.
fn end(lines: &Lines, last: Option<&Read>, count: u64, findings: &mut Vec<Finding>) -> bool {
    let Some(last) = last else {
        findings.push(Finding::new(Fault::Incomplete, "no entry of the run can be read"));
        return false;
    };
    match &last.entry.body {
        Body::Closed { count: said, last: before, .. } => {
            if *said != count || last.entry.prev.as_ref() != Some(before) {
                let why =
                    format!("it counts {said} entries where there are {count}, or names another last one");
                findings.push(Finding::at(Fault::Incomplete, &last.name, why));
            }
        }
        // A damaged last line may have been `run.closed`.
        _ if matches!(lines.read.last(), Some(None)) => {}
        _ => {
            let why =
                "run.closed is missing after it: the run was open when this was made, or the tail was cut";
            findings.push(Finding::at(Fault::Incomplete, &last.name, why));
            return true;
        }
    }
    false
}
