//! How often people are asked, what they are not asked again, and the sums of what they approved.

use serde_json::json;
use xp_artifact::declaration::{Clauses, KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::workflow::{
    Action, ActionParam, Datum, Expr, How, ParamId, Per, Pin, Root, StepId, Submission, SubmissionIx,
    Workflow,
};
use xp_scope::Type;
use xpd_engine::registry::Registry;
use xpd_store::SystemClock;

use super::house::{waiting, world, world_of};
use super::person::Person;
use crate::support::{Agent, Reply, Site, World, flow};

/// Does the work of a run so far that people are asked.
async fn asks(agent: &Agent, files: &str) -> Reply {
    agent.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
    agent.submit("work", "files", json!([files])).await.ok();
    agent.judge("work", "done").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_decided_by_itself() {
    let world = world("").await;
    let (first, second) =
        (waiting(&world, json!(["src/a.rs"])).await, waiting(&world, json!(["src/b.rs"])).await);
    let mut rita = Person::enrolled(&world, "rita").await;
    // Nothing is decided from the list: it has no ticket and no form.
    let (_, list) = rita.page("/").await;
    assert!(list.contains(&first) && list.contains(&second), "{list}");
    assert!(!list.contains("data-ticket") && !list.contains("<form"), "{list}");
    // What was shown of one request decides no other.
    let (one, other) = (rita.shown(&first, "review").await, rita.shown(&second, "review").await);
    rita.decides(&one.sent_to(&other), "approved").await.refused("not_shown");
    rita.decides(&other, "approved").await.ok();
    rita.decides(&one, "approved").await.ok();
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_sent_back_is_not_asked_again() {
    let mut workflow = flow::reviewed_by_people(60);
    workflow.loops.iter_mut().for_each(|back| back.max = 2);
    let world = world_of(workflow, "").await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let mut rita = Person::enrolled(&world, "rita").await;
    // Before a decision, the same may be handed in again.
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    asks(&ann, "src/a.rs").await.ok();
    let shown = rita.shown(&run, "review").await;
    rita.decides(&shown, "changes").await.ok();
    let again = ann.submit("work", "files", json!(["src/a.rs"])).await;
    assert!(
        again.refused("declined").body["detail"].as_str().unwrap().contains("`review`"),
        "{}",
        again.body
    );
    asks(&ann, "src/b.rs").await.ok();
    let shown = rita.shown(&run, "review").await;
    rita.decides(&shown, "changes").await.ok();
    // Neither the first nor the second, also after a restart.
    let world = world.restart().await;
    let ann = world.joined("ann", &run).await;
    for file in ["src/a.rs", "src/b.rs"] {
        ann.submit("work", "files", json!([file])).await.refused("declined");
    }
    asks(&ann, "src/c.rs").await.ok();
    rita.login(&world).await;
    let shown = rita.shown(&run, "review").await;
    rita.decides(&shown, "approved").await.ok();
    // In another run it is a new question.
    let other = waiting(&world, json!(["src/a.rs"])).await;
    rita.shown(&other, "review").await;
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
    world.running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_requests_does_not_reach_people() {
    let mut workflow = flow::reviewed_by_people(60);
    workflow.steps[0].outcomes[0].how = How::Judged;
    let world = world_of(workflow, "requests_per_hour = 10\n").await;
    let (mut asked, mut refused, mut last) = (0, 0, None);
    // Ten in this hour, and ten in the next one if it begins meanwhile.
    for _ in 0..200 {
        let run = world.start().await;
        let ann = world.joined("ann", &run).await;
        ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
        let reply = ann.judge("work", "done").await;
        match reply.status {
            200 => asked += 1,
            _ => {
                reply.refused("too_many");
                refused += 1;
                last = Some((run, ann));
            }
        }
    }
    assert!((10..=20).contains(&asked) && asked + refused == 200, "{asked} {refused}");
    let rita = Person::enrolled(&world, "rita").await;
    let (_, list) = rita.page("/").await;
    assert_eq!(list.matches("class=\"card row\"").count(), asked);
    // What asks nobody goes on, and the bound is that of one agent.
    let (run, ann) = last.unwrap();
    ann.act("work", "fake.touch", json!({ "branch": "b" })).await.ok();
    assert_eq!(ann.summary().await["status"], "running");
    drop(run);
    world.running.stop().await;
}

/// `flow`, in which a reviewed sum is paid twice at most. The argument `amount` is none: it has no unit.
fn paying() -> Workflow {
    let mut workflow = flow::reviewed_by_people(60);
    let euros = Type::Decimal { scale: 2, unit: Some("EUR".to_owned()) };
    let params = [("to", Type::Text), ("sum", euros.clone()), ("amount", Type::Int), ("on", Type::Text)];
    let params =
        params.map(|(name, ty)| ActionParam { name: name.to_owned(), ty, default: None, optional: false });
    let key = KeyExpr::Argument { index: 3, fields: Vec::new() };
    let place = LevelExpr { kind: "fake.Place".to_owned(), keys: vec![key], deep: false };
    let clauses =
        Clauses { changes: vec![ThingExpr::Path(vec![place])], finals: vec![0, 1], ..Clauses::default() };
    let like = workflow.actions.iter().find(|action| action.name == "touch").unwrap().clone();
    workflow.actions.push(Action { name: "pay".to_owned(), params: params.to_vec(), clauses, ..like });
    let pay = workflow.actions.len() - 1;
    let of = |root| Datum { root, fields: Vec::new() };
    let sum = of(Root::Submission { step: StepId::of(0), submission: SubmissionIx::of(1) });
    let place = Pin::Is(Expr::Datum(of(Root::Param(ParamId::of(0)))));
    let pins = vec![place.clone(), Pin::Is(Expr::Datum(sum.clone())), Pin::Any, place];
    let submission = Submission { name: "sum".to_owned(), ty: euros, within: None, max: 1 };
    workflow.steps[0].submissions.push(submission);
    workflow.steps[1].outcomes[0].of = Some(sum);
    workflow.steps[2].grants.push(flow::grant(pay, pins, 2, Per::Opening, None, 60));
    workflow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_shows_sums_by_thing_and_payee_over_all_runs() {
    let workflow = paying();
    let site = Site::new();
    site.write("\n[people]\nlisten = \"127.0.0.1:0\"\n");
    let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
    std::fs::write(site.folder.join("declarations.json"), registry.to_json().to_string()).unwrap();
    let world = World::on(site, workflow, SystemClock::shared()).await;
    let mut rita = Person::enrolled(&world, "rita").await;
    assert!(!rita.page("/").await.1.contains("Approved today"));
    let mut runs = Vec::new();
    for number in 0..11 {
        let place = if number == 10 { "B" } else { "A" };
        let reply = world.agent("ann").start(place).await;
        let run = reply.body["run"].as_str().unwrap_or_else(|| panic!("{}", reply.body)).to_owned();
        let ann = world.joined("ann", &run).await;
        ann.submit("work", "sum", json!("100.05")).await.ok();
        asks(&ann, "src/a.rs").await.ok();
        let shown = rita.shown(&run, "review").await;
        rita.decides(&shown, "approved").await.ok();
        runs.push(run);
    }
    // What is sent back is not approved.
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.submit("work", "sum", json!("999.00")).await.ok();
    asks(&ann, "src/a.rs").await.ok();
    let shown = rita.shown(&run, "review").await;
    rita.decides(&shown, "changes").await.ok();
    let kit = Person::enrolled(&world, "kit").await;
    for person in [&rita, &kit] {
        let (_, list) = person.page("/").await;
        for part in ["fake.pay", "fake.Place A", "to A", "2001.00 EUR", "fake.Place B", "200.10 EUR"] {
            assert!(list.contains(part), "{part}: {list}");
        }
        assert!(list.contains("<td>10</td>") && list.contains("<td>1</td>"), "{list}");
        assert!(!list.contains("999.00"), "{list}");
        assert_eq!(list.matches("fake.pay").count(), 2, "an argument without a unit is no amount: {list}");
    }
    // Whose controller may do the work, or who has another role, is not told what it was about.
    for name in ["pia", "tom"] {
        let other = Person::enrolled(&world, name).await;
        assert!(!other.page("/").await.1.contains("Approved today"), "{name}");
    }
    world.running.stop().await;
}
