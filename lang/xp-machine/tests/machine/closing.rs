//! Closing first: an outcome waits for what is in flight, and nothing new starts meanwhile.

use xp_artifact::workflow::{Atom, OutcomeIx, StepId};
use xp_machine::{Accepted, Change, Event, RefusalCode, Status};

use crate::fixture::{Run, code, judge, reviewed, writer};

#[test]
fn a_write_in_flight_lands_before_the_step_settles_and_is_what_is_tested() {
    let mut run = Run::of(reviewed());
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    let late = run.ask(&writer(), "write", "write", "b").unwrap();
    run.claim(&late).unwrap();
    assert!(matches!(run.judge(&writer(), "write", "ready").unwrap(), Accepted::Closing { .. }));
    assert!(!run.open(1), "the test opened while a write was in flight");
    assert_eq!(code(run.judge(&writer(), "write", "ready")), RefusalCode::StepClosed);
    let Accepted::Ended { bound, changes } = run.complete(&late, true, "c2") else { panic!("not ended") };
    assert!(bound);
    assert!(changes.iter().any(|change| matches!(change, Change::Settled { .. })));
    assert!(run.open(1));
    assert_eq!(code(run.ask(&writer(), "test", "test", "c1")), RefusalCode::OutOfScope);
    run.ask(&writer(), "test", "test", "c2").unwrap();
}

#[test]
fn a_flag_that_a_use_under_way_may_replace_is_no_evidence() {
    let mut workflow = reviewed();
    workflow.steps[1].grants[0].limit.uses = 2;
    let mut run = Run::of(workflow);
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    // Two measurements at once: the first one passes while the second one is under way.
    let [first, second] = [(); 2].map(|()| {
        let token = run.ask(&writer(), "test", "test", "c1").unwrap();
        run.claim(&token).unwrap();
        token
    });
    let settle = |outcome| Event::Settle { outcome: Atom { step: StepId(1), outcome: OutcomeIx(outcome) } };
    run.complete(&first, true, "c1");
    assert_eq!(code(run.apply(settle(0))), RefusalCode::NoEvidence);
    run.complete(&second, false, "c1");
    assert_eq!(code(run.apply(settle(0))), RefusalCode::NoEvidence);
    run.apply(settle(1)).unwrap();
}

#[test]
fn unused_tokens_of_a_closing_step_are_void() {
    let mut run = Run::of(reviewed());
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    let unused = run.ask(&writer(), "write", "write", "b").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    assert_eq!(code(run.claim(&unused)), RefusalCode::StepClosed);
}

#[test]
fn a_claim_in_doubt_holds_the_step_until_it_is_resolved() {
    let mut run = Run::of(reviewed());
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    let lost = run.ask(&writer(), "write", "write", "b").unwrap();
    run.claim(&lost).unwrap();
    run.apply(Event::Doubt { jti: lost.jti.clone() }).unwrap();
    // Evidence in doubt is no evidence.
    assert_eq!(code(run.judge(&writer(), "write", "ready")), RefusalCode::NoEvidence);
    run.apply(Event::Resolve { jti: lost.jti.clone(), result: None }).unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    assert!(run.open(1));
}

#[test]
fn the_finishing_outcome_waits_for_every_step() {
    let mut workflow = reviewed();
    // Two lanes: nothing waits for anything; `finish` asks for the review alone.
    for step in &mut workflow.steps {
        step.after = crate::fixture::start();
    }
    workflow.steps[1].grants[0].pins[0] = xp_artifact::workflow::Pin::Any;
    workflow.steps[2].outcomes[0].of = None;
    workflow.steps[2].outcomes.truncate(1);
    workflow.loops.clear();
    workflow.finish = crate::fixture::after(2, 0);
    let mut run = Run::of(workflow);
    let flying = run.ask(&writer(), "write", "write", "a").unwrap();
    run.claim(&flying).unwrap();
    assert!(matches!(run.judge(&judge(), "review", "ok").unwrap(), Accepted::Closing { .. }));
    assert_eq!(run.state.status(), Status::Running);
    assert_eq!(code(run.ask(&writer(), "test", "test", "a")), RefusalCode::StepClosed);
    run.complete(&flying, true, "c1");
    assert_eq!(run.state.status(), Status::Finished);
    assert_eq!(code(run.ask(&writer(), "test", "test", "a")), RefusalCode::RunOver);
}

#[test]
fn results_after_a_kill_bind_nothing() {
    let mut run = Run::of(reviewed());
    let token = run.ask(&writer(), "write", "write", "a").unwrap();
    run.claim(&token).unwrap();
    run.apply(Event::Kill { reason: "test".to_owned() }).unwrap();
    let Accepted::Ended { bound, .. } = run.complete(&token, true, "c1") else { panic!("not ended") };
    assert!(!bound);
    assert_eq!(run.state.steps()[0].grants[0].result, None);
}
