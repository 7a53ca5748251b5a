//! Lines of `events.jsonl`: parsed, opened against their commitment, and located in the log.

use std::collections::BTreeMap;

use xp_scope::Digest;

use super::property::EntryName;
use super::report::{Fault, Finding};
use crate::entry::{EntryError, Kind, Line, LogEntry, MAX_ENTRY_BYTES, VERSION, commitment, leaf_data};
use crate::evidence::{BLOBS, Proof, hashes};
use crate::merkle::{Hash, leaf_hash, verify_inclusion};
use crate::note::Checkpoint;

/// A line that parses, whether or not its entry is in the log.
#[derive(Debug)]
pub(super) struct Read {
    pub name: EntryName,
    /// The entry, with the parts restored whose blobs are present.
    pub entry: LogEntry,
    pub commitment: Digest,
}

/// All lines in order; `None` where a line is damaged.
pub(super) struct Lines {
    pub read: Vec<Option<Read>>,
    /// Whether no line is damaged and every entry is in the log.
    pub whole: bool,
}

/// Reads the lines and checks each on its own.
pub(super) fn read(
    events: &[u8],
    proofs: &[u8],
    blobs: &BTreeMap<String, Vec<u8>>,
    checkpoint: Option<&Checkpoint>,
    findings: &mut Vec<Finding>,
) -> Lines {
    let mut faults = Vec::new();
    let proofs = paths(proofs, &mut faults);
    let mut lines = Vec::new();
    let (mut included, mut strangers) = (0, Vec::new());
    let events = events.strip_suffix(b"\n").unwrap_or(events);
    for (at, bytes) in events.split(|byte| *byte == b'\n').enumerate() {
        match line(at + 1, bytes) {
            Err(fault) => {
                faults.push(fault);
                lines.push(None);
            }
            Ok(mut read) => {
                let leaf = leaf_hash(&leaf_data(&read.line_commitment));
                match checkpoint.map(|checkpoint| find(&leaf, read.line.entry.index, &proofs, checkpoint)) {
                    Some(Ok(())) => included += 1,
                    Some(Err(why)) => strangers.push(Finding::at(Fault::Inclusion, &read.name, why)),
                    None => {}
                }
                let salt = read.line.salt;
                let blob =
                    |digest: &Digest| blobs.get(&format!("{BLOBS}{}", digest.hex())).map(Vec::as_slice);
                if let Err(digest) = read.line.entry.body.bring_in(&salt, blob) {
                    let why = format!("a part of it, {digest}, is missing or damaged");
                    faults.push(Finding::at(Fault::Blob, &read.name, why));
                } else if read.line.entry.body.kind().is_ok_and(|kind| kind != read.line.entry.kind) {
                    // A decision whose input does not parse has no kind; the replay reports it.
                    faults.push(Finding::at(Fault::Line, &read.name, "it is not of the kind it says"));
                }
                let (entry, commitment) = (read.line.entry, read.line_commitment);
                lines.push(Some(Read { name: read.name, entry, commitment }));
            }
        }
    }
    // If no entry is included, the cause is common: one finding instead of one for each entry.
    if included == 0 && strangers.len() > 1 {
        let first = strangers.swap_remove(0);
        strangers.clear();
        faults.push(Finding {
            message: "neither it nor any other entry is in the tree of this checkpoint".to_owned(),
            ..first
        });
    }
    faults.append(&mut strangers);
    let whole = faults.is_empty() && checkpoint.is_some();
    findings.append(&mut faults);
    Lines { read: lines, whole }
}

struct Parsed {
    name: EntryName,
    line: Line,
    line_commitment: Digest,
}

fn line(number: usize, bytes: &[u8]) -> Result<Parsed, Finding> {
    let damaged = |why: String| Finding::at(Fault::Line, &salvage(number, bytes), why);
    let line: Line =
        serde_json::from_slice(bytes).map_err(|error| damaged(format!("not an entry: {error}")))?;
    // The line must be canonical, so that it has one reading: no white space, no duplicate member, no other
    // spelling.
    if line.canonical().ok().as_deref() != Some(bytes) {
        return Err(damaged("not in canonical form".to_owned()));
    }
    let entry = Line::entry_bytes(bytes).ok_or_else(|| damaged("not in canonical form".to_owned()))?;
    if entry.len() >= MAX_ENTRY_BYTES {
        return Err(damaged(EntryError::TooLarge(entry.len()).to_string()));
    }
    if line.entry.v != VERSION {
        return Err(damaged(format!("of version {}, which is not known", line.entry.v)));
    }
    let name = EntryName {
        line: number,
        index: Some(line.entry.index),
        run_seq: Some(line.entry.run_seq),
        kind: Some(line.entry.kind),
    };
    Ok(Parsed { name, line_commitment: commitment(&line.salt, entry), line })
}

fn find(leaf: &Hash, index: u64, paths: &BTreeMap<u64, Vec<Hash>>, log: &Checkpoint) -> Result<(), String> {
    let path = paths.get(&index).ok_or_else(|| format!("there is no proof for index {index}"))?;
    if verify_inclusion(leaf, index, log.size, path, &log.root) {
        Ok(())
    } else {
        Err("entry, salt or proof was changed: this is not what the log holds at this index".to_owned())
    }
}

fn paths(proofs: &[u8], findings: &mut Vec<Finding>) -> BTreeMap<u64, Vec<Hash>> {
    let mut paths = BTreeMap::new();
    let proofs = proofs.strip_suffix(b"\n").unwrap_or(proofs);
    for (at, bytes) in proofs.split(|byte| *byte == b'\n').enumerate() {
        let proof: Option<Proof> = serde_json::from_slice(bytes).ok();
        match proof.and_then(|proof| Some((proof.index, hashes(&proof.path)?))) {
            Some((index, path)) => drop(paths.insert(index, path)),
            None => {
                findings.push(Finding::new(Fault::Line, format!("line {} of the proofs is damaged", at + 1)))
            }
        }
    }
    paths
}

/// What can be read of a damaged line, to name its entry. The entry's own members follow its body, so the
/// last occurrence of a member name is taken.
fn salvage(line: usize, bytes: &[u8]) -> EntryName {
    let text = String::from_utf8_lossy(bytes);
    let behind = |member: &str| text.rsplit_once(member).map(|(_, rest)| rest);
    let number = |member: &str| {
        let digits: String = behind(member)?.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let word = behind("\"kind\":\"").and_then(|rest| rest.split('"').next());
    let kind = Kind::ALL.iter().find(|kind| Some(kind.as_str()) == word).copied();
    EntryName { line, index: number("\"index\":"), run_seq: number("\"run_seq\":"), kind }
}
