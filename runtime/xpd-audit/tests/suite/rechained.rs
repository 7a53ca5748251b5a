//! A dishonest server that bypasses the writer: all hashes are right and every entry is in the log, and the
//! check of the chain detects it.

use serde_json::json;
use xp_machine::RefusalCode;
use xp_scope::Digest;
use xpd_audit::entry::{Body, Decision, Facts, Kind, LogEntry, Part, Salt, commitment, leaf_data};
use xpd_audit::evidence::{EvidenceEntry, write_package};
use xpd_audit::merkle::{Frontier, Leaves, inclusion_proof, leaf_hash};
use xpd_audit::verify::{Fault, Report, Verdict, verify_package};

use crate::sim::{Log, Run, dev, sign, text, trust};

/// The report on a log of these entries, each chained to its predecessor and, if `renumber`, numbered again.
fn report(entries: Vec<LogEntry>, renumber: bool) -> Report {
    chained(entries, renumber, |_, prev| prev)
}

fn chained(
    entries: Vec<LogEntry>,
    renumber: bool,
    link: impl Fn(usize, Option<Digest>) -> Option<Digest>,
) -> Report {
    spelled(entries, renumber, link, |_, bytes| bytes)
}

/// As [`report`], with `link` applied to each entry's `prev` and `spell` applied to its bytes.
fn spelled(
    mut entries: Vec<LogEntry>,
    renumber: bool,
    link: impl Fn(usize, Option<Digest>) -> Option<Digest>,
    spell: impl Fn(usize, String) -> String,
) -> Report {
    let salt = Salt([3; 32]);
    let mut last: Option<Digest> = None;
    let count = entries.len() as u64;
    let (mut tree, mut leaves, mut all) = (Frontier::default(), Leaves(vec![]), vec![]);
    for (at, entry) in entries.iter_mut().enumerate() {
        if renumber {
            entry.run_seq = at as u64;
            entry.index = at as u64;
        }
        entry.prev = link(at, last.clone());
        if let Body::Closed { count: said, last: before, .. } = &mut entry.body {
            if renumber {
                *said = count;
            }
            *before = last.clone().unwrap();
        }
        let bytes = spell(at, String::from_utf8(entry.canonical().unwrap()).unwrap()).into_bytes();
        let commitment = commitment(&salt, &bytes);
        let leaf = leaf_hash(&leaf_data(&commitment));
        last = Some(commitment);
        all.push((bytes, entry.index, leaf));
    }
    // The log holds each entry at the index that the entry states.
    let size = all.iter().map(|(_, index, _)| index + 1).max().unwrap();
    for index in 0..size {
        let leaf = all.iter().find(|(_, named, _)| *named == index).map_or([0; 32], |(_, _, leaf)| *leaf);
        leaves.0.push(leaf);
        tree.push(leaf);
    }
    let mut evidence = small().evidence();
    evidence.start = None;
    evidence.checkpoint = sign(&tree);
    evidence.entries = all
        .into_iter()
        .map(|(bytes, index, _)| EvidenceEntry {
            bytes,
            salt,
            path: inclusion_proof(&leaves, index, size).unwrap(),
        })
        .collect();
    verify_package(&write_package(&evidence).unwrap(), &trust())
}

fn small() -> Run {
    let mut run = Run::open("run-7", Log::new());
    run.act(&dev(), "work", "host.notes.write", text("one"), xp_scope::Value::Bool(true));
    run.submit("src/a.rs");
    run.ask(xp_machine::Event::Kill { reason: "test".into() }).unwrap();
    run.close();
    run
}

fn entries() -> Vec<LogEntry> {
    small().entries.into_iter().map(|appended| appended.entry).collect()
}

fn faults(report: &Report) -> Vec<(Fault, Option<Kind>)> {
    report.findings.iter().map(|f| (f.fault, f.entry.as_ref().and_then(|entry| entry.kind))).collect()
}

#[test]
fn the_twin_without_a_change_is_verified() {
    for renumber in [false, true] {
        let report = report(entries(), renumber);
        assert_eq!(report.verdict, Verdict::Verified, "{report}");
    }
}

#[test]
fn an_entry_left_out_and_everything_renumbered_is_found_by_what_needs_it() {
    for needed in
        [Kind::DecisionGranted, Kind::GrantClaimed, Kind::ActionStarted, Kind::ActionResult, Kind::Killed]
    {
        let mut entries = entries();
        let at = entries.iter().position(|entry| entry.kind == needed).unwrap();
        entries.remove(at);
        let report = report(entries, true);
        assert_eq!(report.verdict, Verdict::Failed, "{needed}: {report}");
    }
}

#[test]
fn a_run_that_begins_again_in_the_middle_is_found() {
    // A restarted run would begin with every use left and with monitors in their initial state.
    let mut entries = entries();
    let killed = entries.iter().position(|entry| entry.kind == Kind::Killed).unwrap();
    entries.insert(killed, entries[0].clone());
    let report = report(entries, true);
    assert_eq!(faults(&report), [(Fault::Replay, Some(Kind::RunOpened))], "{report}");
}

#[test]
fn a_gap_is_found_though_the_chain_fits() {
    let mut entries = entries();
    entries.remove(2);
    let report = report(entries, false);
    assert!(faults(&report).contains(&(Fault::Chain, Some(Kind::ActionStarted))), "{report}");
}

#[test]
fn an_entry_that_names_another_before_it() {
    let report =
        chained(entries(), false, |at, prev| if at == 3 { Some(Digest::of(b"another")) } else { prev });
    assert_eq!(faults(&report), [(Fault::Chain, Some(Kind::ActionStarted))], "{report}");
    let first =
        chained(entries(), false, |at, prev| if at == 0 { Some(Digest::of(b"an earlier")) } else { prev });
    assert_eq!(faults(&first), [(Fault::Chain, Some(Kind::RunOpened))], "{first}");
}

#[test]
fn an_entry_that_can_be_read_in_two_ways() {
    // The commitment is taken over the changed bytes, so only the spelling is wrong.
    let spellings: [fn(String) -> String; 3] = [
        |text| text.replacen("{\"credential\":", "{\"credential\":\"app-8\",\"credential\":", 1),
        |text| text.replacen(':', ": ", 1),
        |text| text.replacen("app-7", "app\\u002d7", 1),
    ];
    for spelling in spellings {
        let spell = |at, text: String| if at == 3 { spelling(text) } else { text };
        let report = spelled(entries(), false, |_, prev| prev, spell);
        assert_eq!(faults(&report), [(Fault::Line, Some(Kind::ActionStarted))], "{report}");
        assert!(report.to_string().contains("not in canonical form"), "{report}");
    }
}

#[test]
fn an_end_that_names_another_last_entry() {
    let report =
        chained(entries(), false, |at, prev| if at == 7 { Some(Digest::of(b"another")) } else { prev });
    assert!(faults(&report).contains(&(Fault::Incomplete, Some(Kind::RunClosed))), "{report}");
}

#[test]
fn a_wrong_count_is_found() {
    let mut entries = entries();
    let Some(Body::Closed { count, .. }) = entries.last_mut().map(|entry| &mut entry.body) else { panic!() };
    *count += 1;
    assert_eq!(faults(&report(entries, false)), [(Fault::Incomplete, Some(Kind::RunClosed))]);
}

#[test]
fn a_run_that_goes_on_after_its_end() {
    let mut entries = entries();
    let counted = Body::Counted { count: 1, from_ms: 0, to_ms: 1, facts: Facts::new() };
    let mut late = entries.last().unwrap().clone();
    (late.kind, late.body) = (Kind::RefusalsCounted, counted);
    entries.push(late);
    let report = report(entries, true);
    assert!(report.to_string().contains("closed before it"), "{report}");
    assert!(faults(&report).contains(&(Fault::Incomplete, Some(Kind::RefusalsCounted))), "{report}");
}

#[test]
fn an_entry_of_another_run_or_artifact() {
    let mut mixed = entries();
    mixed[3].run = Some("run-8".into());
    let report_ = report(mixed, false);
    assert!(faults(&report_).contains(&(Fault::Chain, Some(Kind::ActionStarted))), "{report_}");
    let mut mixed = entries();
    mixed[3].art = Some(Digest::of(b"another"));
    let report_ = report(mixed, false);
    assert!(faults(&report_).contains(&(Fault::Artifact, Some(Kind::ActionStarted))), "{report_}");
    let mut unnamed = entries();
    unnamed.iter_mut().skip(1).for_each(|entry| entry.art = None);
    let report_ = report(unnamed, false);
    assert_eq!(faults(&report_)[0].0, Fault::Artifact, "{report_}");
}

#[test]
fn entries_of_the_server_itself_are_no_run() {
    let mut nobodys = entries();
    nobodys.iter_mut().for_each(|entry| entry.run = None);
    nobodys[0].run = Some("run-7".into());
    let report = report(nobodys, false);
    assert_eq!(report.verdict, Verdict::Failed, "{report}");
}

#[test]
fn a_run_that_does_not_begin_at_its_beginning() {
    let mut late = entries();
    late.remove(0);
    let report = report(late, true);
    assert!(faults(&report).contains(&(Fault::Chain, Some(Kind::DecisionGranted))), "{report}");
}

#[test]
fn order_in_the_log_is_order_in_the_run() {
    let mut turned = entries();
    (turned[3].index, turned[4].index) = (turned[4].index, turned[3].index);
    let report = report(turned, false);
    assert!(report.to_string().contains("earlier in the log"), "{report}");
}

#[test]
fn an_entry_under_another_kind_or_version() {
    let mut renamed = entries();
    renamed[1].kind = Kind::Viewed;
    let report_ = report(renamed, false);
    assert_eq!(faults(&report_), [(Fault::Line, Some(Kind::Viewed))], "{report_}");
    let mut newer = entries();
    newer[1].v = 2;
    let report_ = report(newer, false);
    assert_eq!(faults(&report_), [(Fault::Line, Some(Kind::DecisionGranted))], "{report_}");
    assert!(report_.to_string().contains("version 2"), "{report_}");
}

#[test]
fn a_damaged_line_is_named_by_its_own_members_not_by_those_in_its_body() {
    let mut with_names = Run::open("run-7", Log::new());
    let words = r#"{"index":99,"kind":"judged","run_seq":98}"#;
    let facts = Facts::from([("kind".to_owned(), "viewed".into()), ("index".to_owned(), 97.into())]);
    let code = RefusalCode::BadRequest;
    with_names.put(Body::RefusedOutside { code, reason: words.to_owned(), facts });
    with_names.ask(xp_machine::Event::Kill { reason: "test".into() }).unwrap();
    with_names.close();
    let damaged = crate::sim::with_lines(&with_names.package(), |lines| lines[1][0] = b'[');
    let report = verify_package(&damaged, &trust());
    let entry = report.findings.iter().find_map(|finding| finding.entry.clone()).unwrap();
    assert_eq!((entry.line, entry.index, entry.run_seq), (2, Some(1), Some(1)), "{report}");
    assert_eq!(entry.kind, Some(Kind::DecisionRefused));
}

/// Entries of a run with one refusal, with `edit` applied to the logged refusal.
fn with_refusal(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<LogEntry> {
    let mut run = Run::open("run-7", Log::new());
    let request = run.request(&dev(), "work", "host.notes.erase", text("one"));
    run.ask(request).unwrap_err();
    run.ask(xp_machine::Event::Kill { reason: "test".into() }).unwrap();
    run.close();
    let mut entries: Vec<LogEntry> = run.entries.into_iter().map(|appended| appended.entry).collect();
    let refused = entries.iter_mut().find_map(|entry| match &mut entry.body {
        Body::Decided(Decision {
            result: xpd_audit::entry::Verdict::Refused(Part::Inline(refusal)), ..
        }) => Some(refusal),
        _ => None,
    });
    edit(refused.unwrap());
    entries
}

#[test]
fn a_refusal_is_its_code_and_clause_however_it_is_worded() {
    let reworded = with_refusal(|refusal| refusal["reason"] = "said otherwise by a later version".into());
    let report = report(reworded, false);
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
    let faults_of = |field: &str, value: serde_json::Value| {
        faults(&self::report(with_refusal(|refusal| refusal[field] = value), false))
    };
    let expected = [(Fault::Replay, Some(Kind::DecisionRefused))];
    assert_eq!(faults_of("code", "used_up".into()), expected);
    assert_eq!(faults_of("clause", serde_json::Value::Null), expected);
}

#[test]
fn an_input_in_words_that_the_machine_does_not_use() {
    for input in [
        json!({"at": 1_010, "event": {"kill": {"reason": "x", "really": false}}}),
        json!({"at": 1_010, "event": {"kill": {"reason": "x"}}, "kill": null}),
        json!({"at": 1_010, "event": {"invent": {"jti": "t"}}}),
        json!({"at": 1_010, "event": {"kill": {"reason": "x"}, "bar": {"principal": "dev-1"}}}),
        json!({"at": 1_010}),
    ] {
        let mut entries = entries();
        let killed = entries.iter_mut().find(|entry| entry.kind == Kind::Killed).unwrap();
        let Body::Decided(decision) = &mut killed.body else { panic!("a kill is a decision") };
        decision.input = Part::Inline(input.clone());
        let report = report(entries, false);
        assert_eq!(report.verdict, Verdict::Failed, "{input}");
        let found = report.findings.iter().find(|finding| finding.fault == Fault::Replay);
        let message = found.map(|finding| finding.message.as_str()).unwrap_or_default();
        assert!(message.contains("not one of this machine's"), "{input}: {report}");
    }
}
