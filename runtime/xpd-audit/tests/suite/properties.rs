//! Standing of the artifact's properties in a run.

use serde_json::json;
use xp_artifact::Artifact;
use xp_artifact::question::{Obligation, Question, Status, Uses};
use xp_artifact::workflow::Effect;
use xp_machine::Event;
use xp_scope::Value;
use xpd_audit::entry::Kind;
use xpd_audit::verify::{Fault, InRun, Report, Verdict};

use crate::sim::{Log, Run, dev, passed, text};
use crate::workflow::artifact;

fn obligation(id: &str, question: Question) -> Obligation {
    Obligation {
        id: format!("small/{id}"),
        question,
        source: format!("the clause of {id}"),
        status: Status::Conditional,
        vacuous_ok: false,
        certificate: "unchecked".into(),
        witness: None,
        assuming: vec![],
    }
}

/// An artifact with a property `at most` this many notes and a property about all runs.
fn asking(most: u32) -> Artifact {
    let at_most = Question::AtMost(Uses::Effect(Effect::Write), most);
    let obligations = vec![obligation("never-stuck", Question::NeverStuck), obligation("at-most", at_most)];
    Artifact { obligations, ..artifact() }
}

fn open(most: u32) -> Run {
    Run::of(asking(most), "run-7", Log::new())
}

fn write(run: &mut Run, words: &str) {
    run.act(&dev(), "work", "host.notes.write", text(words), Value::Bool(true));
}

/// A use that is claimed and started and whose end is unknown. Returns its `jti`.
fn in_doubt(run: &mut Run) -> String {
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("perhaps"));
    run.ask(claim.clone()).unwrap();
    run.started(&claim);
    run.ask(Event::Doubt { jti: jti.clone() }).unwrap();
    jti
}

fn end(run: &mut Run) {
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    run.close();
}

fn stands(report: &Report) -> Vec<(&str, InRun)> {
    report.properties.iter().map(|property| (property.id.as_str(), property.in_run)).collect()
}

#[test]
fn a_property_that_the_run_keeps_is_held() {
    let mut run = open(2);
    write(&mut run, "one");
    write(&mut run, "two");
    end(&mut run);
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
    assert_eq!(stands(&report), [("small/never-stuck", InRun::NotInLog), ("small/at-most", InRun::Held)]);
    let said = report.to_string();
    assert!(said.contains("held            small/at-most\n"), "{said}");
    assert!(said.contains("not in a log    small/never-stuck\n"), "{said}");
    let said = serde_json::to_value(&report.properties).unwrap();
    let expected = json!({
        "id": "small/at-most", "source": "the clause of at-most", "answer": "conditional", "in_run": "held",
        "since": null,
    });
    assert_eq!(said[1], expected);
}

#[test]
fn a_property_that_the_run_breaks_fails_it_at_the_entry_that_breaks_it() {
    let mut run = open(1);
    write(&mut run, "one");
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("two"));
    run.ask(claim.clone()).unwrap();
    run.started(&claim);
    run.ask(Event::Complete { jti, result: Value::Bool(true) }).unwrap();
    let broke = run.entries.last().unwrap().entry.index;
    end(&mut run);
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Failed, "{report}");
    assert_eq!(stands(&report)[1].1, InRun::Broken);
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    let entry = finding.entry.as_ref().unwrap();
    assert_eq!(
        (finding.fault, entry.index, entry.kind),
        (Fault::Property, Some(broke), Some(Kind::ActionResult))
    );
    assert!(finding.message.contains("`small/at-most` is broken: the clause of at-most"), "{report}");
    assert_eq!(report.properties[1].since.as_ref(), Some(entry));
}

#[test]
fn a_use_in_doubt_leaves_it_open_until_the_doubt_is_resolved() {
    let mut run = open(1);
    write(&mut run, "one");
    let jti = in_doubt(&mut run);
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Incomplete, "nothing is at fault: {report}");
    assert_eq!(stands(&report)[1].1, InRun::BrokenIfDone);
    let since = report.properties[1].since.as_ref().and_then(|entry| entry.kind);
    assert_eq!(since, Some(Kind::GrantClaimed), "{report}");
    assert!(report.not_proved.iter().any(|claim| claim.contains("`small/at-most` held")), "{report}");

    run.ask(Event::Resolve { jti, result: None }).unwrap();
    end(&mut run);
    let report = run.verify();
    assert_eq!((report.verdict, stands(&report)[1].1), (Verdict::Verified, InRun::Held), "{report}");
}

#[test]
fn a_doubt_that_turns_out_as_done_breaks_it() {
    let mut run = open(1);
    write(&mut run, "one");
    let jti = in_doubt(&mut run);
    run.ask(Event::Resolve { jti, result: Some(Value::Bool(true)) }).unwrap();
    end(&mut run);
    let report = run.verify();
    assert_eq!((report.verdict, stands(&report)[1].1), (Verdict::Failed, InRun::Broken), "{report}");
}

#[test]
fn a_property_not_replayed_to_the_end_is_not_held() {
    let mut run = open(1);
    write(&mut run, "one");
    run.close();
    let report = run.verify();
    let finding = report.findings.iter().find(|finding| finding.fault == Fault::Replay).unwrap();
    assert!(finding.message.contains("goes on"), "{report}");
    assert_eq!(stands(&report)[1].1, InRun::NotChecked);
}

#[test]
fn a_broken_property_is_reported_although_the_replay_stops_later() {
    let mut run = open(0);
    write(&mut run, "one");
    run.submit("src/a.rs");
    run.close();
    let report = run.verify();
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::Replay), "{report}");
    assert_eq!(stands(&report)[1].1, InRun::Broken);
}

#[test]
fn every_property_of_an_artifact_is_in_the_report() {
    let mut run = open(1);
    run.submit("src/a.rs");
    run.judge(&dev(), "work", "done").unwrap();
    run.act(&dev(), "test", "host.tests.run", [].into(), passed(false));
    run.settle(1, 1);
    run.close();
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
    assert_eq!(report.properties.len(), run.artifact.obligations.len());
}
