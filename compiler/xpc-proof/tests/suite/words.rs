//! What a refutation says is so in the run that it shows.

use xp_artifact::declaration::Making;
use xp_artifact::question::{Extent, Question, Status};
use xp_artifact::workflow::{Effect, Expr, Per, Pin};
use xp_scope::Type;

use crate::build::{Build, ask, bound, datum, effect, is, literal, named, patterns, start, submitted};

#[test]
fn the_path_outside_is_that_of_the_run() {
    let mut b = Build::new();
    let write = b.action("write", Effect::Write, &[("path", Type::Path)]);
    let hand = b.step("hand", "a", start());
    b.submission(hand, Type::Path, Some(patterns(&["docs/**"])));
    let handed = b.judged(hand, "done");
    let list = b.step("list", "a", is(handed));
    b.submission(list, Type::List(Box::new(Type::Path)), Some(patterns(&["docs/a/**"])));
    let listed = b.judged(list, "done");
    let step = b.step("w", "a", is(listed));
    b.grant(step, write, vec![datum(&submitted(hand))], 1, Per::Opening);
    b.judged(step, "done");
    let within = Extent::Datum(submitted(list));
    let verdict = ask(&b.done(), Question::OnlyWithin(effect(Effect::Write), within));
    assert_eq!(verdict.status, Status::Refuted, "{}", verdict.reason);
    let message = &verdict.failures[0].message;
    assert!(message.contains("`docs/") && !message.contains("elsewhere"), "{message}");
}

#[test]
fn what_is_limited_is_not_to_be_limited_again() {
    let helps = |uses: u32| {
        let mut b = Build::new();
        let pay = b.action("pay", Effect::Pay, &[("what", Type::Text)]);
        let first = b.step("first", "a", start());
        b.grant(first, pay, vec![literal("a")], uses, Per::Run);
        let done = b.judged(first, "done");
        let second = b.step("second", "a", is(done));
        b.grant(second, pay, vec![literal("b")], 1, Per::Run);
        b.judged(second, "done");
        let verdict = ask(&b.done(), Question::AtMost(effect(Effect::Pay), 1));
        assert_eq!(verdict.status, Status::Refuted, "{}", verdict.reason);
        verdict.failures[0].help.concat()
    };
    assert!(!helps(1).contains("max 1 per run") && helps(1).contains("count together"), "{}", helps(1));
    assert!(helps(2).contains("max 1 per run"), "{}", helps(2));
}

/// Whoever can choose a name that does not run out needs no parameter to be called otherwise.
#[test]
fn a_name_out_of_a_list_may_be_that_of_a_parameter() {
    let assumed = |list: bool, pin: &dyn Fn(Expr) -> Pin| {
        let mut b = Build::new();
        b.param("old", Type::Branch);
        let create = b.action("create", Effect::Write, &[("name", Type::Branch)]);
        b.change(create, |action| {
            let thing = named("Branch", 0);
            action.clauses.makes = vec![Making { thing, valid_while: Vec::new(), from: None }];
        });
        let hand = b.step("hand", "a", start());
        b.submission(hand, if list { Type::List(Box::new(Type::Branch)) } else { Type::Branch }, None);
        let handed = b.judged(hand, "done");
        let make = b.step("make", "a", is(handed));
        let made = b.grant(make, create, vec![pin(Expr::Datum(submitted(hand)))], 1, Per::Opening);
        b.auto(make, "done", bound(made));
        let verdict = ask(&b.done(), Question::Progress);
        assert_eq!(verdict.status, Status::Proved, "{}", verdict.reason);
        verdict.assuming
    };
    let words = "no parameter is called like what `c.create` makes in step `make`";
    assert_eq!(assumed(true, &|set| Pin::OneOf { set, within: None }), [words]);
    assert_eq!(assumed(false, &Pin::Is), [words]);
    assert_eq!(assumed(false, &|_| Pin::Any), [""; 0]);
}
