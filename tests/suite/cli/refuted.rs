//! Edits that break the example. Each is refuted with a trace that the machine accepts, that ends in the
//! violation, and of which no event can be omitted; the edit or its surroundings are underlined.

use serde_json::Value as Json;
use xp_artifact::workflow::Effect;
use xp_machine::{Machine, Status};
use xp_scope::Value;

use super::replay::{Run, compiled, replay, trace};
use super::{check, edited, line, list, text};

/// Applies the edit and asserts that `clause` is refuted by a run that ends in `harm`.
#[track_caller]
fn refutes(from: &str, to: &str, clause: &str, harm: fn(&Run<'_>) -> bool) {
    let source = edited(from, to);
    let (ran, object) = check(&source);
    let ran = ran.exits(3);
    let obligations = list(&list(&object, "workflows")[0], "obligations");
    let machine = Machine::new(compiled(&source)).expect("well-formed");
    let mut refuted = Vec::new();
    for one in obligations.iter().filter(|one| one["status"] == "refuted") {
        refuted.push(text(one, "source"));
        let (events, example) = trace(one);
        // Every refuted clause has a trace that the machine accepts.
        let run =
            replay(&machine, &events, &example).unwrap_or_else(|why| panic!("{clause}: {why}\n{one:#}"));
        if one["source"] != clause {
            continue;
        }
        assert!(harm(&run), "the run does not end in the harm: {one:#}");
        for left_out in 0..events.len() {
            let mut fewer = events.clone();
            let gone = fewer.remove(left_out);
            if let Ok(run) = replay(&machine, &fewer, &example) {
                assert!(!harm(&run), "event {} is not needed: {gone:#}", left_out + 1);
            }
        }
    }
    assert!(refuted.contains(&clause), "`{clause}` is not refuted, only {refuted:?}\n{ran}");
    underlines(&source, from, to, clause, &object, &ran.talk);
}

/// Asserts that an error underlines a line of the edit, a line next to it, its step, or the violated clause.
#[track_caller]
fn underlines(source: &str, from: &str, to: &str, clause: &str, object: &Json, talk: &str) {
    let original = super::example_text();
    let at = original.find(from).expect("the edit's place");
    let first = original[..at].matches('\n').count() as u64 + 1;
    let last = first + to.trim_end().matches('\n').count() as u64;
    let lines: Vec<&str> = source.lines().collect();
    let head = (0..last as usize).rev().find(|index| lines[*index].starts_with("  step ")).unwrap_or(0);
    let tail = (head..lines.len()).find(|index| lines[*index] == "  }").unwrap_or(head);
    let asked = lines.iter().position(|line| line.trim() == clause).map(|index| index as u64 + 1);
    let near = |at: u64| {
        (first.saturating_sub(1)..=last + 1).contains(&at)
            || (head as u64 + 1..=tail as u64 + 1).contains(&at) && first > head as u64
            || asked.is_some_and(|asked| at.abs_diff(asked) <= 1)
    };
    let errors: Vec<&Json> =
        list(object, "diagnostics").iter().filter(|one| one["severity"] == "error").collect();
    let places: Vec<u64> = errors.iter().map(|one| line(&one["span"])).collect();
    assert!(places.iter().any(|at| near(*at)), "underlined: {places:?}, edited: {first} to {last}\n{talk}");
    for one in &errors {
        assert!(!list(one, "help").is_empty(), "no cure: {one:#}");
    }
}

const MERGE: &str = "after review_code.approved and validate.passed {";
const REQUIRES: &str = "prove effect merge requires review_code.approved and validate.passed";
const WRITE: &str = "github.contents.write";

fn merged_unready(run: &Run<'_>) -> bool {
    let workflow = run.machine.workflow();
    run.used.last().is_some_and(|last| {
        let ready = Run::settled(&last.before, workflow, "review_code", "approved")
            && Run::settled(&last.before, workflow, "validate", "passed");
        run.effect(last) == Effect::Merge && !ready
    })
}

#[test]
fn merge_after_the_review_alone() {
    refutes(MERGE, "after review_code.approved {", REQUIRES, merged_unready);
}

#[test]
fn merge_after_the_pull_request() {
    refutes(MERGE, "after open_pr.done {", REQUIRES, merged_unready);
}

#[test]
fn nobody_kept_apart() {
    refutes(
        "  separate roles business, developer, senior, qa, release\n",
        "",
        "prove no principal can effect write and effect merge",
        |run| {
            let who = |effect| {
                let found = run.used.iter().filter(move |used| run.effect(used) == effect);
                found.map(|used| used.controller.as_str()).collect::<Vec<_>>()
            };
            who(Effect::Merge).iter().any(|one| who(Effect::Write).contains(one))
        },
    );
}

#[test]
fn the_release_role_may_write() {
    refutes(
        "        once per run as merged\n",
        "        once per run as merged\n    may github.contents.write(repo, start.branch, path: one of propose.files, text: content) max 100\n",
        "prove no role can effect write and effect merge",
        |run| {
            let did = |effect| run.used.iter().any(|one| one.step == "merge_pr" && run.effect(one) == effect);
            did(Effect::Write) && did(Effect::Merge)
        },
    );
}

#[test]
fn any_path() {
    refutes(
        "path: one of propose.files, text",
        "path: any, text",
        "prove github.contents.write only within propose.files",
        |run| {
            let agreed = run.value("propose.files").and_then(Value::as_list).unwrap_or_default();
            run.used.last().is_some_and(|last| last.action == WRITE && !agreed.contains(&last.args["path"]))
        },
    );
}

#[test]
fn changes_that_lead_nowhere() {
    refutes(
        "outcome changes -> reopen implement with notes (max 5, then rejected)",
        "outcome changes",
        "no run gets stuck",
        |run| {
            let steps = &run.machine.workflow().steps;
            run.state.status() == Status::Running && steps.iter().all(|step| !run.open(&step.name))
        },
    );
}

#[test]
fn a_pull_request_before_the_tests() {
    refutes(
        "step open_pr by developer after run_tests.passed {",
        "step open_pr by developer after implement.ready {",
        "every name in a grant has a value whenever its step is open",
        |run| run.open("open_pr") && run.value("run_tests.tests.commit").is_none(),
    );
}

#[test]
fn three_merges() {
    refutes(
        "once per run as merged",
        "max 3 per run as merged",
        "prove effect merge at most 1 per run",
        |run| run.used.iter().filter(|one| run.effect(one) == Effect::Merge).count() > 1,
    );
}
