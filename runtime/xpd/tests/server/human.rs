//! Roles of people: several judgements, who may judge, and a time limit.

use std::time::{Duration, Instant};

use serde_json::json;
use xp_artifact::workflow::{How, OutcomeIx, RoleKind, Then, TimeLimit, Workflow};

use crate::support::{Agent, World, flow};

const HOUR: u64 = 3_600_000;

/// `flow`, in which two people approve the files in time.
fn workflow(millis: u64) -> Workflow {
    let mut workflow = flow::workflow(60);
    workflow.roles.iter_mut().skip(1).for_each(|role| role.kind = RoleKind::Human);
    for review in workflow.steps.iter_mut().skip(1).take(1) {
        review.outcomes.iter_mut().take(1).for_each(|approved| approved.distinct = Some(2));
        review.outcomes.push(flow::outcome("late", How::TimedOut, None, Then::End));
        review.within = Some(TimeLimit { millis, then: OutcomeIx::of(3) });
    }
    workflow
}

/// A run whose files wait for people.
async fn waiting(millis: u64) -> (World, String, Agent) {
    let world = World::with(workflow(millis)).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    (world, run, ann)
}

async fn looked(world: &World, name: &str, run: &str) -> Agent {
    let person = world.joined(name, run).await;
    person.view("review", "work.files").await.ok();
    person
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_of_two_controllers_approve_and_nobody_else_counts() {
    let (world, run, ann) = waiting(HOUR).await;
    // An agent that is listed for the role, and one that shares the starter's controller.
    let ben = world.joined("ben", &run).await;
    ben.view("review", "work.files").await.refused("needs_human");
    ben.judge("review", "approved").await.refused("needs_human");
    let pia = world.joined("pia", &run).await;
    pia.judge("review", "approved").await.refused("not_separate");
    let pat = world.joined("pat", &run).await;
    pat.judge("review", "approved").await.refused("not_shown");
    pat.view("review", "work.files").await.ok();
    pat.judge("review", "approved").await.ok();
    pat.judge("review", "approved").await.refused("already_voted");
    // Somebody else of the same controller is no second one.
    let pam = looked(&world, "pam", &run).await;
    pam.judge("review", "approved").await.refused("already_voted");
    ann.ask("ship", "fake.push", json!({})).await.refused("out_of_sequence");
    pat.ask("work", "fake.note", json!({ "text": "x" })).await.refused("wrong_role");

    // The first judgement is still there after a restart.
    let world = world.restart().await;
    let kit = looked(&world, "kit", &run).await;
    kit.judge("review", "approved").await.ok();
    let ann = world.joined("ann", &run).await;
    ann.act("ship", "fake.push", json!({})).await.ok();
    assert_eq!(ann.summary().await["status"], "finished");
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_decided_in_time_ends_the_run() {
    let (world, run, ann) = waiting(1).await;
    let kit = world.joined("kit", &run).await;
    let late = kit.view("review", "work.files").await;
    assert!(["past_deadline", "run_over"].contains(&late.code()), "{}", late.body);
    let begun = Instant::now();
    while ann.summary().await["status"] == "running" {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", ann.summary().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ann.summary().await["ended_by"], "review.late");
    kit.judge("review", "approved").await.refused("run_over");
    world.verifies(&run).await;
}
