//! Reopenings: what they reset, what they keep, how they end.

use xp_artifact::workflow::{Limit, Per};
use xp_machine::{Accepted, Change, RefusalCode, Status};

use crate::fixture::{Run, code, judge, reviewed, start, writer};

/// Up to the review.
fn to_review(run: &mut Run, commit: &str) {
    run.act(&writer(), "write", "write", "a", commit).unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    run.act(&writer(), "test", "test", commit, "t").unwrap();
    assert_eq!(run.settle(), 1);
}

#[test]
fn a_reopening_resets_what_lies_downstream_and_keeps_its_count() {
    let mut run = Run::of(reviewed());
    to_review(&mut run, "c1");
    let Accepted::Done { changes } = run.judge(&judge(), "review", "back").unwrap() else { panic!("waits") };
    assert!(changes.iter().any(|change| matches!(change, Change::Reopened { count: 1, .. })));
    assert!(run.open(0) && !run.open(1) && !run.open(2));
    assert_eq!(run.state.steps()[0].opening, 2);
    assert_eq!(run.state.steps()[0].grants[0].result, None);
    assert_eq!(run.state.notes()[0].text, "again");
    // The second time the loop is used up: its exhausted outcome ends the run.
    to_review(&mut run, "c2");
    run.judge(&judge(), "review", "back").unwrap();
    assert!(matches!(run.state.status(), Status::Ended(_)));
}

#[test]
fn a_token_of_an_earlier_opening_is_dead() {
    let mut run = Run::of(reviewed());
    to_review(&mut run, "c1");
    let old = run.ask(&judge(), "review", "read", "x").unwrap();
    run.judge(&judge(), "review", "back").unwrap();
    to_review(&mut run, "c2");
    assert_eq!(code(run.claim(&old)), RefusalCode::StepClosed);
    run.ask(&judge(), "review", "read", "x").unwrap();
}

#[test]
fn an_exhausted_outcome_cannot_be_chosen() {
    let mut run = Run::of(reviewed());
    to_review(&mut run, "c1");
    assert_eq!(code(run.judge(&judge(), "review", "no")), RefusalCode::NotJudgeable);
}

#[test]
fn a_reopening_waits_for_claims_downstream() {
    let mut run = Run::of(reviewed());
    to_review(&mut run, "c1");
    let reading = run.ask(&judge(), "review", "read", "x").unwrap();
    run.claim(&reading).unwrap();
    assert!(matches!(run.judge(&judge(), "review", "back").unwrap(), Accepted::Closing { .. }));
    assert!(!run.open(0));
    run.complete(&reading, true, "c1");
    assert!(run.open(0));
}

#[test]
fn finishing_after_a_reopening_counts_every_step_again() {
    let mut run = Run::of(reviewed());
    to_review(&mut run, "c1");
    run.judge(&judge(), "review", "back").unwrap();
    to_review(&mut run, "c2");
    run.act(&judge(), "review", "read", "x", "c2").unwrap();
    run.judge(&judge(), "review", "ok").unwrap();
    assert_eq!(run.state.status(), Status::Finished);
}

#[test]
fn a_loop_of_two_is_used_up_the_third_time() {
    let mut workflow = reviewed();
    workflow.loops[0].max = 2;
    let mut run = Run::of(workflow);
    for round in 1..=2 {
        to_review(&mut run, "c");
        let Accepted::Done { changes } = run.judge(&judge(), "review", "back").unwrap() else {
            panic!("waits")
        };
        let counted = |change: &Change| matches!(change, Change::Reopened { count, .. } if *count == round);
        assert!(changes.iter().any(counted), "round {round}: {changes:?}");
        assert_eq!(run.state.status(), Status::Running);
    }
    to_review(&mut run, "c");
    run.judge(&judge(), "review", "back").unwrap();
    assert!(matches!(run.state.status(), Status::Ended(_)));
}

#[test]
fn a_limit_per_run_outlives_a_reopening_and_one_per_opening_does_not() {
    for (per, again) in [(Per::Run, Err(RefusalCode::UsedUp)), (Per::Opening, Ok(()))] {
        let mut workflow = reviewed();
        workflow.steps[2].grants[0].limit = Limit { uses: 1, per };
        let mut run = Run::of(workflow);
        to_review(&mut run, "c1");
        run.act(&judge(), "review", "read", "x", "c1").unwrap();
        run.judge(&judge(), "review", "back").unwrap();
        to_review(&mut run, "c2");
        let second = run.act(&judge(), "review", "read", "x", "c2");
        assert_eq!(second.map(|_| ()).map_err(|refusal| refusal.code), again, "{per:?}");
    }
}

#[test]
fn what_a_step_made_has_no_value_for_others_until_it_is_settled() {
    let mut workflow = reviewed();
    workflow.steps[1].after = start();
    let mut run = Run::of(workflow);
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    assert_eq!(code(run.ask(&writer(), "test", "test", "c1")), RefusalCode::Unbound);
    run.judge(&writer(), "write", "ready").unwrap();
    run.ask(&writer(), "test", "test", "c1").unwrap();
}
