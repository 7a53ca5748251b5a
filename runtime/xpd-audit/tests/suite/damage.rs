//! Damage and tampering after the fact: detected, with the entry named.

use std::collections::BTreeMap;

use xpd_audit::entry::{Kind, Line};
use xpd_audit::evidence::is_open;
use xpd_audit::verify::{Fault, Finding, Report, Verdict, verify_package};

use crate::sim::{Run, eventful, repack, sign, trust, unpack, with_lines};

fn verify(package: &[u8]) -> Report {
    verify_package(package, &trust())
}

fn lines(package: &[u8]) -> Vec<Vec<u8>> {
    let events = unpack(package).remove("events.jsonl").unwrap();
    events.strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// The finding about this line.
fn about(report: &Report, line: usize) -> Option<&Finding> {
    report.findings.iter().find(|finding| finding.entry.as_ref().is_some_and(|entry| entry.line == line))
}

fn faults(report: &Report) -> Vec<(Fault, Option<usize>)> {
    report.findings.iter().map(|f| (f.fault, f.entry.as_ref().map(|entry| entry.line))).collect()
}

/// Positions in the lines, `of_each_kind` lines for each kind of entry: (line from 0, offset in the line).
fn positions(lines: &[Vec<u8>], of_each_kind: usize) -> Vec<(usize, usize)> {
    let mut kinds: BTreeMap<Kind, Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let line: Line = serde_json::from_slice(line).unwrap();
        kinds.entry(line.entry.kind).or_default().push(at);
    }
    assert_eq!(kinds.len(), 17);
    let mut positions = Vec::new();
    for of_kind in kinds.values() {
        for n in 0..of_each_kind {
            let line = of_kind[n % of_kind.len()];
            let length = lines[line].len();
            positions.push((line, n * (length - 1) / (of_each_kind - 1)));
        }
    }
    positions
}

#[test]
fn a_flipped_byte_anywhere_in_an_entry_is_found_and_the_entry_named() {
    let package = eventful().package();
    let lines = lines(&package);
    let positions = positions(&lines, 14);
    assert!(positions.len() >= 200, "{}", positions.len());
    for (n, (line, offset)) in positions.into_iter().enumerate() {
        let bit = 1 << (n % 8);
        // Accidental damage leaves the manifest as it was; an attacker adapts it.
        let mut events = package.windows(lines[line].len()).position(|window| window == lines[line]).unwrap();
        events += offset;
        let mut accident = package.clone();
        accident[events] ^= bit;
        let forged = with_lines(&package, |lines| lines[line][offset] ^= bit);
        for damaged in [accident, forged] {
            let report = verify(&damaged);
            assert_eq!(report.verdict, Verdict::Failed);
            let finding = about(&report, line + 1);
            let found =
                finding.unwrap_or_else(|| panic!("line {} byte {offset} bit {bit}: {report}", line + 1));
            let entry = found.entry.as_ref().unwrap();
            let original: Line = serde_json::from_slice(&lines[line]).unwrap();
            // The finding names every number and name that is still readable.
            let named = [
                entry.kind == Some(original.entry.kind),
                entry.run_seq == Some(original.entry.run_seq),
                entry.index == Some(original.entry.index),
            ];
            assert!(named.iter().filter(|named| **named).count() >= 2, "{report}");
        }
    }
}

#[test]
fn every_dropped_entry_is_found() {
    let package = eventful().package();
    let count = lines(&package).len();
    for at in 0..count {
        let report = verify(&with_lines(&package, |lines| drop(lines.remove(at))));
        // Without its last entry the package equals one made while the run was open.
        let (fault, line) = if at + 1 == count { (Fault::Incomplete, at) } else { (Fault::Chain, at + 1) };
        let cut = if at + 1 == count { Verdict::Incomplete } else { Verdict::Failed };
        assert_eq!(report.verdict, cut);
        assert!(faults(&report).contains(&(fault, Some(line))), "{at}: {report}");
        let finding = about(&report, line).unwrap();
        assert!(
            at + 1 == count || finding.message.contains(&format!("run_seq {at} to {at} is missing")),
            "{report}"
        );
    }
}

#[test]
fn every_pair_of_swapped_neighbours_is_found() {
    let package = eventful().package();
    for at in 0..lines(&package).len() - 1 {
        let report = verify(&with_lines(&package, |lines| lines.swap(at, at + 1)));
        assert_eq!(report.verdict, Verdict::Failed);
        let moved = about(&report, at + 2).unwrap_or_else(|| panic!("{at}: {report}"));
        assert_eq!(moved.entry.as_ref().unwrap().run_seq, Some(at as u64));
        assert!(moved.message.contains("doubled or moved"), "{report}");
    }
}

#[test]
fn every_doubled_entry_is_found() {
    let package = eventful().package();
    for at in 0..lines(&package).len() {
        let report = verify(&with_lines(&package, |lines| lines.insert(at, lines[at].clone())));
        assert_eq!(faults(&report), [(Fault::Chain, Some(at + 2))], "{at}: {report}");
    }
}

#[test]
fn a_cut_tail_is_found_wherever_it_is_cut() {
    let package = eventful().package();
    let count = lines(&package).len();
    for keep in 1..count {
        let report = verify(&with_lines(&package, |lines| lines.truncate(keep)));
        assert_eq!(faults(&report), [(Fault::Incomplete, Some(keep))], "{keep}: {report}");
        // A truncated package cannot be distinguished from one of an open run. It is never `verified`, and the entries
        // present are checked.
        assert_eq!(report.verdict, Verdict::Incomplete, "{keep}: {report}");
        assert_eq!(report.skipped, [""; 0]);
        let text = report.to_string();
        assert!(text.starts_with("incomplete\n") && text.contains("not proved: what came after"), "{text}");
    }
    let report = verify(&with_lines(&package, Vec::clear));
    assert_eq!(report.verdict, Verdict::Failed);
}

#[test]
fn a_stripped_end_is_found() {
    let package = eventful().package();
    let report = verify(&with_lines(&package, |lines| {
        let last = lines.pop().unwrap();
        assert!(String::from_utf8(last).unwrap().contains("run.closed"));
    }));
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!(finding.fault, Fault::Incomplete);
    assert!(finding.to_string().contains("run.closed is missing after it: the run was open"), "{finding}");
}

#[test]
fn an_entry_and_another_entrys_salt() {
    let package = eventful().package();
    let count = lines(&package).len();
    for at in 0..count {
        let other = lines(&package)[(at + 1) % count].clone();
        let report = verify(&with_lines(&package, |lines| {
            let salt = other[other.len() - 66..].to_vec();
            let start = lines[at].len() - 66;
            lines[at].splice(start.., salt);
        }));
        let finding = about(&report, at + 1).unwrap_or_else(|| panic!("{at}: {report}"));
        // The digest of a part stored outside also depends on the salt, so either finding may come first.
        assert!(matches!(finding.fault, Fault::Inclusion | Fault::Blob), "{report}");
        assert!(faults(&report).contains(&(Fault::Inclusion, Some(at + 1))), "{report}");
        assert_eq!(finding.entry.as_ref().unwrap().run_seq, Some(at as u64));
    }
}

#[test]
fn another_runs_checkpoint() {
    let run = eventful();
    let mut files = unpack(&run.package());
    // A checkpoint of another log under the same key: the signature is right, the entries are others.
    let mut elsewhere = Run::open("run-9", crate::sim::Log::new());
    for _ in 0..run.log.tree.size() - 1 {
        elsewhere.submit("src/c.rs");
    }
    assert_eq!(elsewhere.log.tree.size(), run.log.tree.size());
    files.insert("checkpoint".into(), elsewhere.log.checkpoint());
    let report = verify(&repack(files.clone()));
    assert!(faults(&report).contains(&(Fault::Inclusion, Some(1))), "{report}");
    assert!(report.to_string().contains("nor any other entry"), "{report}");
    assert!(faults(&report).contains(&(Fault::Consistency, None)), "{report}");
    // A checkpoint of the same log from before the run.
    files.insert("checkpoint".into(), sign(&run.start));
    let report = verify(&repack(files));
    assert!(faults(&report).contains(&(Fault::Inclusion, Some(1))), "{report}");
}

#[test]
fn a_checkpoint_by_another_key() {
    let run = eventful();
    let mut files = unpack(&run.package());
    let text = String::from_utf8(files["checkpoint"].clone()).unwrap();
    let mut bytes = text.into_bytes();
    let at = bytes.len() - 10;
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    files.insert("checkpoint".into(), bytes);
    let report = verify(&repack(files));
    assert_eq!(faults(&report), [(Fault::Checkpoint, None)], "{report}");
}

#[test]
fn every_other_file_is_watched_by_the_manifest() {
    let package = eventful().package();
    for name in unpack(&package).into_keys() {
        let mut files = unpack(&package);
        let bytes = files.get_mut(&name).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        // The manifest is left as it was.
        let report = verify(&raw(&files));
        assert_eq!(report.verdict, Verdict::Failed, "{name}: {report}");
        let mut files = unpack(&package);
        files.remove(&name);
        assert_eq!(verify(&raw(&files)).verdict, Verdict::Failed, "without {name}");
    }
    let mut files = unpack(&package);
    files.insert("extra".into(), vec![]);
    assert_eq!(faults(&verify(&raw(&files))), [(Fault::Manifest, None)]);
}

#[test]
fn parts_outside_are_bound_to_their_entry() {
    let package = eventful().package();
    let blob = unpack(&package).into_keys().find(|name| name.starts_with("blobs/")).unwrap();
    let mut erased = unpack(&package);
    erased.remove(&blob);
    let mut changed = unpack(&package);
    let bytes = changed.get_mut(&blob).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    for files in [erased, changed] {
        let report = verify(&repack(files));
        let [finding] = report.findings.as_slice() else { panic!("{report}") };
        assert_eq!(finding.fault, Fault::Blob);
        assert_eq!(finding.entry.as_ref().unwrap().kind, Some(Kind::DecisionGranted));
    }
}

#[test]
fn what_is_no_package_is_refused_without_a_crash() {
    let package = eventful().package();
    for bytes in [&[][..], b"PK", &package[..package.len() / 2], &package[1000..], &vec![0; 100_000]] {
        assert_eq!(verify(bytes).verdict, Verdict::Failed);
    }
    for at in (0..package.len()).step_by(997) {
        let mut damaged = package.clone();
        damaged[at] ^= 0x55;
        let _ = verify(&damaged);
    }
}

#[test]
fn an_archive_that_two_readers_read_differently_is_refused() {
    let package = eventful().package();
    let at = package.windows(10).position(|window| window == b"checkpoint").unwrap();
    let mut renamed = package;
    renamed[at] = b'C';
    let report = verify(&renamed);
    assert!(faults(&report).contains(&(Fault::Archive, None)), "{report}");
}

/// A package of these files with the existing manifest.
fn raw(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    use std::io::Write as _;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files {
        archive.start_file(name.as_str(), stored).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn an_open_run_with_anything_else_wrong_is_failed_and_not_merely_incomplete() {
    let package = eventful().package();
    let count = lines(&package).len();
    for at in 0..count - 2 {
        let report = verify(&with_lines(&package, |lines| {
            lines.truncate(count - 1);
            lines.swap(at, at + 1);
        }));
        assert_eq!(report.verdict, Verdict::Failed, "{at}: {report}");
    }
    let mut files = unpack(&with_lines(&package, |lines| lines.truncate(count - 1)));
    files.remove("artifact.xpa");
    assert_eq!(verify(&repack(files)).verdict, Verdict::Failed);
}

#[test]
fn a_package_says_whether_its_run_was_open() {
    let package = eventful().package();
    assert!(!is_open(&package));
    assert!(is_open(&with_lines(&package, |lines| drop(lines.pop()))));
    assert!(!is_open(b"no package"));
}
