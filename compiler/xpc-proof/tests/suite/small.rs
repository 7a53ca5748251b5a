//! Small workflows with known answers; several come from the review of the semantics, where earlier wordings broke.

use xp_artifact::declaration::{About, Identity, KeyExpr, LevelExpr, Making, ThingExpr};
use xp_artifact::question::{Extent, Question, Status};
use xp_artifact::workflow::{Action, Effect, Expr, How, Per, Pin, Then, Workflow};
use xp_diagnostics::EventKind;
use xp_scope::{Type, Value};
use xpc_model::{Place, Verdict};

use crate::build::{
    Build, action, all, any, ask, bound, datum, effect, flag, is, literal, model, named, patterns, prove,
    result, start, submitted,
};

fn status(workflow: &Workflow, question: Question) -> Status {
    let verdict = ask(workflow, question);
    replays(workflow, &verdict);
    verdict.status
}

fn replays(workflow: &Workflow, verdict: &Verdict) {
    for trace in verdict.failures.iter().filter_map(|failure| failure.trace.as_ref()) {
        xpc_proof::replay(&model(workflow.clone()), trace).unwrap();
    }
}

/// `x {l, r}`; `w by a after x.l { may write; ok; redo -> reopen x }`; `m by a after x.r { may merge }`. With so many
/// loops from `w` to `x`.
fn forgetting(loops: usize) -> Workflow {
    let mut b = Build::new();
    let write = b.action("write", Effect::Write, &[]);
    let merge = b.action("merge", Effect::Merge, &[]);
    let x = b.step("x", "b", start());
    let l = b.judged(x, "l");
    let r = b.judged(x, "r");
    let w = b.step("w", "a", is(l));
    b.grant(w, write, vec![], 1, Per::Opening);
    let ok = b.judged(w, "ok");
    for index in 0..loops {
        b.reopen(w, &format!("redo{index}"), How::Judged, x, 2, Then::End);
    }
    let m = b.step("m", "a", is(r));
    b.grant(m, merge, vec![], 1, Per::Run);
    let done = b.judged(m, "done");
    b.finish(any(&[ok, done]));
    b.done()
}

#[test]
fn history_is_not_one_map() {
    let both = || Question::NoRole(effect(Effect::Write), effect(Effect::Merge));
    for loops in [1, 50] {
        let verdict = ask(&forgetting(loops), both());
        assert_eq!(verdict.status, Status::Refuted);
        let trace = verdict.failures[0].trace.as_ref().unwrap();
        let reopened =
            trace.events.iter().filter(|event| matches!(event.kind, EventKind::Reopen { .. })).count();
        assert_eq!(reopened, 1);
        assert_eq!(trace.events.len(), 5, "{trace:#?}");
    }
    assert_eq!(status(&forgetting(0), both()), Status::Proved);
}

#[test]
fn eight_of_many_are_shown() {
    let mut b = Build::new();
    let write = b.action("write", Effect::Write, &[]);
    let approved = {
        let review = b.step("review", "q", start());
        b.judged(review, "approved")
    };
    for index in 0..40 {
        let step = b.step(&format!("s{index}"), "r", start());
        b.grant(step, write, vec![], 1, Per::Opening);
        b.judged(step, "done");
    }
    let w = b.done();
    let verdict = ask(&w, Question::Requires(effect(Effect::Write), is(approved)));
    assert_eq!(verdict.status, Status::Refuted);
    assert_eq!(verdict.failures.len(), 8);
}

#[test]
fn endings_are_not_settled() {
    let mut b = Build::new();
    let a = b.step("a", "r", start());
    let yes = b.judged(a, "yes");
    b.end(a, "no");
    let c = b.step("c", "r", is(yes));
    b.judged(c, "done");
    let w = b.done();
    for question in [Question::StepsOpen, Question::OutcomesHappen, Question::NeverStuck, Question::Progress]
    {
        assert_eq!(status(&w, question.clone()), Status::Proved, "{question:?}");
    }
}

#[test]
fn two_ways_stick_under_the_default_finish() {
    let mut b = Build::new();
    let a = b.step("a", "r", start());
    let l = b.judged(a, "l");
    let r = b.judged(a, "r");
    let x = b.step("b", "r", is(l));
    b.judged(x, "done");
    let y = b.step("c", "r", is(r));
    b.judged(y, "done");
    let verdict = ask(&b.done(), Question::NeverStuck);
    assert_eq!(verdict.status, Status::Refuted);
    assert_eq!(verdict.failures[0].code.id, "XP0603");
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 2);
}

#[test]
fn a_limit_per_run_strands_the_second_opening() {
    for (per, expected) in [(Per::Run, Status::Refuted), (Per::Opening, Status::Proved)] {
        let mut b = Build::new();
        let read = b.action("read", Effect::Read, &[]);
        let a = b.step("a", "r", start());
        let g = b.grant(a, read, vec![], 1, per);
        let done = b.auto(a, "done", bound(g));
        let c = b.step("b", "r", is(done));
        b.judged(c, "ok");
        b.reopen(c, "again", How::Judged, a, 2, Then::End);
        let w = b.done();
        let verdict = ask(&w, Question::Progress);
        assert_eq!(verdict.status, expected, "{verdict:#?}");
        replays(&w, &verdict);
        if per == Per::Run {
            // Use, settle, reopen: a is open and can never settle.
            assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 3);
            // The loop cannot be used up, and nobody claims that it can.
            assert_ne!(status(&w, Question::OutcomesHappen), Status::Proved);
        }
    }
}

#[test]
fn automatic_outcomes_exclude_each_other_and_cover() {
    let make = |second: bool, third: bool| {
        let mut b = Build::new();
        let read = b.action("read", Effect::Read, &[]);
        let a = b.step("a", "r", start());
        let g = b.grant(a, read, vec![], 1, Per::Opening);
        b.auto(a, "good", flag(a, g, true));
        if second {
            b.auto(a, "bad", flag(a, g, false));
        }
        if third {
            b.auto(a, "any", bound(g));
        }
        b.done()
    };
    assert_eq!(status(&make(true, false), Question::AutomaticOutcomes), Status::Proved);
    let none = ask(&make(false, false), Question::AutomaticOutcomes);
    assert_eq!((none.status, none.failures[0].code.id), (Status::Refuted, "XP0606"));
    let both = ask(&make(true, true), Question::AutomaticOutcomes);
    assert_eq!((both.status, both.failures[0].code.id), (Status::Refuted, "XP0605"));
    assert_eq!(status(&make(false, false), Question::Progress), Status::Refuted);
}

#[test]
fn a_name_made_on_some_ways_only() {
    let mut b = Build::new();
    let read = b.action("read", Effect::Read, &[]);
    let number = b.action("number", Effect::Read, &[("n", Type::Int)]);
    let a = b.step("a", "r", start());
    let g = b.grant(a, read, vec![], 1, Per::Opening);
    let with = b.judged_if(a, "with", bound(g));
    let without = b.judged(a, "without");
    let c = b.step("b", "r", any(&[with, without]));
    b.grant(c, number, vec![datum(&result(a, g, "number"))], 1, Per::Opening);
    b.judged(c, "ok");
    let mut w = b.done();
    let verdict = ask(&w, Question::NamesBound);
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0607"));
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 1);
    w.steps[1].after = is(with);
    assert_eq!(status(&w, Question::NamesBound), Status::Proved);
}

#[test]
fn requires_names_what_it_rests_on() {
    let mut b = Build::new();
    let merge = b.action("merge", Effect::Merge, &[]);
    let review = b.step("review", "s", start());
    let approved = b.judged(review, "approved");
    b.judged(review, "not_sure");
    let validate = b.step("validate", "q", is(approved));
    let passed = b.judged(validate, "passed");
    let m = b.step("merge", "r", is(passed));
    b.grant(m, merge, vec![], 1, Per::Run);
    let done = b.judged(m, "done");
    b.finish(is(done));
    let w = b.done();
    let verdict = ask(&w, Question::Requires(effect(Effect::Merge), all(&[approved, passed])));
    assert_eq!(verdict.status, Status::Proved);
    assert_eq!(verdict.because, vec![Place::AfterAtom(validate, approved), Place::AfterAtom(m, passed)]);
    assert_eq!(verdict.witness.unwrap(), vec![approved, passed]);

    let mut loose = w.clone();
    loose.steps[2].after = is(approved);
    let verdict = ask(&loose, Question::Requires(effect(Effect::Merge), all(&[approved, passed])));
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0620"));
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 2);
}

#[test]
fn nothing_to_say_is_vacuous() {
    let mut b = Build::new();
    let a = b.step("a", "r", start());
    let done = b.judged(a, "done");
    let w = b.done();
    let verdict = ask(&w, Question::Requires(effect(Effect::Merge), is(done)));
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Vacuous, "XP0630"));
    assert_eq!(status(&w, Question::Never(effect(Effect::Delete))), Status::Proved);
}

#[test]
fn principals_and_separation() {
    let make = |separate: bool| {
        let mut b = Build::new();
        let write = b.action("write", Effect::Write, &[]);
        let merge = b.action("merge", Effect::Merge, &[]);
        let x = b.step("x", "developer", start());
        b.grant(x, write, vec![], 3, Per::Opening);
        let ready = b.judged(x, "ready");
        let m = b.step("m", "release", is(ready));
        b.grant(m, merge, vec![], 1, Per::Run);
        b.judged(m, "done");
        if separate {
            let (one, other) = (b.role("developer"), b.role("release"));
            b.separate(&[one, other]);
        }
        b.done()
    };
    let question = || Question::NoPrincipal(effect(Effect::Write), effect(Effect::Merge));
    let verdict = ask(&make(true), question());
    assert_eq!((verdict.status, verdict.because), (Status::Proved, vec![Place::Separation(0)]));
    let verdict = ask(&make(false), question());
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0622"));
    assert!(verdict.failures[0].help.iter().any(|help| help == "add `separate roles developer, release`"));
    replays(&make(false), &verdict);
    assert_eq!(
        status(&make(false), Question::NoRole(effect(Effect::Write), effect(Effect::Merge))),
        Status::Proved
    );
}

#[test]
fn counting() {
    let make = |uses: u32, per: Per, looped: bool| {
        let mut b = Build::new();
        let merge = b.action("merge", Effect::Merge, &[]);
        let m = b.step("m", "r", start());
        b.grant(m, merge, vec![], uses, per);
        let ok = b.judged(m, "ok");
        if looped {
            let c = b.step("c", "r", is(ok));
            b.judged(c, "fine");
            b.reopen(c, "again", How::Judged, m, 3, Then::End);
        }
        b.done()
    };
    let at_most = |most: u32| Question::AtMost(effect(Effect::Merge), most);
    assert_eq!(status(&make(1, Per::Run, true), at_most(1)), Status::Proved);
    let verdict = ask(&make(3, Per::Run, false), at_most(1));
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0625"));
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 2);
    assert_eq!(status(&make(1, Per::Opening, true), at_most(4)), Status::Proved);
    let verdict = ask(&make(1, Per::Opening, true), at_most(3));
    assert_eq!(verdict.status, Status::Refuted);
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 10);
}

#[test]
fn alternatives_do_not_add_up() {
    let mut b = Build::new();
    let merge = b.action("merge", Effect::Merge, &[]);
    let x = b.step("x", "r", start());
    let (l, r) = (b.judged(x, "l"), b.judged(x, "r"));
    let mut ends = Vec::new();
    for (name, after) in [("a", l), ("b", r)] {
        let m = b.step(name, "r", is(after));
        b.grant(m, merge, vec![], 1, Per::Run);
        ends.push(b.judged(m, "done"));
    }
    b.finish(any(&ends));
    assert_eq!(status(&b.done(), Question::AtMost(effect(Effect::Merge), 1)), Status::Proved);
}

#[test]
fn irreversible_effects_in_loops() {
    let make = |per: Per| {
        let mut b = Build::new();
        let pay = b.action("pay", Effect::Pay, &[]);
        b.change(pay, |action| action.irreversible = true);
        let m = b.step("m", "r", start());
        b.grant(m, pay, vec![], 1, per);
        let ok = b.judged(m, "ok");
        let c = b.step("c", "r", is(ok));
        b.judged(c, "fine");
        b.reopen(c, "again", How::Judged, m, 3, Then::End);
        b.done()
    };
    assert_eq!(status(&make(Per::Run), Question::IrreversibleOnce), Status::Proved);
    let verdict = ask(&make(Per::Opening), Question::IrreversibleOnce);
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0611"));
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 4);
}

#[test]
fn paths_and_scopes() {
    let make = |pin: fn(xp_artifact::workflow::StepId) -> Pin| {
        let mut b = Build::new();
        let write = b.action("write", Effect::Write, &[("path", Type::Path)]);
        let p = b.step("p", "r", start());
        b.submission(p, Type::List(Box::new(Type::Path)), Some(patterns(&["src/**", "tests/**"])));
        let ok = b.judged(p, "ok");
        let w = b.step("w", "r", is(ok));
        b.grant(w, write, vec![pin(p)], 5, Per::Opening);
        b.judged(w, "done");
        (b.done(), p)
    };
    let list = |p| Question::OnlyWithin(action("write", vec![]), Extent::Datum(submitted(p)));
    let in_src = || Question::OnlyWithin(action("write", vec![]), Extent::Patterns(patterns(&["src/**"])));
    let one_of: fn(_) -> Pin = |p| Pin::OneOf { set: Expr::Datum(submitted(p)), within: None };
    let narrow: fn(_) -> Pin =
        |p| Pin::OneOf { set: Expr::Datum(submitted(p)), within: Some(patterns(&["src/**"])) };
    let docs: fn(_) -> Pin =
        |p| Pin::OneOf { set: Expr::Datum(submitted(p)), within: Some(patterns(&["docs/**"])) };
    let (w, p) = make(one_of);
    assert_eq!(status(&w, list(p)), Status::Proved);
    assert_eq!(status(&w, in_src()), Status::Refuted);
    assert_eq!(status(&w, Question::Scopes), Status::Proved);
    let (w, _) = make(narrow);
    assert_eq!(status(&w, in_src()), Status::Proved);
    let (w, _) = make(docs);
    assert_eq!(status(&w, Question::Scopes), Status::Refuted);
    assert_eq!(status(&w, in_src()), Status::Vacuous);
    for pin in [(|_| Pin::Any) as fn(_) -> Pin, |_| Pin::Within(patterns(&["src/**"]))] {
        let (w, p) = make(pin);
        let verdict = ask(&w, list(p));
        assert_eq!(
            (verdict.status, verdict.failures[0].code.id),
            (Status::Refuted, "XP0624"),
            "{verdict:#?}"
        );
        replays(&w, &verdict);
    }
}

#[test]
fn never_with_arguments() {
    let make = |fresh: bool, pin: Option<Pin>| {
        let mut b = Build::new();
        let main = b.param("main", Type::Branch);
        let create = b.action("create", Effect::Write, &[("name", Type::Branch)]);
        b.change(create, |action| {
            action.result = Type::Branch;
            if fresh {
                makes_its_name(action);
            }
        });
        let write = b.action("write", Effect::Write, &[("branch", Type::Branch)]);
        let s = b.step("s", "r", start());
        let g = b.grant(s, create, vec![literal("topic")], 1, Per::Run);
        let ok = b.auto(s, "ok", bound(g));
        let w = b.step("w", "r", is(ok));
        let pin = pin.unwrap_or_else(|| datum(&result(s, g, "")));
        b.grant(w, write, vec![pin], 5, Per::Opening);
        b.judged(w, "done");
        (b.done(), main)
    };
    let never = |main| Question::Never(action("write", vec![(0, Expr::Datum(main))]));
    let (w, main) = make(true, None);
    assert_eq!(status(&w, never(main)), Status::Proved);
    let (w, main) = make(false, None);
    assert_eq!(status(&w, never(main)), Status::Refuted);
    for pin in [Pin::Any, literal("trunk"), Pin::Content { max: 9 }] {
        let (w, main) = make(true, Some(pin));
        let verdict = ask(&w, never(main));
        assert_eq!(
            (verdict.status, verdict.failures[0].code.id),
            (Status::Refuted, "XP0623"),
            "{verdict:#?}"
        );
        replays(&w, &verdict);
    }
    let other = Question::Never(action("write", vec![(0, Expr::Literal(Value::Text("other".to_owned())))]));
    let (w, _) = make(true, Some(literal("trunk")));
    assert_eq!(status(&w, other), Status::Proved);
}

/// The action makes the branch that its first argument names, and says so.
fn makes_its_name(action: &mut Action) {
    let thing = named("Branch", 0);
    action.clauses.makes = vec![Making { thing, valid_while: Vec::new(), from: None }];
    action.clauses.is = vec![Identity { field: Vec::new(), argument: 0, fields: Vec::new() }];
}

fn of_main() -> ThingExpr {
    let keys = vec![KeyExpr::Literal(Value::Text("main".to_owned()))];
    ThingExpr::Path(vec![LevelExpr { kind: "c.Branch".to_owned(), keys, deep: false }])
}

const BRANCH: (&str, u32) = ("Branch", 0);
const COMMIT: (&str, u32) = ("Commit", 1);

/// Write, test, merge: with the tests after the write, or beside another one. The tests are about a kind, named by an argument.
fn tested(beside: bool, about: (&str, u32)) -> Workflow {
    let mut b = Build::new();
    let create = b.action("create", Effect::Write, &[("name", Type::Branch)]);
    b.change(create, |action| {
        action.result = Type::Branch;
        makes_its_name(action);
    });
    let write = b.action("write", Effect::Write, &[("branch", Type::Branch)]);
    b.change(write, |action| action.clauses.changes = vec![named("Branch", 0)]);
    let test = b.action("test", Effect::Execute, &[("branch", Type::Branch), ("commit", Type::Commit)]);
    b.change(test, |action| {
        action.attests = true;
        action.clauses.about = vec![About { fields: Vec::new(), things: vec![named(about.0, about.1)] }];
    });
    let merge = b.action("merge", Effect::Merge, &[("commit", Type::Commit), ("onto", Type::Commit)]);
    b.change(merge, |action| action.clauses.changes = vec![of_main()]);
    let s = b.step("s", "r", start());
    let branch = b.grant(s, create, vec![literal("topic")], 1, Per::Run);
    let made = b.auto(s, "made", bound(branch));
    let i = b.step("i", "r", is(made));
    let change = b.grant(i, write, vec![datum(&result(s, branch, ""))], 9, Per::Opening);
    let ready = b.judged_if(i, "ready", bound(change));
    if beside {
        let x = b.step("x", "r", is(made));
        b.grant(x, write, vec![datum(&result(s, branch, ""))], 9, Per::Opening);
        b.judged(x, "done");
    }
    let t = b.step("t", "r", is(ready));
    let pins = vec![datum(&result(s, branch, "")), datum(&result(i, change, "commit"))];
    let tests = b.grant(t, test, pins, 1, Per::Opening);
    let passed = b.auto(t, "passed", flag(t, tests, true));
    b.reopen(t, "failed", How::Auto(flag(t, tests, false)), i, 2, Then::End);
    let m = b.step("m", "r", is(passed));
    let commit = datum(&result(t, tests, "commit"));
    b.grant(m, merge, vec![commit.clone(), commit], 1, Per::Run);
    b.judged(m, "done");
    b.done()
}

#[test]
fn stale_evidence() {
    assert_eq!(status(&tested(false, BRANCH), Question::FreshEvidence), Status::Proved);
    let verdict = ask(&tested(true, BRANCH), Question::FreshEvidence);
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0610"), "{verdict:#?}");
    replays(&tested(true, BRANCH), &verdict);
    // A commit is what it is: the branch may be written meanwhile.
    assert_eq!(status(&tested(true, COMMIT), Question::FreshEvidence), Status::Proved);
}

#[test]
fn deployments_are_reviewed() {
    let make = |review: bool| {
        let mut b = Build::new();
        let commit = b.param("commit", Type::Commit);
        let deploy = b.action("deploy", Effect::Deploy, &[("commit", Type::Commit)]);
        b.change(deploy, |action| action.clauses.finals = vec![0]);
        let look = b.action("look", Effect::Read, &[]);
        b.change(look, |action| action.shows = vec!["commit".to_owned()]);
        let r = b.step("r", "s", start());
        b.grant(r, look, vec![], 5, Per::Opening);
        let seen = if review { b.judged_of(r, "fine", &commit) } else { b.judged(r, "fine") };
        let d = b.step("d", "r", is(seen));
        b.grant(d, deploy, vec![datum(&commit)], 1, Per::Run);
        b.judged(d, "done");
        b.done()
    };
    assert_eq!(status(&make(true), Question::ReviewedBeforeDeploy), Status::Proved);
    assert_eq!(status(&make(true), Question::OutcomesHappen), Status::Proved);
    let verdict = ask(&make(false), Question::ReviewedBeforeDeploy);
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0612"));
}

#[test]
fn what_cannot_be_shown_cannot_be_judged() {
    let mut b = Build::new();
    let commit = b.param("commit", Type::Commit);
    let r = b.step("r", "s", start());
    b.judged_of(r, "fine", &commit);
    b.end(r, "no");
    let verdict = ask(&b.done(), Question::OutcomesHappen);
    assert_eq!((verdict.status, verdict.failures[0].code.id), (Status::Refuted, "XP0602"));
}

#[test]
fn exclusive_ways_never_meet() {
    let mut b = Build::new();
    let a = b.step("a", "r", start());
    let (l, r) = (b.judged(a, "l"), b.judged(a, "r"));
    let c = b.step("c", "r", all(&[l, r]));
    let done = b.judged(c, "done");
    let d = b.step("d", "r", is(done));
    b.judged(d, "done");
    let w = b.done();
    let verdict = ask(&w, Question::StepsOpen);
    assert_eq!(
        (verdict.status, verdict.failures.len()),
        (Status::Refuted, 1),
        "only the first cause is shown"
    );
    assert_eq!(verdict.failures[0].code.id, "XP0601");
    assert_eq!(status(&w, Question::OutcomesHappen), Status::Refuted);
}

#[test]
fn an_exhausted_outcome_can_continue() {
    let mut b = Build::new();
    let merge = b.action("merge", Effect::Merge, &[]);
    let a = b.step("a", "r", start());
    let ok = b.judged(a, "ok");
    let c = b.step("c", "r", is(ok));
    let (_, gave_up) = b.reopen(c, "again", How::Judged, a, 2, Then::Settle);
    let d = b.step("d", "r", is(gave_up));
    b.grant(d, merge, vec![], 1, Per::Run);
    b.judged(d, "done");
    let w = b.done();
    for question in [Question::StepsOpen, Question::OutcomesHappen, Question::NeverStuck, Question::Progress]
    {
        assert_eq!(status(&w, question.clone()), Status::Proved, "{question:?}");
    }
    let verdict = ask(&w, Question::Requires(effect(Effect::Merge), Formula::Any(vec![])));
    assert_eq!(verdict.status, Status::Refuted);
    // ok, again, ok, again, ok, gave_up, merge.
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 7);
}

#[test]
fn nothing_is_asked_and_nothing_answered() {
    assert_eq!(prove(&model(forgetting(0)), &[]).len(), 0);
}

use xp_artifact::workflow::Formula;
