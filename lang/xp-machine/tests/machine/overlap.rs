//! Several grants of one step that one request fits.

use xp_artifact::workflow::{Expr, GrantIx, How, Per, Pin, Then, Workflow};
use xp_machine::RefusalCode;

use crate::fixture::{Run, WRITE, bound, code, grant, outcome, start, step, text, workflow, writer};

/// `may write(any) once as one; may write("a") once; may write("b") once as other`.
fn overlapping() -> Workflow {
    let is = |value: &str| Pin::Is(Expr::Literal(text(value)));
    let grants = vec![
        grant(WRITE, Pin::Any, 1, Per::Opening, Some("one")),
        grant(WRITE, is("a"), 1, Per::Opening, None),
        grant(WRITE, is("b"), 1, Per::Opening, Some("other")),
    ];
    let done = outcome("done", How::JudgedIf(bound()), Then::Settle);
    workflow(&["writer"], vec![step("work", 0, start(), grants, vec![done])], vec![])
}

#[test]
fn a_request_that_fits_several_is_refused_with_their_names() {
    let mut run = Run::of(overlapping());
    let refused = run.ask(&writer(), "work", "write", "a").unwrap_err();
    assert_eq!(refused.code, RefusalCode::Ambiguous);
    assert!(refused.reason.contains("`one`, `2` of step `work`"), "{}", refused.reason);
    // What is left of a limit changes nothing in that.
    run.ask_of(Some(GrantIx(0)), &writer(), "work", "write", "a").unwrap();
    assert_eq!(code(run.ask(&writer(), "work", "write", "a")), RefusalCode::Ambiguous);
    run.ask_of(Some(GrantIx(1)), &writer(), "work", "write", "a").unwrap();
    assert_eq!(code(run.ask(&writer(), "work", "write", "a")), RefusalCode::Ambiguous);
    // Its twin fits one grant only.
    assert_eq!(code(run.ask(&writer(), "work", "write", "c")), RefusalCode::UsedUp);
    let mut run = Run::of(overlapping());
    let token = run.ask(&writer(), "work", "write", "c").unwrap();
    run.claim(&token).unwrap();
}

#[test]
fn a_named_grant_alone_is_tried() {
    let mut run = Run::of(overlapping());
    let by = |run: &mut Run, ix, what| run.ask_of(Some(GrantIx(ix)), &writer(), "work", "write", what);
    assert_eq!(code(by(&mut run, 1, "b")), RefusalCode::OutOfScope);
    assert_eq!(code(by(&mut run, 3, "b")), RefusalCode::NotGranted);
    by(&mut run, 2, "b").unwrap();
    assert_eq!(code(by(&mut run, 2, "b")), RefusalCode::UsedUp);
    by(&mut run, 0, "b").unwrap();
    let wrong = run.ask_of(Some(GrantIx(0)), &writer(), "work", "test", "b");
    assert_eq!(code(wrong), RefusalCode::NotGranted);
}

#[test]
fn each_grant_has_one_name() {
    let workflow = overlapping();
    let step = &workflow.steps[0];
    let names: Vec<String> = (0..3).filter_map(|ix| step.grant_name(GrantIx(ix))).collect();
    assert_eq!(names, ["one", "2", "other"]);
    assert_eq!(step.grant_named("2"), Some(GrantIx(1)));
    assert_eq!(step.grant_named("other"), Some(GrantIx(2)));
    for other in ["1", "3", "02", "", "two"] {
        assert_eq!(step.grant_named(other), None);
    }
    let run = Run::of(overlapping());
    let offers = run.machine.offers(&run.state, &writer(), &|_| false);
    let offered: Vec<&str> = offers[0].grants.iter().map(|grant| grant.grant.as_str()).collect();
    assert_eq!(offered, names);
}
