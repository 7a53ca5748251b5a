//! The world answers as it likes, and limits may be absurd.

use xp_artifact::question::{Extent, Question, Status};
use xp_artifact::workflow::{Datum, Effect, Expr, How, Per, Pin, TemplatePart, Then, Workflow};
use xp_scope::{Type, Value};
use xpc_model::Verdict;

use crate::build::{
    Build, action, ask, bound, datum, effect, is, model, param, patterns, result, start, submitted,
};

fn asked(workflow: &Workflow, question: Question) -> Verdict {
    let verdict = ask(workflow, question);
    for trace in verdict.failures.iter().filter_map(|failure| failure.trace.as_ref()) {
        xpc_proof::replay(&model(workflow.clone()), trace).unwrap();
    }
    verdict
}

#[track_caller]
fn progress(workflow: &Workflow, expected: Status) -> Verdict {
    let verdict = asked(workflow, Question::Progress);
    assert_eq!(verdict.status, expected, "{verdict:#?}");
    if expected == Status::Refuted {
        assert!(verdict.failures[0].trace.is_some());
    }
    verdict
}

/// `review { may look(head) so often; outcome approved of head; with another: outcome other }`.
fn shown(ty: &Type, field: &str, uses: u32, another: bool) -> Workflow {
    let mut b = Build::new();
    let head = b.param("head", ty.clone());
    let look = b.action("look", Effect::Read, &[("of", ty.clone())]);
    b.change(look, |action| action.shows = vec![field.to_owned()]);
    let review = b.step("review", "r", start());
    b.grant(review, look, vec![datum(&head)], uses, Per::Opening);
    b.judged_of(review, "approved", &head);
    if another {
        b.judged(review, "other");
    }
    b.done()
}

#[test]
fn the_world_may_show_something_else() {
    for (ty, field) in [(Type::Commit, "commit"), (Type::Int, "number"), (Type::Bool, "ok")] {
        for uses in [1, 3] {
            let verdict = progress(&shown(&ty, field, uses, false), Status::Refuted);
            let trace = verdict.failures[0].trace.as_ref().unwrap();
            assert_eq!(trace.events.len(), usize::try_from(uses).unwrap(), "{trace:#?}");
        }
        progress(&shown(&ty, field, 1, true), Status::Proved);
    }
}

#[test]
fn what_another_judge_was_shown_is_no_showing_either() {
    let mut b = Build::new();
    let look = b.action("look", Effect::Read, &[]);
    b.change(look, |action| action.shows = vec!["commit".to_owned()]);
    let a = b.step("a", "r", start());
    let seen = b.grant(a, look, vec![], 1, Per::Opening);
    let done = b.auto(a, "done", bound(seen));
    let review = b.step("review", "q", is(done));
    b.grant(review, look, vec![], 2, Per::Opening);
    b.judged_of(review, "approved", &result(a, seen, "commit"));
    progress(&b.done(), Status::Refuted);
}

/// `a { may find as g; submit s; outcome done }`; `b after a.done { may read(pin) twice as t; outcome done if t }`.
fn choosing(within: Option<&[&str]>, pin: impl Fn(Datum, Datum) -> Pin) -> Workflow {
    let mut b = Build::new();
    let find = b.action("find", Effect::Read, &[]);
    let read = b.action("read", Effect::Read, &[("path", Type::Path)]);
    let a = b.step("a", "r", start());
    let g = b.grant(a, find, vec![], 1, Per::Opening);
    b.submission(a, Type::List(Box::new(Type::Path)), within.map(patterns));
    let done = b.auto(a, "done", bound(g));
    let c = b.step("b", "r", is(done));
    let t = b.grant(c, read, vec![pin(result(a, g, "paths"), submitted(a))], 2, Per::Opening);
    b.judged_if(c, "done", bound(t));
    b.done()
}

fn one_of(set: Datum, within: Option<&[&str]>) -> Pin {
    Pin::OneOf { set: Expr::Datum(set), within: within.map(patterns) }
}

#[test]
fn a_list_of_the_world_may_be_empty() {
    progress(&choosing(None, |found, _| one_of(found, None)), Status::Refuted);
    progress(&choosing(None, |found, _| one_of(found, Some(&["src/**"]))), Status::Refuted);
    progress(&choosing(None, |_, handed_in| one_of(handed_in, None)), Status::Proved);
}

#[test]
fn what_is_handed_in_may_lie_elsewhere() {
    let wide: &[&str] = &["src/**", "tests/**"];
    let narrow: &[&str] = &["src/**"];
    progress(&choosing(Some(wide), |_, handed_in| one_of(handed_in, Some(narrow))), Status::Refuted);
    progress(&choosing(None, |_, handed_in| one_of(handed_in, Some(narrow))), Status::Refuted);
    progress(&choosing(Some(narrow), |_, handed_in| one_of(handed_in, Some(wide))), Status::Proved);
}

#[test]
fn a_parameter_list_may_be_empty() {
    let list = Type::List(Box::new(Type::Path));
    let mut b = Build::new();
    let files = b.param("files", list);
    let read = b.action("read", Effect::Read, &[("path", Type::Path)]);
    let a = b.step("a", "r", start());
    let t = b.grant(a, read, vec![one_of(files, None)], 1, Per::Opening);
    b.auto(a, "done", bound(t));
    progress(&b.done(), Status::Refuted);
}

#[test]
fn a_name_made_of_text_may_be_no_name() {
    for (made_of, of, expected) in [
        (Type::Text, Type::Branch, Status::Refuted),
        (Type::Text, Type::Path, Status::Refuted),
        (Type::Text, Type::Text, Status::Proved),
        (Type::Int, Type::Branch, Status::Proved),
        (Type::Int, Type::Path, Status::Proved),
        // May become too long; no example is looked for.
        (Type::Branch, Type::Branch, Status::Unknown),
    ] {
        let mut b = Build::new();
        b.param("title", made_of.clone());
        let make = b.action("make", Effect::Write, &[("name", of)]);
        let a = b.step("a", "r", start());
        let parts = vec![TemplatePart::Text("fix-".to_owned()), TemplatePart::Datum(param(0))];
        let t = b.grant(a, make, vec![Pin::Is(Expr::Template(parts))], 1, Per::Run);
        b.auto(a, "done", bound(t));
        let verdict = progress(&b.done(), expected);
        if expected == Status::Unknown {
            assert!(verdict.reason.contains("add an outcome"), "{}", verdict.reason);
        }
    }
}

/// `a { may edit(within src, more) }` where `more` is a record with a path in a list.
fn inside_a_record(more: Pin) -> Workflow {
    let mut b = Build::new();
    let record = Type::Record("c.R".to_owned());
    let edit = b.action("edit", Effect::Write, &[("first", Type::Path), ("more", record)]);
    let a = b.step("a", "r", start());
    b.grant(a, edit, vec![Pin::Within(patterns(&["src/**"])), more], 1, Per::Opening);
    b.judged(a, "done");
    b.done()
}

#[test]
fn paths_inside_records_are_looked_at() {
    let only = || {
        let uses = action("edit", Vec::new());
        Question::OnlyWithin(uses, Extent::Patterns(patterns(&["src/**"])))
    };
    let record = |path: &str| {
        let text = |text: &str| Value::Text(text.to_owned());
        let members = [
            ("commit", text(&"a".repeat(40))),
            ("number", Value::Int(1)),
            ("ok", Value::Bool(true)),
            ("paths", Value::List(vec![text("src/a"), text(path)])),
        ];
        Value::Record(members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    };
    let literal = |path: &str| Pin::Is(Expr::Literal(record(path)));
    assert_eq!(asked(&inside_a_record(literal("src/b")), only()).status, Status::Proved);
    for more in [Pin::Any, literal("docs/b")] {
        let verdict = asked(&inside_a_record(more), only());
        assert_eq!(verdict.status, Status::Unknown, "{verdict:#?}");
        assert!(verdict.reason.contains("`more`"), "{}", verdict.reason);
    }
}

const ABSURD: u32 = 4_000_000_000;

#[test]
fn absurd_limits_are_not_counted_out_in_progress() {
    for (per, again) in [(Per::Opening, false), (Per::Run, true)] {
        let mut b = Build::new();
        let test = b.action("test", Effect::Execute, &[]);
        let a = b.step("a", "r", start());
        let t = b.grant(a, test, vec![], ABSURD, per);
        let done = b.judged_if(a, "done", if again { bound(t) } else { crate::build::flag(a, t, true) });
        if again {
            let c = b.step("b", "r", is(done));
            b.judged(c, "good");
            b.reopen(c, "again", How::Judged, a, 1, Then::End);
        }
        let verdict = progress(&b.done(), Status::Unknown);
        assert!(verdict.reason.contains("too many events"), "{}", verdict.reason);
    }
}

/// So many steps with a grant of so many uses, and a loop back to the first.
fn talking(steps: usize, uses: u32, rounds: Option<u32>) -> Workflow {
    let mut b = Build::new();
    let talk = b.action("talk", Effect::Discuss, &[]);
    let mut first = None;
    for index in 0..steps {
        let a = b.step(&format!("a{index}"), "r", start());
        b.grant(a, talk, vec![], uses, Per::Opening);
        let done = b.judged(a, "done");
        first = first.or(Some((a, done)));
    }
    if let (Some((target, done)), Some(max)) = (first, rounds) {
        let again = b.step("again", "r", is(done));
        b.judged(again, "good");
        b.reopen(again, "back", How::Judged, target, max, Then::End);
    }
    b.done()
}

#[test]
fn absurd_limits_are_not_counted_out_in_at_most() {
    for (steps, uses, rounds, most) in [
        (1, 2_100_000_000, None, 2_000_000_000),
        (2, 2_100_000_000, None, 2_147_483_646),
        (5, 1_000_000_000, None, 1_900_000_000),
        (9, 500_000_000, None, 2_147_483_646),
        (1, ABSURD, Some(ABSURD), 4_100_000_000),
        (1, 60_000, Some(3), 70_000),
    ] {
        let workflow = talking(steps, uses, rounds);
        let verdict = asked(&workflow, Question::AtMost(effect(Effect::Discuss), most));
        assert_eq!(verdict.status, Status::Unknown, "{steps} {uses} {rounds:?} {most}: {verdict:#?}");
        assert!(!verdict.reason.is_empty());
    }
    let few = talking(3, 1_000_000_000, None);
    let verdict = asked(&few, Question::AtMost(effect(Effect::Discuss), 3_000_000_000));
    assert_eq!(verdict.status, Status::Proved);
}
