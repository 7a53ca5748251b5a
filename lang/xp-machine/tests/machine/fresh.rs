//! What is made must be new: neither asked for nor answered under a name that the run was given.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Param, Per, Pin, Record, Workflow};
use xp_machine::{Event, Machine, RefusalCode, Start};
use xp_scope::{Type, Value};

use crate::fixture::{Run, WRITE, code, grant, outcome, record, start, step, text, workflow, writer};

/// One step makes a branch of any name; the run is given a repository with a default branch.
fn making() -> Workflow {
    use xp_artifact::workflow::{Field, How, Then};
    let grants = vec![grant(WRITE, Pin::Any, 5, Per::Opening, Some("made"))];
    let outcomes = vec![outcome("done", How::Judged, Then::Settle)];
    let mut made = workflow(&["writer"], vec![step("make", 0, start(), grants, outcomes)], vec![]);
    let field = Field { name: "main".to_owned(), ty: Type::Branch };
    made.records.push(Record { name: "world.Repo".to_owned(), fields: vec![field] });
    let list = Type::List(Box::new(Type::Branch));
    made.params = vec![
        Param { name: "repo".to_owned(), ty: Type::Record("world.Repo".to_owned()) },
        Param { name: "others".to_owned(), ty: list },
        Param { name: "word".to_owned(), ty: Type::Text },
    ];
    let action = &mut made.actions[0];
    action.fresh = true;
    action.params[0].ty = Type::Branch;
    action.result = Type::Branch;
    made
}

fn run() -> Run {
    let machine = Machine::new(making()).unwrap();
    let params = BTreeMap::from([
        ("repo".to_owned(), record(&[("main", text("trunk"))])),
        ("others".to_owned(), Value::List(vec![text("stable")])),
        ("word".to_owned(), text("word")),
    ]);
    let instances = BTreeMap::from([("world".to_owned(), "here".to_owned())]);
    let state = machine.start(&Start { at: 1_000, params, instances, staff: BTreeMap::new() }).unwrap();
    Run::at(machine, state)
}

#[test]
fn a_name_that_the_run_was_given_is_not_new() {
    let mut run = run();
    for given in ["trunk", "stable"] {
        assert_eq!(code(run.ask(&writer(), "make", "write", given)), RefusalCode::OutOfScope, "{given}");
    }
    // Another type's text names something else.
    for new in ["trunk-2", "word"] {
        run.ask(&writer(), "make", "write", new).unwrap();
    }
}

#[test]
fn a_result_that_the_run_was_given_is_not_new() {
    let mut run = run();
    let token = run.ask(&writer(), "make", "write", "feature").unwrap();
    run.claim(&token).unwrap();
    let complete = |name: &str| Event::Complete { jti: token.jti.clone(), result: text(name) };
    assert_eq!(code(run.apply(complete("trunk"))), RefusalCode::BadValue);
    run.apply(complete("feature")).unwrap();
}
