//! Guards: the use that would break a property is refused, at its request and at its claim.

use std::collections::BTreeMap;

use xp_artifact::question::{Extent, Question, Uses};
use xp_artifact::workflow::{
    ActionId, Datum, Effect, Expr, Formula, Guard, How, Param, ParamId, Per, Pin, Root, StepId, TemplatePart,
    Then, Workflow,
};

use xp_machine::{Clause, Event, Machine, RefusalCode, Start, State};
use xp_scope::Value;

use crate::fixture::{
    Run, TEST, WRITE, actor, after, code, grant, judge, outcome, record, reviewed, start, step, text,
    workflow, writer,
};

fn guarded(mut workflow: Workflow, question: Question) -> Workflow {
    let source = "guard this".to_owned();
    workflow.guards.push(Guard { id: "fixture/guard".to_owned(), question, source });
    workflow
}

fn writes() -> Uses {
    Uses::Effect(Effect::Write)
}

fn action(name: &str) -> Uses {
    Uses::Action { name: format!("world.{name}"), id: None, args: vec![] }
}

/// One step that may write and test often.
fn free() -> Workflow {
    let grants = vec![
        grant(WRITE, Pin::Any, 9, Per::Opening, Some("done")),
        grant(TEST, Pin::Any, 9, Per::Opening, Some("tests")),
    ];
    let steps = vec![
        step("work", 0, start(), grants, vec![outcome("ready", How::Judged, Then::Settle)]),
        step(
            "more",
            1,
            after(0, 0),
            vec![grant(TEST, Pin::Any, 9, Per::Opening, None)],
            vec![outcome("ready", How::Judged, Then::Settle)],
        ),
    ];
    workflow(&["writer", "judge"], steps, vec![])
}

#[test]
fn what_never_may_be_is_refused_at_the_request_with_its_clause() {
    let mut run = Run::of(guarded(free(), Question::Never(writes())));
    let refusal = run.ask(&writer(), "work", "write", "a").unwrap_err();
    assert_eq!((refusal.code, refusal.clause), (RefusalCode::Guarded, Some(Clause::Guard(0))));
    assert!(refusal.reason.contains("guard this"), "{}", refusal.reason);
    run.act(&writer(), "work", "test", "a", "1").unwrap();
}

#[test]
fn uses_under_way_and_in_doubt_count_until_they_are_given_back() {
    let mut run = Run::of(guarded(free(), Question::AtMost(writes(), 1)));
    let (first, second) = (
        run.ask(&writer(), "work", "write", "a").unwrap(),
        run.ask(&writer(), "work", "write", "b").unwrap(),
    );
    run.claim(&first).unwrap();
    // It was granted when nothing stood against it.
    assert_eq!(code(run.claim(&second)), RefusalCode::Guarded);
    assert_eq!(code(run.ask(&writer(), "work", "write", "c")), RefusalCode::Guarded);
    run.apply(Event::Doubt { jti: first.jti.clone() }).unwrap();
    assert_eq!(code(run.claim(&second)), RefusalCode::Guarded);
    run.apply(Event::Resolve { jti: first.jti, result: None }).unwrap();
    run.claim(&second).unwrap();
    run.complete(&second, true, "1");
    assert_eq!(code(run.ask(&writer(), "work", "write", "d")), RefusalCode::Guarded);
}

#[test]
fn a_use_that_failed_without_a_trace_of_it_counts() {
    let mut run = Run::of(guarded(free(), Question::AtMost(writes(), 1)));
    let token = run.ask(&writer(), "work", "write", "a").unwrap();
    run.claim(&token).unwrap();
    run.apply(Event::Fail { jti: token.jti, returned: false }).unwrap();
    assert_eq!(code(run.ask(&writer(), "work", "write", "b")), RefusalCode::Guarded);
}

#[test]
fn what_is_required_is_looked_at_as_the_run_stands() {
    // `write` needs what comes after it: never so in the first opening.
    let mut run = Run::of(guarded(reviewed(), Question::Requires(action("test"), Formula::Any(vec![]))));
    run.act(&writer(), "write", "write", "a", "1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    assert_eq!(code(run.ask(&writer(), "test", "test", "1")), RefusalCode::Guarded);
    let mut run = Run::of(guarded(reviewed(), Question::Requires(action("test"), after(0, 0))));
    run.act(&writer(), "write", "write", "a", "1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    run.act(&writer(), "test", "test", "1", "2").unwrap();
}

#[test]
fn one_controller_does_not_do_both() {
    let question = Question::NoPrincipal(writes(), action("test"));
    let mut run = Run::of(guarded(free(), question));
    run.act(&writer(), "work", "write", "a", "1").unwrap();
    assert_eq!(code(run.ask(&writer(), "work", "test", "a")), RefusalCode::Guarded);
    run.judge(&writer(), "work", "ready").unwrap();
    // The same controller in another role, and somebody else's.
    let same = actor("other", "team-w", &["judge"]);
    assert_eq!(code(run.ask(&same, "more", "test", "a")), RefusalCode::Guarded);
    run.act(&judge(), "more", "test", "a", "2").unwrap();
}

#[test]
fn arguments_count() {
    let patterns = xp_scope::PatternSet::parse(&["src/**"]).unwrap();
    let mut workflow = free();
    workflow.actions[0].params[0].ty = xp_scope::Type::Path;
    let mut run = Run::of(guarded(workflow, Question::OnlyWithin(writes(), Extent::Patterns(patterns))));
    assert_eq!(code(run.ask(&writer(), "work", "write", "etc/a")), RefusalCode::Guarded);
    run.act(&writer(), "work", "write", "src/a", "1").unwrap();
}

#[test]
fn an_argument_that_is_put_together_counts() {
    let mut workflow = free();
    workflow.params.push(Param { name: "n".to_owned(), ty: xp_scope::Type::Int });
    let number = Datum { root: Root::Param(ParamId(0)), fields: vec![] };
    let parts = vec![TemplatePart::Text("fix-".to_owned()), TemplatePart::Datum(number)];
    let uses = Uses::Action {
        name: "world.write".to_owned(),
        id: Some(WRITE),
        args: vec![(0, Expr::Template(parts))],
    };
    let machine = Machine::new(guarded(workflow, Question::Never(uses))).unwrap();
    let start = Start {
        at: 1_000,
        params: BTreeMap::from([("n".to_owned(), Value::Int(5))]),
        instances: BTreeMap::from([("world".to_owned(), "here".to_owned())]),
        staff: BTreeMap::new(),
        starter: None,
    };
    let state = machine.start(&start).unwrap();
    let mut run = Run::at(machine, state);
    assert_eq!(code(run.ask(&writer(), "work", "write", "fix-5")), RefusalCode::Guarded);
    run.act(&writer(), "work", "write", "fix-6", "1").unwrap();
}

#[test]
fn the_monitors_are_part_of_the_state_and_of_no_other() {
    let mut run = Run::of(guarded(free(), Question::AtMost(writes(), 1)));
    run.act(&writer(), "work", "write", "a", "1").unwrap();
    let kept = serde_json::to_vec(&run.state).unwrap();
    let state: State = serde_json::from_slice(&kept).unwrap();
    let mut again = Run::at(run.machine, state);
    again.now = 2_000;
    let request = again.apply(Event::Request {
        jti: "again".to_owned(),
        actor: writer(),
        key: "key-of-w".to_owned(),
        step: "work".to_owned(),
        action: "world.write".to_owned(),
        grant: None,
        args: [("what".to_owned(), text("b"))].into(),
    });
    assert_eq!(code(request), RefusalCode::Guarded);
    let plain = Run::of(free());
    assert!(serde_json::to_value(&plain.state).unwrap().get("watch").is_none());
}

#[test]
fn what_no_guard_looks_at_is_not_kept() {
    let mut run = Run::of(guarded(free(), Question::AtMost(writes(), 1)));
    let kept = |run: &Run| serde_json::to_string(&run.state).unwrap();
    let token = run.ask(&writer(), "work", "write", "the text").unwrap();
    run.claim(&token).unwrap();
    assert!(!kept(&run).contains("the text"), "{}", kept(&run));
    let fixed = Uses::Action {
        name: "world.write".to_owned(),
        id: Some(WRITE),
        args: vec![(0, Expr::Literal(text("the text")))],
    };
    let mut run = Run::of(guarded(free(), Question::AtMost(fixed, 1)));
    let token = run.ask(&writer(), "work", "write", "the text").unwrap();
    run.claim(&token).unwrap();
    assert_eq!(code(run.ask(&writer(), "work", "write", "the text")), RefusalCode::Guarded);
    run.ask(&writer(), "work", "write", "another").unwrap();
}

#[test]
fn tokens_that_ran_out_are_forgotten() {
    let mut run = Run::of(guarded(free(), Question::AtMost(writes(), 1)));
    let old = run.ask(&writer(), "work", "write", "a").unwrap();
    run.now += 120_000;
    run.ask(&writer(), "work", "write", "b").unwrap();
    run.ask(&writer(), "work", "write", "c").unwrap();
    let watch: Vec<&str> = run.state.watch().unwrap().granted().collect();
    assert_eq!(watch.len(), 2, "{watch:?}");
    assert!(!watch.contains(&old.jti.as_str()));
}

#[test]
fn a_loop_does_not_make_it_forget() {
    let mut run = Run::of(guarded(reviewed(), Question::AtMost(writes(), 1)));
    run.act(&writer(), "write", "write", "a", "1").unwrap();
    run.judge(&writer(), "write", "ready").unwrap();
    let token = run.ask(&writer(), "test", "test", "1").unwrap();
    run.claim(&token).unwrap();
    let result = record(&[("passed", Value::Bool(true)), ("id", text("2"))]);
    run.apply(Event::Complete { jti: token.jti, result }).unwrap();
    run.settle();
    run.judge(&judge(), "review", "back").unwrap();
    assert!(run.open(0), "the step is open again");
    assert_eq!(run.state.step(StepId(0)).unwrap().grants[0].spent, 0);
    assert_eq!(code(run.ask(&writer(), "write", "write", "b")), RefusalCode::Guarded);
}

#[test]
fn only_what_a_use_alone_breaks_is_guarded() {
    for question in [Question::NeverStuck, Question::FreshEvidence, Question::IrreversibleOnce] {
        assert!(Machine::new(guarded(free(), question.clone())).is_err(), "{question:?}");
    }
}

#[test]
fn a_guard_that_names_what_is_missing_makes_no_machine() {
    let with = |args| Uses::Action { name: "world.write".to_owned(), id: Some(WRITE), args };
    let nobody = Datum { root: Root::Param(ParamId(7)), fields: vec![] };
    let gone = Uses::Action { name: "world.write".to_owned(), id: Some(ActionId(99)), args: vec![] };
    for question in [
        Question::Requires(writes(), after(9, 0)),
        Question::Requires(writes(), after(0, 9)),
        Question::Never(gone),
        Question::Never(with(vec![(9, Expr::Literal(text("a")))])),
        Question::Never(with(vec![(0, Expr::Datum(nobody.clone()))])),
        Question::OnlyWithin(writes(), Extent::Datum(nobody)),
    ] {
        assert!(Machine::new(guarded(free(), question.clone())).is_err(), "{question:?}");
    }
    assert!(
        Machine::new(guarded(free(), Question::Never(with(vec![(0, Expr::Literal(text("a")))])))).is_ok()
    );
}
