//! Requests that several grants fit, recorded with and without the name of the grant.

use xp_artifact::Artifact;
use xp_artifact::workflow::{GrantIx, Pin};
use xp_machine::{Event, Input, RefusalCode};
use xp_scope::Value;
use xpd_audit::entry::{Body, Facts};
use xpd_audit::verify::{Fault, Verdict};

use crate::sim::{Log, Run, dev, text};

/// The small workflow with a second grant for notes, whose text has at most ten characters.
fn overlapping() -> Artifact {
    let mut artifact = crate::workflow::artifact();
    let work = &mut artifact.workflow.steps[0];
    let mut short = work.grants[0].clone();
    (short.binder, short.pins) = (Some("short".to_owned()), vec![Pin::Content { max: 10 }]);
    short.limit.uses = 1;
    work.grants.push(short);
    artifact
}

fn run() -> Run {
    Run::of(overlapping(), "run-7", Log::new())
}

fn request(run: &mut Run, words: &str, named: Option<u32>) -> Event {
    let mut event = run.request(&dev(), "work", "host.notes.write", text(words));
    if let Event::Request { grant, .. } = &mut event {
        *grant = named.map(GrantIx);
    }
    event
}

/// Decides with the grant's name and records the request without it, as in evidence from before requests
/// named grants.
fn as_before(run: &mut Run, words: &str, named: u32) -> Result<(), RefusalCode> {
    run.now += 10;
    let event = request(run, words, Some(named));
    let mut input = Input { at: run.now, kill: None, leased_by: None, event };
    let result = run.machine.apply(&mut run.state, &input);
    if let Event::Request { grant, .. } = &mut input.event {
        *grant = None;
    }
    run.put(Body::decided(&input, &result, Facts::new()).unwrap());
    result.map(|_| ()).map_err(|refusal| refusal.code)
}

fn ended(mut run: Run) -> xpd_audit::verify::Report {
    run.ask(Event::Kill { reason: "test".into() }).unwrap();
    run.close();
    run.verify()
}

#[test]
fn the_grant_that_was_named_is_on_the_record_and_replayed() {
    let mut run = run();
    let ambiguous = request(&mut run, "one", None);
    assert_eq!(run.ask(ambiguous).unwrap_err().code, RefusalCode::Ambiguous);
    for named in [1, 0] {
        let named = request(&mut run, "one", Some(named));
        run.ask(named).unwrap();
    }
    let used_up = request(&mut run, "one", Some(1));
    assert_eq!(run.ask(used_up).unwrap_err().code, RefusalCode::UsedUp);
    let logged = String::from_utf8(run.entries[2].bytes.clone()).unwrap();
    assert!(logged.contains("\"grant\":1"), "{logged}");
    let report = ended(run);
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
}

#[test]
fn a_record_from_before_grants_were_named_verifies() {
    let mut run = run();
    as_before(&mut run, "one", 1).unwrap();
    assert_eq!(as_before(&mut run, "two", 1), Err(RefusalCode::UsedUp));
    as_before(&mut run, "three", 0).unwrap();
    let used: Vec<usize> = run.state.steps()[0].grants.iter().map(|grant| grant.live.len()).collect();
    assert_eq!(used, [1, 1]);
    let bound = run.state.holds().len();
    assert_eq!(bound, 2);
    let report = ended(run);
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
}

#[test]
fn a_record_that_grants_by_what_does_not_admit_it_fails() {
    let mut run = run();
    run.now += 10;
    let event = request(&mut run, "one", Some(1));
    let mut input = Input { at: run.now, kill: None, leased_by: None, event };
    let result = run.machine.apply(&mut run.state, &input);
    if let Event::Request { grant, args, .. } = &mut input.event {
        *grant = None;
        args.insert("text".to_owned(), Value::Text("eleven characters".to_owned()));
    }
    run.put(Body::decided(&input, &result, Facts::new()).unwrap());
    let report = ended(run);
    assert_eq!(report.verdict, Verdict::Failed, "{report}");
    assert!(report.findings.iter().any(|finding| finding.fault == Fault::Replay), "{report}");
}
