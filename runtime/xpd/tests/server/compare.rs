//! Guards and outcomes that compare values, enforced by the server.

use serde_json::json;
use xp_artifact::workflow::{
    Condition, Datum, Formula, How, Outcome, ParamId, RoleId, Root, Step, StepId, Then, Workflow,
};
use xp_artifact::{Operand, Relation, Test};
use xp_scope::{Type, Value};

use crate::support::{World, flow};

fn place(relation: Relation) -> Test {
    let left = Datum { root: Root::Param(ParamId::of(0)), fields: Vec::new() };
    Test { left, relation, right: Operand::Literal(Value::Text("A".to_owned())), ty: Type::Text }
}

/// `where` settles by itself as the parameter says; `work` opens at A only.
fn by_place() -> Workflow {
    let mut workflow = flow::workflow(60);
    let outcome = |name: &str, relation: Relation| Outcome {
        name: name.to_owned(),
        how: How::Auto(Condition::Test(place(relation))),
        of: None,
        counts: None,
        distinct: None,
        then: Then::Settle,
    };
    let first = StepId::of(workflow.steps.len());
    workflow.steps.push(Step {
        name: "where".to_owned(),
        role: RoleId::of(0),
        after: Formula::All(Vec::new()),
        grants: Vec::new(),
        submissions: Vec::new(),
        within: None,
        outcomes: vec![outcome("here", Relation::Is), outcome("elsewhere", Relation::IsNot)],
    });
    let any = [0, 1].map(|outcome| {
        let outcome = xp_artifact::workflow::OutcomeIx::of(outcome);
        Formula::Is(xp_artifact::workflow::Atom { step: first, outcome })
    });
    let at_a = Formula::Test(Box::new(place(Relation::Is)));
    if let Some(work) = workflow.steps.first_mut() {
        work.after = Formula::All(vec![Formula::Any(any.to_vec()), at_a]);
    }
    workflow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_parameter_decides_needs_nobody_and_opens_only_what_it_says() {
    let world = World::with(by_place()).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();

    let other = world.agent("ann").start("B").await;
    let other = other.body["run"].as_str().unwrap().to_owned();
    let ann = world.joined("ann", &other).await;
    ann.ask("work", "fake.note", json!({ "text": "x" })).await.refused("out_of_sequence");
    assert_eq!(world.fake.count("note"), 1);

    let world = world.restart().await;
    let ann = world.joined("ann", &other).await;
    ann.ask("work", "fake.note", json!({ "text": "x" })).await.refused("out_of_sequence");
    for run in [run, other] {
        world.kill(json!({ "run": run })).await.ok();
        world.verifies(&run).await;
    }
}
