//! Judgements: evidence, what was shown, submissions.

use xp_artifact::workflow::{How, Then};
use xp_machine::{Accepted, Event, RefusalCode};
use xp_scope::Value;

use crate::fixture::{
    Run, after, code, judge, outcome, reviewed, start, step, submission, submitted, text, workflow, writer,
};

#[test]
fn evidence_is_required_and_automatic_outcomes_cannot_be_chosen() {
    let mut run = Run::of(reviewed());
    assert_eq!(code(run.judge(&writer(), "write", "ready")), RefusalCode::NoEvidence);
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    assert_eq!(code(run.judge(&writer(), "test", "passed")), RefusalCode::NotJudgeable);
    assert_eq!(run.settle(), 0);
}

#[test]
fn a_judge_must_have_been_shown_exactly_what_is_judged_in_this_opening() {
    let mut run = Run::of(reviewed());
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    run.act(&writer(), "test", "test", "c1", "t").unwrap();
    run.settle();
    assert_eq!(code(run.judge(&judge(), "review", "ok")), RefusalCode::NotShown);
    run.act(&judge(), "review", "read", "x", "c0").unwrap();
    assert_eq!(code(run.judge(&judge(), "review", "ok")), RefusalCode::NotShown);
    // Seeing the identifier is not seeing what it stands for.
    let datum = run.machine.datum_named("write.done.id").unwrap();
    run.apply(Event::View { actor: judge(), step: "review".to_owned(), datum }).unwrap();
    assert_eq!(code(run.judge(&judge(), "review", "ok")), RefusalCode::NotShown);
    run.act(&judge(), "review", "read", "x", "c1").unwrap();
    run.judge(&judge(), "review", "ok").unwrap();
}

/// What comes back from a second look is not what was judged, and may be bound as its result.
#[test]
fn nothing_is_judged_while_another_look_is_under_way() {
    let mut run = Run::of(reviewed());
    run.act(&writer(), "write", "write", "a", "c1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    run.act(&writer(), "test", "test", "c1", "t").unwrap();
    run.settle();
    run.act(&judge(), "review", "read", "x", "c1").unwrap();
    let look = run.ask(&judge(), "review", "read", "x").unwrap();
    run.claim(&look).unwrap();
    assert_eq!(code(run.judge(&judge(), "review", "ok")), RefusalCode::NoEvidence);
    run.apply(Event::Doubt { jti: look.jti.clone() }).unwrap();
    assert_eq!(code(run.judge(&judge(), "review", "ok")), RefusalCode::NoEvidence);
    run.apply(Event::Resolve { jti: look.jti.clone(), result: None }).unwrap();
    run.judge(&judge(), "review", "ok").unwrap();
}

fn planned() -> Run {
    let mut plan = step(
        "plan",
        0,
        start(),
        vec![],
        vec![outcome("done", How::Judged, Then::Settle), outcome("given_up", How::Judged, Then::End)],
    );
    plan.submissions.push(submission("files"));
    let mut agreed = outcome("agreed", How::Judged, Then::Settle);
    agreed.of = Some(submitted(0));
    let review = step("review", 1, after(0, 0), vec![], vec![agreed]);
    Run::of(workflow(&["writer", "judge"], vec![plan, review], vec![]))
}

fn submit(run: &mut Run, files: &[&str]) -> Result<Accepted, xp_machine::Refusal> {
    let value = Value::List(files.iter().map(|file| text(file)).collect());
    run.apply(Event::Submit { actor: writer(), step: "plan".to_owned(), name: "files".to_owned(), value })
}

#[test]
fn submissions_come_before_a_continuing_outcome() {
    let mut run = planned();
    let refusal = run.judge(&writer(), "plan", "done").unwrap_err();
    assert_eq!(refusal.code, RefusalCode::NotSubmitted);
    assert_eq!(refusal.reason, "step `plan` has not handed in all it must: `files` is missing");
    assert_eq!(code(submit(&mut run, &[])), RefusalCode::OutOfScope);
    assert_eq!(code(submit(&mut run, &["a", "a"])), RefusalCode::OutOfScope);
    assert_eq!(code(submit(&mut run, &["a", "b", "c"])), RefusalCode::OutOfScope);
    assert_eq!(code(submit(&mut run, &["../a"])), RefusalCode::BadValue);
    submit(&mut run, &["a"]).unwrap();
    submit(&mut run, &["b"]).unwrap();
    run.judge(&writer(), "plan", "done").unwrap();
    assert_eq!(code(submit(&mut run, &["c"])), RefusalCode::StepClosed);
}

#[test]
fn an_ending_outcome_needs_no_submission() {
    let mut run = planned();
    run.judge(&writer(), "plan", "given_up").unwrap();
    assert_eq!(code(submit(&mut run, &["a"])), RefusalCode::RunOver);
}

#[test]
fn a_submission_is_judged_after_it_was_viewed() {
    let mut run = planned();
    submit(&mut run, &["a"]).unwrap();
    run.judge(&writer(), "plan", "done").unwrap();
    assert_eq!(code(run.judge(&judge(), "review", "agreed")), RefusalCode::NotShown);
    let datum = submitted(0);
    let shown = run.apply(Event::View { actor: judge(), step: "review".to_owned(), datum }).unwrap();
    assert!(matches!(shown, Accepted::Shown { value: Value::List(files), .. } if files == vec![text("a")]));
    run.judge(&judge(), "review", "agreed").unwrap();
}

#[test]
fn whoever_looks_plays_the_role() {
    let mut run = planned();
    submit(&mut run, &["a"]).unwrap();
    run.judge(&writer(), "plan", "done").unwrap();
    let colleague = crate::fixture::actor("j2", "team-j2", &["judge"]);
    let view = |actor| Event::View { actor, step: "review".to_owned(), datum: submitted(0) };
    run.apply(view(colleague.clone())).unwrap();
    // What the one was shown the other has not seen, and cannot see any more.
    assert_eq!(code(run.judge(&judge(), "review", "agreed")), RefusalCode::WrongRole);
    assert_eq!(code(run.apply(view(judge()))), RefusalCode::WrongRole);
    run.judge(&colleague, "review", "agreed").unwrap();
}
