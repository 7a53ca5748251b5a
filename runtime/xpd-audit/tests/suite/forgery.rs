//! A dishonest server: entries are signed and chained correctly, but the decisions are not the machine's.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use xp_machine::{Event, Input, Refusal, Start, Status};
use xp_scope::{Digest, Value};
use xpd_audit::entry::{Body, Facts, Kind};
use xpd_audit::evidence::write_package;
use xpd_audit::verify::{Fault, Report, Verdict, verify_package};

use crate::sim::{Log, Run, dev, eventful, reviewer, text, trust};
use crate::workflow::{artifact, sealed, signer};

fn open() -> Run {
    Run::open("run-7", Log::new())
}

/// Asserts that this is the only finding, about the last entry before the end or about the end itself.
fn found(report: &Report, fault: Fault, kind: Kind, words: &str) {
    assert_eq!(report.verdict, Verdict::Failed);
    let finding = report.findings.iter().find(|finding| finding.fault == fault);
    let finding = finding.unwrap_or_else(|| panic!("no {fault:?}: {report}"));
    assert_eq!(finding.entry.as_ref().and_then(|entry| entry.kind), Some(kind), "{report}");
    assert!(finding.message.contains(words), "{report}");
}

/// Kills the run, so that it may be closed.
fn end(run: &mut Run) {
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    run.close();
}

/// Records a decision that the machine did not make.
fn forge(run: &mut Run, event: Event, result: Result<Json, Json>) {
    run.now += 10;
    let input = Input { at: run.now, kill: None, leased_by: None, event };
    let accepted = |json| serde_json::from_value(json).unwrap();
    let result = result.map(accepted).map_err(|json| serde_json::from_value(json).unwrap());
    run.put(Body::decided(&input, &result, Facts::new()).unwrap());
}

#[test]
fn the_twin_without_a_forgery_is_verified() {
    let mut run = open();
    run.act(&dev(), "work", "host.notes.write", text("one"), Value::Bool(true));
    end(&mut run);
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
}

#[test]
fn a_grant_the_machine_refuses() {
    let mut run = open();
    let request = run.request(&dev(), "test", "host.tests.run", BTreeMap::new());
    let granted = json!({"granted": {
        "step": 1, "grant": 0, "opening": 1, "attempt": 1, "expires": 99_999, "req": Digest::of(b"").to_string(),
    }});
    forge(&mut run, request, Ok(granted));
    end(&mut run);
    found(&run.verify(), Fault::Replay, Kind::DecisionGranted, "the machine says refused, out_of_sequence");
}

#[test]
fn a_refusal_the_machine_does_not_give() {
    let mut run = open();
    let request = run.request(&dev(), "work", "host.notes.write", text("x"));
    let refusal = json!({"code": "wrong_role", "reason": "we do not like you", "clause": null});
    forge(&mut run, request, Err(refusal));
    end(&mut run);
    found(&run.verify(), Fault::Replay, Kind::DecisionRefused, "the log says refused, wrong_role");
}

#[test]
fn a_refusal_in_other_words() {
    let mut run = open();
    let request = run.request(&dev(), "test", "host.tests.run", BTreeMap::new());
    let input = Input { at: 1_010, kill: None, leased_by: None, event: request };
    let given: Refusal = run.machine.apply(&mut run.state, &input).unwrap_err();
    let reworded = Refusal { reason: "the moon is full".to_owned(), ..given };
    run.put(Body::decided(&input, &Err(reworded), Facts::new()).unwrap());
    end(&mut run);
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
    assert!(
        report.not_proved.iter().any(|claim| claim.contains("that 1 refusals were in the words logged")),
        "{report}"
    );
}

#[test]
fn an_approval_nobody_could_give() {
    let mut run = open();
    let judge =
        Event::Judge { actor: reviewer(), step: "review".into(), outcome: "approved".into(), notes: None };
    forge(&mut run, judge, Ok(json!({"done": {"changes": []}})));
    end(&mut run);
    found(&run.verify(), Fault::Replay, Kind::Judged, "the machine says refused");
}

#[test]
fn a_run_started_with_what_it_cannot_be_started_with() {
    let mut run = open();
    let mut log = Log::new();
    let mut chain = xpd_audit::entry::Chain::of_run("run-7", artifact().digest().unwrap());
    let instances = BTreeMap::from([("host".to_owned(), "h".to_owned())]);
    let start = Start { at: 1, params: BTreeMap::new(), instances, staff: BTreeMap::new(), starter: None };
    run.entries = vec![log.put(&mut chain, 1, Body::opened(&start, Facts::new()).unwrap())];
    let body = chain.closing(&Status::Killed).unwrap();
    run.entries.push(log.put(&mut chain, 2, body));
    run.log = log;
    run.start = xpd_audit::merkle::Frontier::default();
    found(&run.verify(), Fault::Replay, Kind::RunOpened, "parameter `number` is missing");
}

#[test]
fn a_result_without_a_claim_or_a_grant() {
    let mut run = open();
    let complete = Event::Complete { jti: "invented".into(), result: Value::Bool(true) };
    forge(&mut run, complete, Ok(json!({"ended": {"bound": true, "changes": []}})));
    end(&mut run);
    let report = run.verify();
    found(&report, Fault::Use, Kind::ActionResult, "never granted");
    found(&report, Fault::Replay, Kind::ActionResult, "the machine says refused");
}

#[test]
fn a_grant_used_twice() {
    let mut run = open();
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
    run.ask(claim.clone()).unwrap();
    run.started(&claim);
    run.ask(Event::Complete { jti: jti.clone(), result: Value::Bool(true) }).unwrap();
    forge(&mut run, claim, Ok(json!({"claimed": {"step": 0, "grant": 0}})));
    end(&mut run);
    found(&run.verify(), Fault::Use, Kind::GrantClaimed, "used up before");
}

#[test]
fn an_action_started_twice_is_on_the_record_and_started_after_its_end_is_a_fault() {
    let mut run = open();
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
    run.ask(claim.clone()).unwrap();
    run.started(&claim);
    run.ask(Event::Complete { jti, result: Value::Bool(true) }).unwrap();
    run.started(&claim);
    end(&mut run);
    found(&run.verify(), Fault::Use, Kind::ActionStarted, "used up before");
}

#[test]
fn other_bytes_than_were_granted() {
    let mut run = open();
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
    run.ask(claim).unwrap();
    run.put(Body::Started { jti: jti.clone(), req: Digest::of(b"other"), facts: Facts::new() });
    run.ask(Event::Complete { jti, result: Value::Bool(true) }).unwrap();
    end(&mut run);
    found(&run.verify(), Fault::Use, Kind::ActionStarted, "granted for other arguments");
}

type Forgery = fn(&mut Event);

#[test]
fn a_claim_for_other_bytes_or_another_opening() {
    let forgeries: [(Forgery, &str); 2] = [
        (
            |claim| {
                if let Event::Claim { req, .. } = claim {
                    *req = Digest::of(b"other")
                }
            },
            "other arguments",
        ),
        (
            |claim| {
                if let Event::Claim { opening, .. } = claim {
                    *opening = 2
                }
            },
            "another step or opening",
        ),
    ];
    for (forgery, words) in forgeries {
        let mut run = open();
        let (_, mut claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
        forgery(&mut claim);
        forge(&mut run, claim, Ok(json!({"claimed": {"step": 0, "grant": 0}})));
        end(&mut run);
        found(&run.verify(), Fault::Use, Kind::GrantClaimed, words);
    }
}

#[test]
fn another_agents_claim() {
    let mut run = open();
    let (_, mut claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
    let Event::Claim { key, .. } = &mut claim else { panic!() };
    *key = "a thief's key".into();
    forge(&mut run, claim, Ok(json!({"claimed": {"step": 0, "grant": 0}})));
    end(&mut run);
    let report = run.verify();
    found(&report, Fault::Use, Kind::GrantClaimed, "another principal or key");
    found(&report, Fault::Replay, Kind::GrantClaimed, "wrong_key");
}

#[test]
fn a_result_that_was_never_started() {
    let mut run = open();
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
    run.ask(claim).unwrap();
    run.ask(Event::Complete { jti, result: Value::Bool(true) }).unwrap();
    end(&mut run);
    found(&run.verify(), Fault::Use, Kind::ActionResult, "its action not started");
}

#[test]
fn a_token_named_twice() {
    let mut run = open();
    let request = run.request(&dev(), "work", "host.notes.write", text("one"));
    let Event::Request { jti, .. } = &request else { panic!() };
    let jti = jti.clone();
    run.ask(request.clone()).unwrap();
    run.now += 61_000;
    run.ask(Event::Expire { jti }).unwrap();
    // The machine keeps grants in force only; the log contains all grants.
    run.ask(request).unwrap();
    end(&mut run);
    found(&run.verify(), Fault::Use, Kind::DecisionGranted, "granted before");
}

#[test]
fn a_claim_without_an_end_is_reported() {
    let mut run = open();
    let (jti, claim) = run.grant(&dev(), "work", "host.notes.write", text("one"));
    run.ask(claim).unwrap();
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    let report = run.verify();
    assert_eq!(report.verdict, Verdict::Incomplete, "a run is closed once nothing is under way: {report}");
    assert!(report.not_proved.iter().any(|claim| claim.contains(&jti)), "{report}");
    run.close();
    found(&run.verify(), Fault::Replay, Kind::RunClosed, &format!("before token `{jti}` is at its end"));
}

#[test]
fn closing_a_run_that_goes_on() {
    let mut run = open();
    run.submit("src/a.rs");
    run.close();
    found(&run.verify(), Fault::Replay, Kind::RunClosed, "goes on");
}

#[test]
fn closing_with_another_end() {
    let mut run = open();
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    let body = run.chain.closing(&Status::Finished).unwrap();
    run.put(body);
    found(&run.verify(), Fault::Replay, Kind::RunClosed, "ended as");
}

#[test]
fn another_artifact_than_the_run_names() {
    let run = eventful();
    let mut other = artifact();
    other.compiler = "another".into();
    let mut evidence = run.evidence();
    evidence.artifact = sealed(&other, &[&signer(2)]);
    let report = verify_package(&write_package(&evidence).unwrap(), &trust());
    found(&report, Fault::Artifact, Kind::RunOpened, "another artifact");
}

#[test]
fn an_artifact_nobody_trusted_signed() {
    let run = eventful();
    for keys in [vec![], vec![&signer(3)]] {
        let mut evidence = run.evidence();
        evidence.artifact = sealed(&artifact(), &keys);
        evidence.artifact_keys = vec![signer(3).public()];
        let report = verify_package(&write_package(&evidence).unwrap(), &trust());
        assert_eq!(
            report.findings.iter().map(|f| f.fault).collect::<Vec<_>>(),
            [Fault::Artifact],
            "{report}"
        );
        // The finding is reported in addition to the replay's result.
        assert!(report.replayed > 25, "{report}");
    }
}

#[test]
fn a_workflow_that_lets_more_through_is_another_machine() {
    // The digest in the entries is bound by the log; with it changed as well, the replay detects the
    // difference.
    let run = eventful();
    let mut wider = artifact();
    wider.workflow.separations.clear();
    wider.workflow.steps[2].outcomes[0].of = None;
    let mut evidence = run.evidence();
    evidence.artifact = sealed(&wider, &[&signer(2)]);
    let report = verify_package(&write_package(&evidence).unwrap(), &trust());
    found(&report, Fault::Artifact, Kind::RunOpened, "another artifact");
    found(&report, Fault::Replay, Kind::DecisionRefused, "the machine says");
}

#[test]
fn a_rewritten_past_is_inconsistent_with_the_checkpoint_from_before() {
    let run = eventful();
    let mut evidence = run.evidence();
    // A start checkpoint of a different history of the same size.
    let mut other = xpd_audit::merkle::Frontier::default();
    for n in 0..run.start.size() {
        other.push([n as u8; 32]);
    }
    evidence.start.as_mut().unwrap().checkpoint = crate::sim::sign(&other);
    let report = verify_package(&write_package(&evidence).unwrap(), &trust());
    let faults: Vec<_> = report.findings.iter().map(|finding| finding.fault).collect();
    assert_eq!(faults, [Fault::Consistency], "{report}");
    // A checkpoint from after `run.opened` is not accepted as start.
    let mut evidence = run.evidence();
    let start = evidence.start.as_mut().unwrap();
    start.checkpoint = evidence.checkpoint.clone();
    start.path = vec![];
    let report = verify_package(&write_package(&evidence).unwrap(), &trust());
    found(&report, Fault::Consistency, Kind::RunOpened, "before the checkpoint");
    // Nor is one that is a single entry too late.
    let mut evidence = run.evidence();
    let mut one_more = run.start.clone();
    one_more.push(run.entries[0].leaf_hash);
    let start = evidence.start.as_mut().unwrap();
    start.checkpoint = crate::sim::sign(&one_more);
    let size = run.log.tree.size();
    start.path = xpd_audit::merkle::consistency_proof(&run.log.leaves, one_more.size(), size).unwrap();
    let report = verify_package(&write_package(&evidence).unwrap(), &trust());
    assert_eq!(report.findings.len(), 1, "{report}");
    found(&report, Fault::Consistency, Kind::RunOpened, "before the checkpoint");
}

#[test]
fn a_finished_run_by_a_log_that_skipped_the_tests() {
    // A complete forged run in which the review took place and the tests did not.
    let mut run = open();
    run.submit("src/a.rs");
    run.judge(&dev(), "work", "done").unwrap();
    let event = Event::Settle {
        outcome: xp_artifact::workflow::Atom {
            step: xp_artifact::workflow::StepId(1),
            outcome: xp_artifact::workflow::OutcomeIx(0),
        },
    };
    let changes = json!([{"settled": {"outcome": {"step": 1, "outcome": 0}, "of": null}}]);
    forge(&mut run, event, Ok(json!({"done": {"changes": changes}})));
    let body = run.chain.closing(&Status::Finished).unwrap();
    run.put(body);
    found(&run.verify(), Fault::Replay, Kind::Settled, "no_evidence");
}
