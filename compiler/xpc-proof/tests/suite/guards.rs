//! What is guarded is enforced, and what a guard may refuse is counted on by nobody.

use xp_artifact::question::{Question, Status};
use xp_artifact::workflow::{Effect, Guard, Per, Workflow};

use crate::build::{Build, ask, bound, effect, is, start};

/// `w { may write once; done if write }`, and `other` beside it where asked.
fn writing(other: bool) -> Workflow {
    let mut b = Build::new();
    let write = b.action("write", Effect::Write, &[]);
    let w = b.step("w", "a", start());
    let grant = b.grant(w, write, vec![], 1, Per::Opening);
    let done = b.judged_if(w, "done", bound(grant));
    if other {
        b.judged(w, "other");
    }
    let next = b.step("next", "a", is(done));
    b.judged(next, "ok");
    b.done()
}

fn guarded(mut workflow: Workflow, question: Question) -> Workflow {
    workflow.guards.push(Guard { id: "w/guard".to_owned(), question, source: "guard".to_owned() });
    workflow
}

fn never() -> Question {
    Question::Never(effect(Effect::Write))
}

fn once() -> Question {
    Question::AtMost(effect(Effect::Write), 1)
}

#[test]
fn a_guarded_question_is_enforced_and_the_same_one_beside_it_is_asked() {
    let mut w = guarded(writing(true), never());
    assert_ne!(ask(&w, never()).status, Status::Enforced, "it has another name");
    w.guards[0].id = "w/q".to_owned();
    assert_eq!(ask(&w, never()).status, Status::Enforced);
}

#[test]
fn a_step_that_needs_what_a_guard_may_refuse_is_unknown() {
    assert_eq!(ask(&writing(false), Question::Progress).status, Status::Proved);
    for question in [never(), once()] {
        let verdict = ask(&guarded(writing(false), question), Question::Progress);
        assert_eq!(verdict.status, Status::Unknown, "{}", verdict.reason);
    }
    let other = Question::AtMost(effect(Effect::Merge), 1);
    assert_eq!(ask(&guarded(writing(false), other), Question::Progress).status, Status::Proved);
}

#[test]
fn another_way_on_is_enough() {
    assert_eq!(ask(&guarded(writing(true), never()), Question::Progress).status, Status::Proved);
}

#[test]
fn what_can_happen_happens_on_the_guarded_machine() {
    for question in [Question::OutcomesHappen, Question::StepsOpen] {
        assert_eq!(ask(&guarded(writing(true), once()), question.clone()).status, Status::Proved);
        let verdict = ask(&guarded(writing(true), never()), question.clone());
        assert_eq!(verdict.status, Status::Unknown, "{question:?}: {}", verdict.reason);
    }
}

#[test]
fn no_run_refutes_what_a_guard_keeps_from_happening() {
    assert_eq!(ask(&writing(true), never()).status, Status::Refuted);
    assert_eq!(ask(&guarded(writing(true), never()), never()).status, Status::Unknown);
}

#[test]
fn a_proof_about_a_use_that_a_guard_always_refuses_says_nothing() {
    let twice = Question::AtMost(effect(Effect::Write), 2);
    assert_eq!(ask(&writing(true), twice.clone()).status, Status::Proved);
    assert_eq!(ask(&guarded(writing(true), once()), twice.clone()).status, Status::Proved);
    assert_eq!(ask(&guarded(writing(true), never()), twice).status, Status::Unknown);
}
