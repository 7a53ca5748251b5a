//! The shipped example: what it is lowered to, and that edits of it which a proof must judge are no errors here.

use xp_artifact::question::{Kind, Question, Uses};
use xp_artifact::workflow::{
    ActionId, Datum, Effect, Expr, How, ParamId, Per, Pin, Root, SeparationReason, StepId, SubmissionIx, Then,
};

use super::Checked;

const SOURCE: &str = include_str!("../../../../examples/bug_fix/bug_fix.xp");

fn edited(from: &str, to: &str) -> Checked {
    assert_eq!(SOURCE.matches(from).count(), 1, "the example no longer says {from:?} once");
    Checked::of(&SOURCE.replace(from, to))
}

#[test]
fn has_no_faults() {
    let checked = Checked::of(SOURCE);
    assert_eq!(checked.codes(), Vec::<&str>::new(), "{}", checked.drawn());
    assert_eq!(checked.models.len(), 1);
}

#[test]
fn is_lowered_whole() {
    let checked = Checked::of(SOURCE);
    let workflow = &checked.models[0].workflow;
    let roles: Vec<&str> = workflow.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(roles, ["business", "developer", "senior", "qa", "release"]);
    let steps: Vec<&str> = workflow.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        steps,
        [
            "triage",
            "analyse",
            "propose",
            "review_plan",
            "approve_plan",
            "start",
            "implement",
            "run_tests",
            "open_pr",
            "review_code",
            "validate",
            "merge_pr",
            "ship"
        ]
    );
    let actions: Vec<String> =
        workflow.actions.iter().map(|action| format!("{}.{}", action.connector, action.name)).collect();
    let mut sorted = actions.clone();
    sorted.sort();
    assert_eq!(actions, sorted);
    assert!(!actions.contains(&"github.issues.delete".to_owned()), "no grant names it");
    for step in &workflow.steps {
        for grant in &step.grants {
            assert_eq!(
                grant.pins.len(),
                workflow.actions[grant.action.index()].params.len(),
                "{}",
                step.name
            );
        }
    }
}

#[test]
fn pins_and_limits() {
    let checked = Checked::of(SOURCE);
    let workflow = &checked.models[0].workflow;
    let action = |name: &str| {
        ActionId::of(
            workflow.actions.iter().position(|a| format!("{}.{}", a.connector, a.name) == name).unwrap(),
        )
    };
    let repo = |field: &str| Datum { root: Root::Param(ParamId(0)), fields: vec![field.to_owned()] };
    // A default that names a field of another argument becomes a pin to that field of what the argument is pinned to.
    let read = workflow.steps[1].grants.iter().find(|g| g.action == action("github.contents.read")).unwrap();
    assert_eq!(read.pins[2], Pin::Is(Expr::Datum(repo("default_branch"))));
    assert!(matches!(&read.pins[1], Pin::OneOf { within: Some(_), .. }));
    // A default that is a word becomes a pin to it.
    let review = workflow.steps[9].grants.iter().find(|g| g.action == action("github.pulls.review")).unwrap();
    assert_eq!(review.pins[4], Pin::Is(Expr::Literal(xp_scope::Value::Text("comment".to_owned()))));
    assert_eq!(review.pins[3], Pin::Content { max: 65_536 });
    let write = &workflow.steps[6].grants[1];
    let files =
        Datum { root: Root::Submission { step: StepId(2), submission: SubmissionIx(0) }, fields: vec![] };
    assert_eq!(write.pins[2], Pin::OneOf { set: Expr::Datum(files), within: None });
    assert_eq!((write.limit.uses, write.limit.per), (100, Per::Opening));
    let ticket = &workflow.steps[0].grants[1];
    assert_eq!((ticket.limit.uses, ticket.limit.per), (1, Per::Run));
    assert_eq!(ticket.binder.as_deref(), Some("ticket"));
}

#[test]
fn loops_and_duties() {
    let checked = Checked::of(SOURCE);
    let workflow = &checked.models[0].workflow;
    let bounds: Vec<(&str, &str, u32)> = workflow
        .loops
        .iter()
        .map(|l| {
            (
                workflow.steps[l.step.index()].name.as_str(),
                workflow.steps[l.target.index()].name.as_str(),
                l.max,
            )
        })
        .collect();
    assert_eq!(
        bounds,
        [
            ("review_plan", "propose", 3),
            ("run_tests", "implement", 20),
            ("review_code", "implement", 5),
            ("validate", "implement", 5)
        ]
    );
    for (index, found) in workflow.loops.iter().enumerate() {
        let step = &workflow.steps[found.step.index()];
        let taken = &step.outcomes[found.exhausted.index()];
        assert_eq!(taken.how, How::Exhausted(xp_artifact::workflow::LoopId::of(index)));
        assert_eq!(taken.then, Then::End);
    }
    let duties: Vec<(Vec<&str>, SeparationReason)> = workflow
        .separations
        .iter()
        .map(|s| (s.roles.iter().map(|role| workflow.roles[role.index()].name.as_str()).collect(), s.reason))
        .collect();
    assert_eq!(
        duties,
        [
            (vec!["business", "developer", "senior", "qa", "release"], SeparationReason::Declared),
            (vec!["senior", "developer"], SeparationReason::Judges(StepId(3))),
            (vec!["business", "developer"], SeparationReason::Judges(StepId(4))),
        ]
    );
}

#[test]
fn obligations_are_named() {
    let checked = Checked::of(SOURCE);
    let model = &checked.models[0];
    let ids: Vec<&str> = model.obligations.iter().map(|found| found.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "bug_fix/steps-open",
            "bug_fix/outcomes-happen",
            "bug_fix/never-stuck",
            "bug_fix/progress",
            "bug_fix/automatic-outcomes",
            "bug_fix/names-bound",
            "bug_fix/scopes",
            "bug_fix/fresh-evidence",
            "bug_fix/irreversible-once",
            "bug_fix/reviewed-before-deploy",
            "bug_fix/bounds",
            "bug_fix/no-role-write-merge",
            "bug_fix/no-principal-write-merge",
            "bug_fix/merge-requires",
            "bug_fix/never-github-contents-write",
            "bug_fix/github-contents-write-within",
            "bug_fix/merge-at-most",
            "bug_fix/merge-through-senior",
        ]
    );
    let never = model.obligations.iter().find(|found| found.question.kind() == Kind::Never).unwrap();
    assert_eq!(never.source, "prove never github.contents.write(branch: repo.default_branch)");
    let Question::Never(Uses::Action { id: Some(id), args, .. }) = &never.question else {
        panic!("{never:?}")
    };
    assert_eq!(model.workflow.actions[id.index()].effect, Effect::Write);
    assert_eq!(args[0].0, 1, "the parameter `branch`");
}

/// Each of these is for the prover to refute; here it must be well-formed.
#[test]
fn edits_for_the_prover_are_well_formed() {
    let edits = [
        ("after review_code.approved and validate.passed {", "after review_code.approved {"),
        ("after review_code.approved and validate.passed {", "after validate.passed {"),
        ("after review_code.approved and validate.passed {", "after open_pr.done {"),
        ("  separate roles business, developer, senior, qa, release\n", ""),
        ("path: one of propose.files, text", "path: any, text"),
        ("outcome changes -> reopen implement with notes (max 5, then rejected)", "outcome changes"),
        (
            "step open_pr by developer after run_tests.passed {",
            "step open_pr by developer after implement.ready {",
        ),
        ("once per run as merged", "max 3 per run as merged"),
        (
            "    outcome done auto when not merged.diverged",
            "    may github.contents.write(repo, start.branch, path: one of propose.files, text: content) max 1\n    outcome done auto when not merged.diverged",
        ),
    ];
    for (from, to) in edits {
        let checked = edited(from, to);
        assert_eq!(checked.errors(), Vec::<&str>::new(), "{to}\n{}", checked.drawn());
        assert_eq!(checked.models.len(), 1);
    }
}

#[test]
fn a_security_review_is_six_lines() {
    let review = "  step review_security by agent security after open_pr.done {\n    may github.pulls.read(repo, open_pr.pr.number) max 10\n    outcome safe of open_pr.pr.head\n    outcome unsafe -> end\n  }\n";
    let with_step = SOURCE.replacen("  step validate by qa", &format!("{review}\n  step validate by qa"), 1);
    let text = with_step.replace(
        "after review_code.approved and validate.passed {",
        "after review_code.approved and validate.passed and review_security.safe {",
    );
    let checked = Checked::of(&text);
    assert_eq!(checked.codes(), Vec::<&str>::new(), "{}", checked.drawn());
    let workflow = &checked.models[0].workflow;
    let security = workflow.roles.iter().position(|role| role.name == "security").unwrap();
    let judged = workflow.separations.iter().filter(|s| s.roles[0].index() == security).count();
    assert_eq!(judged, 1, "separate from developer alone: nothing that business wrote goes into the commit");
}

#[test]
fn untrusted_text_is_a_question() {
    let checked = Checked::of(SOURCE);
    let last = checked.models[0].obligations.last().unwrap();
    assert_eq!(last.id, "bug_fix/merge-through-senior");
    assert!(matches!(last.question, Question::Through(Uses::Effect(Effect::Merge), _)));
}

/// `not` is pushed down to the literals: a literal on what is not there is false, negated or not.
#[test]
fn negated_groups_are_pushed_inwards() {
    let lowered = |condition: &str| {
        let text = format!(
            "use std.github\nuse std.sandbox\nworkflow w(repo: github.Repo) {{\n  agent dev\n  step a by dev {{\n    \
             may sandbox.run(repo, any, any) once per opening as t\n    may sandbox.run(repo, any, any) once per opening as u\n    \
             outcome done if {condition}\n  }}\n}}\n"
        );
        let checked = Checked::of(&text);
        assert_eq!(checked.errors(), Vec::<&str>::new(), "{condition}\n{}", checked.drawn());
        checked.models[0].workflow.steps[0].outcomes[0].how.clone()
    };
    for (written, meant) in [
        ("not (t.passed)", "not t.passed"),
        ("not (not t.passed)", "t.passed"),
        ("not (t.passed and u.passed)", "not t.passed or not u.passed"),
        ("not (t.passed or u.passed)", "not t.passed and not u.passed"),
        ("not (t.passed and not (u.passed or not t.passed))", "not t.passed or (u.passed or not t.passed)"),
        ("t and not (t.passed or not u.passed)", "t and (not t.passed and u.passed)"),
    ] {
        assert_eq!(lowered(written), lowered(meant), "{written}");
    }
}
