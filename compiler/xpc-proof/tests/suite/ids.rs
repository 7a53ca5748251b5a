//! Ids that name nothing: no proof, and no panic. Questions and workflows come from another process.

use xp_artifact::question::{Extent, Question, Status, Uses};
use xp_artifact::workflow::{
    ActionId, Atom, Effect, Formula, GrantIx, LoopId, OutcomeIx, RoleId, StepId, Then, Workflow,
};

use crate::build::{Build, ask, effect, param, start};

fn small() -> Workflow {
    let mut b = Build::new();
    let a = b.step("a", "r", start());
    b.judged(a, "done");
    b.done()
}

fn unknown(workflow: &Workflow, question: Question) {
    let verdict = ask(workflow, question.clone());
    assert_eq!(verdict.status, Status::Unknown, "{question:?}: {verdict:?}");
    assert!(!verdict.reason.is_empty());
}

#[test]
fn a_workflow_that_names_what_it_does_not_have_is_not_proved() {
    let bad = |change: &dyn Fn(&mut Workflow)| {
        let mut workflow = small();
        change(&mut workflow);
        workflow
    };
    let atom = Atom { step: StepId(7), outcome: OutcomeIx(0) };
    for workflow in [
        bad(&|w| w.steps[0].role = RoleId(9)),
        bad(&|w| w.steps[0].after = Formula::Is(atom)),
        bad(&|w| w.steps[0].outcomes[0].then = Then::Reopen(LoopId(3))),
        bad(&|w| w.finish = Formula::Is(atom)),
    ] {
        for question in [Question::StepsOpen, Question::NeverStuck, Question::Bounds] {
            unknown(&workflow, question);
        }
    }
}

#[test]
fn a_question_that_names_what_the_workflow_does_not_have_is_not_proved() {
    let workflow = small();
    let merge = || effect(Effect::Merge);
    let nowhere = || Formula::Is(Atom { step: StepId(7), outcome: OutcomeIx(0) });
    let action = Uses::Action { name: "c.none".to_owned(), id: Some(ActionId(5)), args: Vec::new() };
    unknown(&workflow, Question::Requires(merge(), nowhere()));
    unknown(&workflow, Question::Requires(merge(), Formula::All(vec![nowhere()])));
    unknown(&workflow, Question::Never(action.clone()));
    unknown(&workflow, Question::AtMost(action.clone(), 1));
    unknown(&workflow, Question::NoRole(merge(), action));
    unknown(&workflow, Question::OnlyWithin(merge(), Extent::Datum(param(4))));
    let result = crate::build::result(StepId(0), GrantIx(3), "files");
    unknown(&workflow, Question::OnlyWithin(merge(), Extent::Datum(result)));
    assert_ne!(ask(&workflow, Question::Never(merge())).status, Status::Unknown);
}
