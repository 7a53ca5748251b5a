//! Roles of people: several judgements, who may judge, and a time limit.

use std::time::{Duration, Instant};

use serde_json::json;
use xp_artifact::workflow::{How, OutcomeIx, Then, TimeLimit, Workflow};

use crate::people::house::world_of;
use crate::people::person::Person;
use crate::support::{Agent, World, flow};

const HOUR: u64 = 3_600_000;

/// `flow`, in which two people approve the files in time.
fn workflow(millis: u64) -> Workflow {
    let mut workflow = flow::reviewed_by_people(60);
    for review in workflow.steps.iter_mut().skip(1).take(1) {
        review.outcomes.iter_mut().take(1).for_each(|approved| approved.distinct = Some(2));
        review.outcomes.push(flow::outcome("late", How::TimedOut, None, Then::End));
        review.within = Some(TimeLimit { millis, then: OutcomeIx::of(3) });
    }
    workflow
}

/// A run whose files wait for people.
async fn waiting(millis: u64) -> (World, String, Agent) {
    let world = world_of(workflow(millis), "").await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    (world, run, ann)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_of_two_controllers_approve_and_nobody_else_counts() {
    let (world, run, ann) = waiting(HOUR).await;
    // An agent that is listed for the role, and a person who shares the starter's controller.
    let ben = world.joined("ben", &run).await;
    ben.view("review", "work.files").await.refused("needs_human");
    ben.judge("review", "approved").await.refused("needs_human");
    let pia = Person::enrolled(&world, "pia").await;
    pia.is_not_asked(&run, "review").await;
    let mut pat = Person::enrolled(&world, "pat").await;
    let mut pam = Person::enrolled(&world, "pam").await;
    let (first, second) = (pat.shown(&run, "review").await, pam.shown(&run, "review").await);
    assert!(first.text.contains("Needs 2 people; you would be the first."), "{}", first.text);
    // Somebody who opened it before that must see that there is one.
    let mut sam = Person::enrolled(&world, "sam").await;
    let before = sam.shown(&run, "review").await;
    pat.decides(&first, "approved").await.ok();
    sam.decides(&before, "approved").await.refused("not_shown");
    // Neither again, nor somebody else of the same controller, who is no second one.
    pat.decides(&first, "approved").await.refused("not_shown");
    pat.is_not_asked(&run, "review").await;
    pam.decides(&second, "approved").await.refused("not_shown");
    assert!(pat.page("/").await.1.contains("Nothing waits"));
    assert!(pat.page(&format!("/runs/{run}")).await.1.contains("approved 1 of 2"));
    ann.ask("ship", "fake.push", json!({})).await.refused("out_of_sequence");

    // The first judgement is still there after a restart.
    let world = world.restart().await;
    let mut kit = Person::enrolled(&world, "kit").await;
    let shown = kit.shown(&run, "review").await;
    assert!(shown.text.contains("Needs 2 people; so far pat."), "{}", shown.text);
    kit.decides(&shown, "approved").await.ok();
    let ann = world.joined("ann", &run).await;
    ann.act("ship", "fake.push", json!({})).await.ok();
    assert_eq!(ann.summary().await["status"], "finished");
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_decided_in_time_ends_the_run() {
    let (world, run, ann) = waiting(1).await;
    let kit = Person::enrolled(&world, "kit").await;
    let begun = Instant::now();
    while ann.summary().await["status"] == "running" {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", ann.summary().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ann.summary().await["ended_by"], "review.late");
    kit.is_not_asked(&run, "review").await;
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_without_end() {
    let world = world_of(flow::reviewed_by_people(60), "decisions_per_hour = 2\n").await;
    let mut rita = Person::enrolled(&world, "rita").await;
    let (mut taken, mut refused) = (0, 0);
    // Two in this hour, and two in the next one if it begins meanwhile.
    for _ in 0..5 {
        let run = world.start().await;
        let ann = world.joined("ann", &run).await;
        ann.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
        ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
        ann.judge("work", "done").await.ok();
        let shown = rita.shown(&run, "review").await;
        let decided = rita.decides(&shown, "approved").await;
        match decided.status {
            200 => taken += 1,
            _ => {
                decided.refused("too_many");
                refused += 1;
            }
        }
    }
    assert!(taken >= 2 && refused >= 1, "{taken} {refused}");
    let (_, list) = rita.page("/").await;
    assert!(list.contains("Decisions that you took today (UTC)"), "{list}");
}
