//! Stopping things, and a server that was restarted meanwhile.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::{World, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_principal_is_stopped_at_the_next_claim_and_stays_so() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    let kill = json!({ "scope": { "principal": "ann" }, "reason": "lost laptop" });
    world.admin().post_with("/v1/kill", None, &kill).await.ok();
    world.admin().post_with("/v1/kill", None, &kill).await.refused("killed");
    let gone = json!({ "scope": { "principal": "nobody" }, "reason": "" });
    world.admin().post_with("/v1/kill", None, &gone).await.refused("unknown");
    ann.use_grant(&grant, json!({})).await.refused("killed");
    let world = world.restart().await;
    let ann = world.joined("ann", &run).await;
    ann.ask("work", "fake.push", json!({ "id": 1 })).await.refused("killed");
    world.agent("ann").start("A").await.refused("killed");
    assert_eq!(ann.offers().await, json!([]));
    assert_eq!(world.fake.count("push"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_stopped_and_what_is_under_way_ends_on_the_record() {
    let world = World::new().await;
    let (run, other) = (world.start().await, world.start().await);
    let ann = world.joined("ann", &run).await;
    let gate = Arc::new(Semaphore::new(0));
    *world.fake.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let unused = ann.granted("work", "fake.push", json!({ "id": 2 })).await;
    let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    let url = world.running.url.clone();
    let (session, id) = (ann.session.clone(), run.clone());
    let acting = tokio::spawn(async move {
        let mut late = crate::support::Agent::new(crate::support::agent::key("ann"), &url);
        (late.session, late.run) = (session, id);
        late.use_grant(&grant, json!({})).await
    });
    until("the claim", async || ann.summary().await["entries"].as_u64().unwrap() >= 5).await;
    let kill = json!({ "scope": { "run": run }, "reason": "enough" });
    world.admin().post_with("/v1/kill", None, &kill).await.ok();
    ann.use_grant(&unused, json!({})).await.refused("killed");
    assert_eq!(ann.summary().await["closed"], false, "one action is under way");
    gate.add_permits(10);
    let answer = acting.await.unwrap();
    assert_eq!(answer.ok()["bound"], false, "{}", answer.body);
    let summary = ann.summary().await;
    assert_eq!((&summary["status"], &summary["closed"]), (&json!("killed"), &json!(true)), "{summary}");
    world.admin().post_with("/v1/kill", None, &kill).await.refused("run_over");
    world.joined("ann", &other).await.act("work", "fake.push", json!({ "id": 1 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_stopped() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    let kill = json!({ "scope": "everything", "reason": "fire" });
    world.admin().post_with("/v1/kill", None, &kill).await.ok();
    ann.use_grant(&grant, json!({})).await.refused("killed");
    let world = world.restart().await;
    world.agent("ann").start("A").await.refused("killed");
    let ben = world.joined("ben", &run).await;
    ben.judge("review", "changes").await.refused("killed");
    assert_eq!(world.fake.count("push"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_after_a_restart() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    let held = ann.granted("work", "fake.push", json!({ "id": 5 })).await;
    let world = world.restart().await;
    // Token and session outlive the process; only the address is another.
    let mut again = world.agent("ann");
    (again.session, again.run) = (ann.session.clone(), run.clone());
    again.use_grant(&held, json!({})).await.ok();
    again.use_grant(&held, json!({})).await.refused("replayed");
    again.submit("work", "files", json!(["src/a.rs"])).await.ok();
    again.judge("work", "done").await.ok();
    let world = world.restart().await;
    let ben = world.joined("ben", &run).await;
    ben.view("review", "work.files").await.ok();
    ben.judge("review", "approved").await.ok();
    world.joined("ann", &run).await.act("ship", "fake.push", json!({})).await.ok();
    assert_eq!(ben_status(&world, &run).await, json!("finished"));
    assert_eq!((world.fake.count("note"), world.fake.count("push")), (1, 2));
}

async fn ben_status(world: &World, run: &str) -> serde_json::Value {
    world.joined("ben", run).await.summary().await["status"].clone()
}
