//! Things: what is made must be new, what was removed can be made again, what a write expects is kept.

use std::collections::BTreeMap;

use xp_artifact::declaration::{
    Clauses, Expectation, Identity, KeyExpr, LevelExpr, Making, ThingExpr, Version,
};
use xp_artifact::workflow::{
    Action, ActionId, Expr, Field, Grant, How, Param, Per, Pin, Record, Root, Then, Workflow,
};
use xp_machine::{Event, Machine, RefusalCode, Start};
use xp_scope::thing::{KeyDecl, Kind, Kinds};
use xp_scope::{Type, Value};

use crate::fixture::{Run, atom, code, grant, outcome, record, start, step, text, workflow, writer};

const MAKE: ActionId = ActionId(0);
const PUSH: ActionId = ActionId(1);
const DROP: ActionId = ActionId(2);
const CUT: ActionId = ActionId(3);

fn kinds(name: Type) -> Kinds {
    let kind = |name: &str, parents: &[&str], ty: Type| Kind {
        name: format!("world.{name}"),
        realm: "world".to_owned(),
        parents: parents.iter().map(|parent| format!("world.{parent}")).collect(),
        key: vec![KeyDecl { name: "name".to_owned(), ty, fold: false, exact: true }],
        immutable: None,
        audience: None,
    };
    Kinds::new(vec![kind("Branch", &[], name), kind("File", &["Branch"], Type::Path)]).unwrap()
}

/// The branch that the argument names, with more levels inside it.
fn branch(inside: &[LevelExpr]) -> ThingExpr {
    let named = KeyExpr::Argument { index: 0, fields: Vec::new() };
    let own = LevelExpr { kind: "world.Branch".to_owned(), keys: vec![named], deep: false };
    ThingExpr::Path([&[own], inside].concat())
}

/// `make`, `push`, `drop` and `cut`: of a branch; of what lies in it; of the branch itself; of one of its files.
fn acting(grants: Vec<Grant>) -> Workflow {
    let outcomes = vec![outcome("done", How::Judged, Then::Settle)];
    let mut made = workflow(&["writer"], vec![step("work", 0, start(), grants, outcomes)], vec![]);
    made.kinds = kinds(Type::Branch);
    let field = Field { name: "main".to_owned(), ty: Type::Branch, optional: false };
    made.records.push(Record { name: "world.Repo".to_owned(), fields: vec![field] });
    let list = Type::List(Box::new(Type::Branch));
    made.params = vec![
        Param { name: "repo".to_owned(), ty: Type::Record("world.Repo".to_owned()) },
        Param { name: "others".to_owned(), ty: list },
        Param { name: "word".to_owned(), ty: Type::Text },
    ];
    let file = LevelExpr {
        kind: "world.File".to_owned(),
        keys: vec![KeyExpr::Literal(Value::Text("src/a".to_owned()))],
        deep: false,
    };
    let mut actions = made.actions.clone();
    actions.push(actions[0].clone());
    let names = ["make", "push", "drop", "cut"];
    for (action, name) in actions.iter_mut().zip(names) {
        action.name = name.to_owned();
        action.params[0].ty = Type::Branch;
        action.shows = Vec::new();
    }
    let say = |action: &mut Action, clauses: Clauses| action.clauses = clauses;
    actions[0].result = Type::Branch;
    say(
        &mut actions[0],
        Clauses {
            makes: vec![Making { thing: branch(&[]), valid_while: Vec::new(), from: None }],
            is: vec![Identity { field: Vec::new(), argument: 0, fields: Vec::new() }],
            ..Clauses::default()
        },
    );
    say(
        &mut actions[1],
        Clauses {
            changes: vec![branch(std::slice::from_ref(&file))],
            expects: vec![Expectation { thing: branch(&[]), at: None, reports: None }],
            versions: vec![Version { thing: branch(&[]), field: vec!["id".to_owned()] }],
            ..Clauses::default()
        },
    );
    say(&mut actions[2], Clauses { removes: vec![branch(&[])], ..Clauses::default() });
    say(&mut actions[3], Clauses { removes: vec![branch(&[file])], ..Clauses::default() });
    made.actions = actions;
    made
}

/// Every action, of any branch.
fn anything() -> Vec<Grant> {
    [MAKE, PUSH, DROP, CUT].map(|action| grant(action, Pin::Any, 9, Per::Opening, None)).to_vec()
}

fn run_of(workflow: Workflow) -> Run {
    let machine = Machine::new(workflow).unwrap();
    let params = BTreeMap::from([
        ("repo".to_owned(), record(&[("main", text("trunk"))])),
        ("others".to_owned(), Value::List(vec![text("stable")])),
        ("word".to_owned(), text("word")),
    ]);
    let instances = BTreeMap::from([("world".to_owned(), "here".to_owned())]);
    let state = machine
        .start(&Start { at: 1_000, params, instances, staff: BTreeMap::new(), starter: None })
        .unwrap();
    Run::at(machine, state)
}

fn run() -> Run {
    run_of(acting(anything()))
}

fn make(run: &mut Run, name: &str) -> Result<(), xp_machine::Refusal> {
    let token = run.ask(&writer(), "work", "make", name)?;
    run.claim(&token)?;
    run.apply(Event::Complete { jti: token.jti, result: text(name) }).map(|_| ())
}

/// What a push of a branch expects to find.
fn expected(run: &Run, name: &str) -> Option<Value> {
    let action = &run.machine.workflow().actions[PUSH.index()];
    let args = BTreeMap::from([("what".to_owned(), text(name))]);
    let mut all = run.machine.expected(&run.state, action, &args);
    assert_eq!(all.len(), 1);
    all.remove(0).1
}

#[test]
fn a_name_that_the_run_was_given_is_not_new() {
    let mut run = run();
    for given in ["trunk", "stable"] {
        assert_eq!(code(run.ask(&writer(), "work", "make", given)), RefusalCode::OutOfScope, "{given}");
    }
    // Another type's text names something else.
    for new in ["trunk-2", "word"] {
        run.ask(&writer(), "work", "make", new).unwrap();
    }
}

#[test]
fn a_result_that_is_an_argument_is_that_argument() {
    let mut run = run();
    let token = run.ask(&writer(), "work", "make", "feature").unwrap();
    run.claim(&token).unwrap();
    let complete = |name: &str| Event::Complete { jti: token.jti.clone(), result: text(name) };
    assert_eq!(code(run.apply(complete("another"))), RefusalCode::BadValue);
    assert_eq!(code(run.apply(complete("Feature"))), RefusalCode::BadValue);
    // Nobody knows what was done: whoever looks can only say that it was not, or that it was as asked for.
    run.apply(Event::Doubt { jti: token.jti.clone() }).unwrap();
    let resolve = |name: &str| Event::Resolve { jti: token.jti.clone(), result: Some(text(name)) };
    assert_eq!(code(run.apply(resolve("another"))), RefusalCode::BadValue);
    run.apply(resolve("feature")).unwrap();
}

#[test]
fn a_result_that_the_run_was_given_is_not_new() {
    let mut workflow = acting(anything());
    // The upstream decides the name.
    workflow.actions[0].clauses.is.clear();
    let own =
        LevelExpr { kind: "world.Branch".to_owned(), keys: vec![KeyExpr::Field(Vec::new())], deep: false };
    workflow.actions[0].clauses.makes[0].thing = ThingExpr::Path(vec![own]);
    let mut run = run_of(workflow);
    let token = run.ask(&writer(), "work", "make", "feature").unwrap();
    run.claim(&token).unwrap();
    let complete = |name: &str| Event::Complete { jti: token.jti.clone(), result: text(name) };
    assert_eq!(code(run.apply(complete("trunk"))), RefusalCode::BadValue);
    run.apply(complete("feature")).unwrap();
}

#[test]
fn what_something_is_made_in_is_there() {
    use xp_artifact::workflow::{Datum, ParamId};
    let word = Expr::Datum(Datum { root: Root::Param(ParamId(2)), fields: Vec::new() });
    let pins = [(MAKE, Pin::Any), (PUSH, Pin::Is(word))];
    let mut workflow =
        acting(pins.into_iter().map(|(action, pin)| grant(action, pin, 9, Per::Opening, None)).collect());
    // No names of git, which are compared with every parameter.
    workflow.kinds = kinds(Type::Text);
    for action in &mut workflow.actions {
        action.params[0].ty = Type::Text;
    }
    workflow.actions[0].result = Type::Text;
    let file = workflow.actions[1].clauses.changes.remove(0);
    let makes = vec![Making { thing: file, valid_while: Vec::new(), from: None }];
    workflow.actions[1].clauses = Clauses { makes, ..Clauses::default() };
    let mut run = run_of(workflow);
    assert_eq!(code(run.ask(&writer(), "work", "make", "word")), RefusalCode::OutOfScope);
    run.ask(&writer(), "work", "make", "words").unwrap();
}

#[test]
fn a_literal_says_nothing_about_existence() {
    let literal = Pin::Is(Expr::Literal(text("work")));
    let mut grants = anything();
    grants.push(grant(PUSH, literal, 1, Per::Opening, None));
    let mut run = run_of(acting(grants));
    make(&mut run, "work").unwrap();
}

#[test]
fn a_name_that_is_said_to_be_another_is_that_one() {
    use xp_artifact::workflow::{Datum, GrantIx, ParamId, StepId};
    // `said` hands on the parameter `word`, and a later step pushes to what it said.
    let mut made = acting(anything());
    made.params[2].ty = Type::List(Box::new(Type::Branch));
    let mut said = made.actions[PUSH.index()].clone();
    said.name = "said".to_owned();
    said.result = Type::Branch;
    said.clauses = Clauses {
        is: vec![Identity { field: Vec::new(), argument: 0, fields: Vec::new() }],
        ..Clauses::default()
    };
    made.actions.push(said);
    // A text key, so that only what the workflow names with it counts.
    let mut kinds: Vec<Kind> = made.kinds.clone().into();
    kinds[0].key[0].ty = Type::Text;
    made.kinds = Kinds::new(kinds).unwrap();
    made.params[2].ty = Type::Text;
    made.actions.iter_mut().for_each(|action| action.params[0].ty = Type::Text);
    made.actions[0].result = Type::Text;
    made.actions[4].result = Type::Text;
    let datum = |root| Pin::Is(Expr::Datum(Datum { root, fields: Vec::new() }));
    let given = datum(Root::Param(ParamId(2)));
    made.steps[0].grants.push(grant(ActionId(4), given, 1, Per::Opening, Some("said")));
    // Its own clauses may name it by the result, too.
    let mut read = made.clone();
    let own =
        LevelExpr { kind: "world.Branch".to_owned(), keys: vec![KeyExpr::Field(Vec::new())], deep: false };
    read.actions[4].clauses.reads = Some(vec![ThingExpr::Path(vec![own])]);
    let mut run = run_of(read);
    assert_eq!(code(make(&mut run, "word")), RefusalCode::OutOfScope);
    make(&mut run, "other").unwrap();
    let hands_on = datum(Root::Result { step: StepId(0), grant: GrantIx(4) });
    let outcomes = vec![outcome("done", How::Judged, Then::Settle)];
    let pushes = vec![grant(PUSH, hands_on, 1, Per::Opening, None)];
    made.steps.push(step("push", 0, xp_artifact::workflow::Formula::Is(atom(0, 0)), pushes, outcomes));
    let mut run = run_of(made);
    assert_eq!(code(make(&mut run, "word")), RefusalCode::OutOfScope);
    make(&mut run, "other").unwrap();
}

#[test]
fn what_was_made_is_not_new_until_it_is_removed() {
    let mut run = run();
    make(&mut run, "feature").unwrap();
    assert_eq!(code(make(&mut run, "feature")), RefusalCode::OutOfScope);
    // One of its files is gone, and the branch is not.
    run.act(&writer(), "work", "cut", "feature", "").unwrap();
    assert_eq!(code(make(&mut run, "feature")), RefusalCode::OutOfScope);
    run.act(&writer(), "work", "drop", "other", "").unwrap();
    assert_eq!(code(make(&mut run, "feature")), RefusalCode::OutOfScope);
    run.act(&writer(), "work", "drop", "feature", "").unwrap();
    make(&mut run, "feature").unwrap();
    assert_eq!(code(make(&mut run, "feature")), RefusalCode::OutOfScope);
}

#[test]
fn of_two_that_make_one_name_at_a_time_one_is_refused() {
    let mut run = run();
    let tokens = [(); 2].map(|()| run.ask(&writer(), "work", "make", "feature").unwrap());
    tokens.iter().for_each(|token| drop(run.claim(token).unwrap()));
    let [first, second] = tokens.map(|token| Event::Complete { jti: token.jti, result: text("feature") });
    run.apply(first).unwrap();
    assert_eq!(code(run.apply(second)), RefusalCode::BadValue);
}

#[test]
fn a_write_expects_the_version_last_seen() {
    let mut run = run();
    assert_eq!(expected(&run, "feature"), None);
    run.act(&writer(), "work", "push", "feature", "v1").unwrap();
    run.act(&writer(), "work", "push", "other", "w1").unwrap();
    assert_eq!(expected(&run, "feature"), Some(text("v1")));
    run.act(&writer(), "work", "push", "feature", "v2").unwrap();
    assert_eq!((expected(&run, "feature"), expected(&run, "other")), (Some(text("v2")), Some(text("w1"))));
    run.act(&writer(), "work", "drop", "feature", "").unwrap();
    assert_eq!((expected(&run, "feature"), expected(&run, "other")), (None, Some(text("w1"))));
}

#[test]
fn one_thing_is_written_once_at_a_time() {
    let mut run = run();
    let [first, second] = [(); 2].map(|()| run.ask(&writer(), "work", "push", "feature").unwrap());
    let other = run.ask(&writer(), "work", "push", "other").unwrap();
    run.claim(&first).unwrap();
    assert_eq!(code(run.claim(&second)), RefusalCode::InFlight);
    run.claim(&other).unwrap();
    run.complete(&first, true, "v1");
    run.claim(&second).unwrap();
    run.complete(&second, true, "v2");
    assert_eq!(expected(&run, "feature"), Some(text("v2")));
}
