//! What is answered without a search, beside what is not: guards with `or`, many outcomes of one step, loops that limits per
//! run keep from being used up, long traces.

use xp_artifact::question::{Extent, Question, Status};
use xp_artifact::workflow::{Effect, How, Per, Pin, Then};
use xp_diagnostics::Diagnostic;
use xp_scope::Type;
use xpc_model::Place;

use crate::build::{Build, all, any, ask, bound, effect, is, patterns, start};

/// `a {l, r}`; `x after a.l or a.r { may write }`.
#[test]
fn an_or_needs_all_its_ways() {
    let mut b = Build::new();
    let write = b.action("write", Effect::Write, &[]);
    let a = b.step("a", "r", start());
    let (l, r) = (b.judged(a, "l"), b.judged(a, "r"));
    let x = b.step("x", "r", any(&[l, r]));
    b.grant(x, write, vec![], 1, Per::Run);
    b.judged(x, "done");
    let w = b.done();
    let requires = |formula| ask(&w, Question::Requires(effect(Effect::Write), formula));
    let verdict = requires(any(&[l, r]));
    assert_eq!((verdict.status, verdict.because), (Status::Proved, vec![Place::After(x)]));
    assert_eq!(requires(is(l)).status, Status::Refuted);
}

/// `y` waits for `b`, and `b` for `a.ok`, which has a result as evidence that another step's use names.
#[test]
fn evidence_is_followed_to_what_it_rests_on() {
    for named in [true, false] {
        let mut b = Build::new();
        let (read, write) = (b.action("read", Effect::Read, &[]), b.action("write", Effect::Write, &[]));
        let a = b.step("a", "r", start());
        let g = b.grant(a, read, vec![], 1, Per::Opening);
        let ok = b.judged_if(a, "ok", bound(g));
        let no = b.judged(a, "no");
        let y = b.step("y", "r", if named { is(ok) } else { any(&[ok, no]) });
        b.grant(y, write, vec![], 1, Per::Run);
        b.judged(y, "done");
        let w = b.done();
        let verdict = ask(&w, Question::Requires(effect(Effect::Write), is(ok)));
        let expected = if named { Status::Proved } else { Status::Refuted };
        assert_eq!(verdict.status, expected, "{verdict:#?}");
    }
}

#[test]
fn many_outcomes_of_one_step_exclude_each_other() {
    for ways in [2, 4, 5, 9] {
        let mut b = Build::new();
        let a = b.step("a", "r", start());
        let outcomes: Vec<_> = (0..ways).map(|way| b.judged(a, &format!("way{way}"))).collect();
        let (first, last) = (outcomes[0], outcomes[ways - 1]);
        let x = b.step("x", "r", is(first));
        let one = b.judged(x, "done");
        let y = b.step("y", "r", is(last));
        let other = b.judged(y, "done");
        let z = b.step("z", "r", all(&[one, other]));
        b.judged(z, "done");
        b.finish(any(&[one, other]));
        let verdict = ask(&b.done(), Question::StepsOpen);
        assert_eq!((verdict.status, verdict.failures.len()), (Status::Refuted, 1), "{ways}: {verdict:#?}");
    }
}

/// `a` reads so many times per run, `c` sends it back twice at most.
#[test]
fn a_loop_that_runs_out_of_uses_is_never_used_up() {
    for (uses, evidence, expected) in [
        (1, true, Status::Refuted),
        (2, true, Status::Refuted),
        (3, true, Status::Proved),
        (1, false, Status::Proved),
    ] {
        let mut b = Build::new();
        let read = b.action("read", Effect::Read, &[]);
        let a = b.step("a", "r", start());
        let g = b.grant(a, read, vec![], uses, Per::Run);
        let done = if evidence { b.judged_if(a, "done", bound(g)) } else { b.judged(a, "done") };
        let c = b.step("c", "r", is(done));
        b.judged(c, "ok");
        b.reopen(c, "again", How::Judged, a, 2, Then::End);
        let verdict = ask(&b.done(), Question::OutcomesHappen);
        assert_eq!(verdict.status, expected, "{uses} {evidence}: {verdict:#?}");
    }
}

#[test]
fn a_long_trace_has_what_it_needs_and_nothing_else() {
    const STEPS: usize = 60;
    let mut b = Build::new();
    let (read, write) = (b.action("read", Effect::Read, &[]), b.action("write", Effect::Write, &[]));
    let beside = b.step("beside", "r", start());
    let wanted = b.judged(beside, "done");
    let mut guard = start();
    for number in 0..STEPS {
        let step = b.step(&format!("s{number}"), "r", guard);
        let g = b.grant(step, read, vec![], 3, Per::Opening);
        guard = is(b.judged_if(step, "done", bound(g)));
    }
    let last = b.step("last", "r", guard);
    b.grant(last, write, vec![], 1, Per::Run);
    b.judged(last, "done");
    let verdict = ask(&b.done(), Question::Requires(effect(Effect::Write), is(wanted)));
    assert_eq!(verdict.status, Status::Refuted);
    // One use and one settling a step, and the write.
    assert_eq!(verdict.failures[0].trace.as_ref().unwrap().events.len(), 2 * STEPS + 1);
}

/// `a {write} -> b {write}`, where `b` waits for the use in `a`: the run that shows the second use has the first one in it.
#[test]
fn each_failure_shows_a_use_of_its_own() {
    let mut b = Build::new();
    let write = b.action("write", Effect::Write, &[("path", Type::Path)]);
    let inside = |dir: &str| Pin::Within(patterns(&[dir]));
    let first = b.step("a", "r", start());
    let g = b.grant(first, write, vec![inside("a/**")], 1, Per::Run);
    let used = b.judged_if(first, "done", bound(g));
    let second = b.step("b", "r", is(used));
    b.grant(second, write, vec![inside("b/**")], 1, Per::Run);
    let never = b.judged(second, "done");
    let w = b.done();
    let all = || effect(Effect::Write);
    let elsewhere = Extent::Patterns(patterns(&["c/**"]));
    for question in
        [Question::Never(all()), Question::OnlyWithin(all(), elsewhere), Question::Requires(all(), is(never))]
    {
        let verdict = ask(&w, question);
        let last = |failure: &Diagnostic| failure.trace.as_ref().unwrap().events.last().unwrap().step.clone();
        assert_eq!(verdict.failures.iter().map(last).collect::<Vec<_>>(), ["a", "b"], "{verdict:#?}");
    }
}
