//! Values of the types of amounts, times and sets, and values that may be absent, where they enter a run.

use std::collections::BTreeMap;

use xp_artifact::workflow::{
    ActionParam, Datum, Expr, Field, GrantIx, How, Param, Per, Pin, Root, StepId, Then,
};
use xp_artifact::workflow::{Record, Submission, Workflow};
use xp_machine::{Accepted, Event, Machine, RefusalCode, Start};
use xp_scope::{Type, Value};

use super::fixture::{
    READ, Run, TEST, WRITE, after, code, grant, judge, outcome, record, start, step, text, workflow,
};

fn euros() -> Type {
    Type::Decimal { scale: 2, unit: Some("EUR".to_owned()) }
}

fn set() -> Type {
    Type::Set(Box::new(Type::Text))
}

fn list(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|one| text(one)).collect())
}

fn param(name: &str, ty: Type, optional: bool) -> ActionParam {
    ActionParam { name: name.to_owned(), ty, default: None, optional }
}

/// `first { may write(amount: any, note: any) as bill; submit tags: set of text; outcome done if bill }`, and
/// `second after first { may test(amount: first.bill.total, note: first.bill.note); may read(amount: any) }`.
fn billing() -> Workflow {
    let mut first = step(
        "first",
        0,
        start(),
        Vec::new(),
        vec![outcome("done", How::JudgedIf(super::fixture::bound()), Then::Settle)],
    );
    let pins = |amount: Pin, note: Pin| vec![amount, note];
    let mut bill = grant(WRITE, Pin::Any, 5, Per::Opening, Some("bill"));
    bill.pins = pins(Pin::Any, Pin::Any);
    first.grants = vec![bill];
    first.submissions = vec![Submission { name: "tags".to_owned(), ty: set(), within: None, max: 3 }];
    let field = |name: &str| {
        let root = Root::Result { step: StepId(0), grant: GrantIx(0) };
        Pin::Is(Expr::Datum(Datum { root, fields: vec![name.to_owned()] }))
    };
    let mut same = grant(TEST, Pin::Any, 5, Per::Opening, None);
    same.pins = pins(field("total"), field("note"));
    let mut bare = grant(READ, Pin::Any, 5, Per::Opening, None);
    bare.pins = pins(Pin::Any, Pin::Absent);
    let second =
        step("second", 0, after(0, 0), vec![same, bare], vec![outcome("done", How::Judged, Then::Settle)]);
    let mut workflow = workflow(&["judge"], vec![first, second], vec![]);
    for action in &mut workflow.actions {
        action.params = vec![param("amount", euros(), false), param("note", Type::Text, true)];
        action.shows.clear();
        action.result = Type::Record("world.Bill".to_owned());
    }
    let field = |name: &str, ty, optional| Field { name: name.to_owned(), ty, optional };
    workflow.records = vec![Record {
        name: "world.Bill".to_owned(),
        fields: vec![
            field("total", euros(), false),
            field("due", Type::Time, false),
            field("grace", Type::Duration, false),
            field("page", Type::Url, false),
            field("tags", set(), false),
            field("note", Type::Text, true),
        ],
    }];
    workflow
}

fn bill(note: Option<&str>) -> Value {
    let mut fields = vec![
        ("total", text("12.50")),
        ("due", text("2026-11-26T18:00:00Z")),
        ("grace", Value::Int(60)),
        ("page", text("https://example.com/")),
        ("tags", list(&["a", "b"])),
    ];
    fields.extend(note.map(|note| ("note", text(note))));
    record(&fields)
}

fn changed(field: &str, value: Value) -> Value {
    let Value::Record(mut members) = bill(None) else { panic!("a record") };
    members.insert(field.to_owned(), value);
    Value::Record(members)
}

fn ask(
    run: &mut Run,
    step: &str,
    action: &str,
    args: &[(&str, Value)],
) -> Result<Accepted, xp_machine::Refusal> {
    run.next += 1;
    run.apply(Event::Request {
        jti: format!("t{}", run.next),
        actor: judge(),
        key: "key".to_owned(),
        step: step.to_owned(),
        action: format!("world.{action}"),
        grant: None,
        args: args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    })
}

/// A bill is asked for and claimed.
fn claimed(run: &mut Run) -> String {
    let Accepted::Granted { step, opening, req, .. } =
        ask(run, "first", "write", &[("amount", text("1.00"))]).unwrap()
    else {
        panic!("not granted")
    };
    let jti = format!("t{}", run.next);
    let claim = Event::Claim { jti: jti.clone(), actor: judge(), key: "key".to_owned(), step, opening, req };
    run.apply(claim).unwrap();
    jti
}

fn settled(note: Option<&str>) -> Run {
    let mut run = Run::of(billing());
    let jti = claimed(&mut run);
    run.apply(Event::Complete { jti, result: bill(note) }).unwrap();
    submit(&mut run, list(&["a", "b"])).unwrap();
    run.judge(&judge(), "first", "done").unwrap();
    assert!(run.open(1));
    run
}

fn submit(run: &mut Run, value: Value) -> Result<Accepted, xp_machine::Refusal> {
    run.apply(Event::Submit { actor: judge(), step: "first".to_owned(), name: "tags".to_owned(), value })
}

#[test]
fn an_argument_of_wrong_form_is_refused() {
    let mut run = Run::of(billing());
    for bad in [text("1"), text("1.0"), text("1.000"), text("01.00"), text("1.00 EUR"), Value::Int(1)] {
        let asked = ask(&mut run, "first", "write", &[("amount", bad.clone())]);
        assert_eq!(code(asked), RefusalCode::BadValue, "{bad:?}");
    }
    assert!(ask(&mut run, "first", "write", &[("amount", text("1.00"))]).is_ok());
}

#[test]
fn a_result_of_wrong_form_is_refused_and_the_use_stays_in_doubt() {
    let mut run = Run::of(billing());
    let jti = claimed(&mut run);
    let wrong = [
        changed("total", text("12.5")),
        changed("total", Value::Int(12)),
        changed("due", text("2026-11-26T18:00:00+00:00")),
        changed("due", text("2026-02-30T00:00:00Z")),
        changed("grace", Value::Int(-1)),
        changed("page", text("https://example.com")),
        changed("page", text("javascript:alert(1)")),
        changed("tags", list(&["b", "a"])),
        changed("tags", list(&["a", "a"])),
        changed("note", Value::Int(1)),
    ];
    for result in &wrong {
        let ended = run.apply(Event::Complete { jti: jti.clone(), result: result.clone() });
        assert_eq!(code(ended), RefusalCode::BadValue, "{result:?}");
    }
    // As the server does: the use is in doubt, and the same results resolve it as little.
    run.apply(Event::Doubt { jti: jti.clone() }).unwrap();
    for result in wrong {
        let resolved = run.apply(Event::Resolve { jti: jti.clone(), result: Some(result.clone()) });
        assert_eq!(code(resolved), RefusalCode::BadValue, "{result:?}");
    }
    assert!(run.apply(Event::Resolve { jti, result: Some(bill(None)) }).is_ok());
}

#[test]
fn a_set_that_is_handed_in_is_in_order() {
    let mut run = Run::of(billing());
    assert_eq!(code(submit(&mut run, list(&["b", "a"]))), RefusalCode::BadValue);
    assert_eq!(code(submit(&mut run, list(&["a", "a"]))), RefusalCode::BadValue);
    let sorted = run.machine.in_order(list(&["b", "a"]), &set());
    assert!(submit(&mut run, sorted).is_ok());
}

#[test]
fn an_absent_value_pins_an_absent_argument() {
    let total = || ("amount", text("12.50"));
    let mut without = settled(None);
    assert!(ask(&mut without, "second", "test", &[total()]).is_ok());
    let given = ask(&mut without, "second", "test", &[total(), ("note", text(""))]);
    assert!(matches!(code(given), RefusalCode::Unbound | RefusalCode::OutOfScope));
    let mut with = settled(Some("paid late"));
    assert_eq!(code(ask(&mut with, "second", "test", &[total()])), RefusalCode::BadValue);
    assert_eq!(
        code(ask(&mut with, "second", "test", &[total(), ("note", text("else"))])),
        RefusalCode::OutOfScope
    );
    assert!(ask(&mut with, "second", "test", &[total(), ("note", text("paid late"))]).is_ok());
}

#[test]
fn an_argument_that_the_grant_leaves_out_cannot_be_given() {
    let mut run = settled(None);
    let total = || ("amount", text("3.00"));
    assert_eq!(
        code(ask(&mut run, "second", "read", &[total(), ("note", text("x"))])),
        RefusalCode::OutOfScope
    );
    assert!(ask(&mut run, "second", "read", &[total()]).is_ok());
    // One that is not optional is never left out.
    assert_eq!(code(ask(&mut run, "second", "read", &[])), RefusalCode::BadValue);
}

#[test]
fn absence_and_presence_are_two_requests() {
    let mut run = Run::of(billing());
    let mut digest = |args: &[(&str, Value)]| match ask(&mut run, "first", "write", args) {
        Ok(Accepted::Granted { req, .. }) => req,
        other => panic!("not granted: {other:?}"),
    };
    let absent = digest(&[("amount", text("1.00"))]);
    let empty = digest(&[("amount", text("1.00")), ("note", text(""))]);
    assert_ne!(absent, empty);
}

#[test]
fn a_parameter_of_a_run_has_its_canonical_form() {
    let mut workflow = billing();
    workflow.params = vec![Param { name: "until".to_owned(), ty: Type::Time }];
    let machine = Machine::new(workflow).unwrap();
    let begun = |value: Value| {
        let params = BTreeMap::from([("until".to_owned(), value)]);
        let instances = BTreeMap::from([("world".to_owned(), "here".to_owned())]);
        machine.start(&Start { at: 1_000, params, instances, staff: BTreeMap::new(), starter: None })
    };
    assert!(begun(text("2026-11-26T18:00:00.250Z")).is_ok());
    assert_eq!(code(begun(text("2026-11-26T18:00:00.250000Z"))), RefusalCode::BadValue);
}

#[test]
fn only_an_optional_argument_is_left_out_by_a_grant() {
    let mut workflow = billing();
    workflow.steps[1].grants[1].pins[0] = Pin::Absent;
    assert!(Machine::new(workflow).is_err());
}

#[test]
fn a_thing_is_not_named_by_what_may_be_absent() {
    let mut workflow = billing();
    workflow.actions[1].clauses.finals = vec![1];
    assert!(Machine::new(workflow).is_err());
}
