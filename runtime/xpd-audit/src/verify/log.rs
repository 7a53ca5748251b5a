//! Checks on the log: its key, its checkpoints, and the consistency between them.

use std::collections::BTreeMap;

use super::report::{Fault, Finding};
use crate::evidence::{CHECKPOINT, CONSISTENCY, LOG_KEY, START_CHECKPOINT, hashes};
use crate::merkle::verify_consistency;
use crate::note::{Checkpoint, Cosigned, Note, Policy, Vkey};

/// The checkpoint to which the proofs lead, if it parses. A missing or wrong signature is a finding, and the
/// checkpoint is still returned, since it shows which entries were changed.
pub(super) fn checkpoint(
    files: &BTreeMap<String, Vec<u8>>,
    trusted: Option<&Vkey>,
    findings: &mut Vec<Finding>,
) -> Option<Checkpoint> {
    let key = match trusted {
        Some(key) => Some(key.clone()),
        None => packaged_key(files, findings),
    };
    let bytes = files.get(CHECKPOINT)?;
    let checkpoint = open(bytes, key.as_ref(), "the checkpoint", findings)?;
    if let Some(start) = files.get(START_CHECKPOINT) {
        let start = open(start, key.as_ref(), "the checkpoint from before the run", findings)?;
        if let Err(why) = continues(files, &start, &checkpoint) {
            findings.push(Finding::new(Fault::Consistency, why));
        }
    }
    Some(checkpoint)
}

/// The cosignatures on the checkpoint that the policy requires.
pub(super) fn witnesses(
    files: &BTreeMap<String, Vec<u8>>,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) -> Vec<Cosigned> {
    let Some(note) = files.get(CHECKPOINT).and_then(|bytes| Note::parse(bytes).ok()) else {
        return Vec::new();
    };
    policy.check(&note).unwrap_or_else(|error| {
        findings.push(Finding::new(Fault::Witness, format!("the checkpoint: {error}")));
        Vec::new()
    })
}

/// The policy's key for the log that the package names.
pub(super) fn key_of_policy<'p>(files: &BTreeMap<String, Vec<u8>>, policy: &'p Policy) -> Option<&'p Vkey> {
    let note = Note::parse(files.get(CHECKPOINT)?).ok()?;
    let origin = Checkpoint::parse(note.unverified_text()).ok()?.origin;
    policy.logs().iter().map(|log| &log.key).find(|key| key.name() == origin)
}

/// Size of the log before the run, if the package has a start checkpoint and the log is consistent with it.
pub(super) fn start_size(files: &BTreeMap<String, Vec<u8>>) -> Option<u64> {
    let note = Note::parse(files.get(START_CHECKPOINT)?).ok()?;
    Some(Checkpoint::parse(note.unverified_text()).ok()?.size)
}

fn packaged_key(files: &BTreeMap<String, Vec<u8>>, findings: &mut Vec<Finding>) -> Option<Vkey> {
    let text = std::str::from_utf8(files.get(LOG_KEY)?).ok().and_then(|text| text.strip_suffix('\n'));
    let key = text.and_then(|text| text.parse().ok());
    if key.is_none() {
        findings.push(Finding::new(Fault::Checkpoint, format!("`{LOG_KEY}` is not a verifier key")));
    }
    key
}

fn open(bytes: &[u8], key: Option<&Vkey>, name: &str, findings: &mut Vec<Finding>) -> Option<Checkpoint> {
    let opened = key.map(|key| Checkpoint::open(bytes, key));
    match opened {
        Some(Ok(checkpoint)) => return Some(checkpoint),
        Some(Err(error)) => findings.push(Finding::new(Fault::Checkpoint, format!("{name}: {error}"))),
        None => {}
    }
    let note = Note::parse(bytes).ok()?;
    Checkpoint::parse(note.unverified_text()).ok()
}

fn continues(files: &BTreeMap<String, Vec<u8>>, start: &Checkpoint, end: &Checkpoint) -> Result<(), String> {
    let texts: Option<Vec<String>> =
        files.get(CONSISTENCY).and_then(|bytes| serde_json::from_slice(bytes).ok());
    let path = texts.and_then(|texts| hashes(&texts)).ok_or("there is no readable consistency proof")?;
    let holds =
        start.origin == end.origin && verify_consistency(start.size, &start.root, end.size, &end.root, &path);
    if holds { Ok(()) } else { Err("the log at the end does not continue the log before the run".to_owned()) }
}
