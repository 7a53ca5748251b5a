//! Actions in doubt: when they are repeated, what is recorded, and who may resolve them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use xpd_proxy::ActError;

use crate::support::{Agent, Reply, World, agent, flow, until};

/// Uses a grant in a task.
fn acting(world: &World, ann: &Agent, grant: String) -> JoinHandle<Reply> {
    let mut late = Agent::new(agent::key("ann"), &world.running.url);
    (late.session, late.run) = (ann.session.clone(), ann.run.clone());
    tokio::spawn(async move { late.use_grant(&grant, json!({})).await })
}

fn lost() -> ActError {
    ActError::Unknown("no answer".to_owned())
}

async fn resolve(world: &World, doubt: &Value, word: Value) -> Reply {
    let path = format!("/v1/doubts/{}", doubt["jti"].as_str().unwrap());
    world.admin().post_with(&path, None, &word).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_repeated_after_a_kill() {
    for scope in ["everything", "run", "principal"] {
        let world = World::new().await;
        let run = world.start().await;
        let ann = world.joined("ann", &run).await;
        let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
        let gate = world.fake.close();
        let answer = acting(&world, &ann, grant);
        until("the act", async || world.fake.sent("push") == 1).await;
        let what = match scope {
            "everything" => json!(scope),
            "run" => json!({ "run": run }),
            _ => json!({ "principal": "ann" }),
        };
        world.kill(what).await.ok();
        gate.add_permits(10);
        answer.await.unwrap().refused("in_doubt");
        until("leaving it to a person", async || {
            assert_eq!(world.fake.sent("push"), 1, "{scope}: repeated after the kill");
            world.doubts().await[0]["waits_for"] == "person"
        })
        .await;
        // The doubt stays, and a person can still resolve it.
        let world = world.restart().await;
        let doubts = world.doubts().await;
        assert_eq!((doubts.len(), &doubts[0]["waits_for"]), (1, &json!("person")), "{scope}");
        let word = json!({ "done": true, "result": { "id": 1, "ok": true, "said": "" } });
        resolve(&world, &doubts[0], word).await.ok();
        assert_eq!((world.doubts().await.len(), world.fake.sent("push")), (0, 1), "{scope}");
        if scope != "run" {
            world.kill(json!({ "run": run })).await.ok();
        }
        world.verifies(&run).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_looked_for_while_it_is_stopped() {
    let world = World::new().await;
    let run = world.start().await;
    let other = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.note", json!({ "text": "x" })).await;
    world.fake.close();
    let answer = acting(&world, &ann, grant);
    until("the act", async || world.fake.sent("note") == 1).await;
    world.kill(json!({ "principal": "ann" })).await.ok();
    answer.await.unwrap().refused("in_doubt");
    // Another doubt that is probed for shows that the resolver is running.
    world.fake.gate.lock().unwrap().take();
    let amy = world.joined("amy", &other).await;
    world.fake.fail_next(lost());
    amy.act("work", "fake.note", json!({ "text": "y" })).await.refused("in_doubt");
    until("the look", async || world.doubts().await.len() == 1).await;
    assert_eq!((world.doubts().await[0]["principal"].clone(), world.fake.sent("note")), (json!("ann"), 2));
    for who in ["ada", "max"] {
        world.lift(who, json!({ "principal": "ann" })).await.ok();
    }
    until("the look", async || world.doubts().await.is_empty()).await;
    assert_eq!((world.fake.sent("note"), world.fake.count("note")), (2, 1), "looked for, not done again");
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_on_the_record_before_it_is_sent_and_nobody_resolves_it_meanwhile() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    world.fake.fail_next(lost());
    let gate = world.fake.close();
    let answer = acting(&world, &ann, grant);
    until("the act", async || world.fake.sent("push") == 1).await;
    let claimed = ann.summary().await["entries"].as_u64().unwrap();
    gate.add_permits(1);
    answer.await.unwrap().refused("in_doubt");
    until("the repeat", async || world.fake.sent("push") == 2).await;
    let entries = ann.summary().await["entries"].as_u64().unwrap();
    assert_eq!(entries, claimed + 2, "the doubt and the attempt");
    let doubts = world.doubts().await;
    assert_eq!((doubts.len(), &doubts[0]["waits_for"]), (1, &json!("repeat")));
    resolve(&world, &doubts[0], json!({ "done": false })).await.refused("in_flight");
    gate.add_permits(10);
    until("its end", async || world.doubts().await.is_empty()).await;
    assert_eq!((world.fake.sent("push"), world.fake.count("push")), (2, 1));
    resolve(&world, &doubts[0], json!({ "done": false })).await.refused("unknown");
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_a_repeat_leaves_it_to_a_person() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    world.fake.fail_next(ActError::Refused { status: 409, reason: "moved".to_owned() });
    world.fake.fail_next(lost());
    ann.act("work", "fake.push", json!({ "id": 1 })).await.refused("in_doubt");
    until("leaving it to a person", async || {
        world.doubts().await.first().is_some_and(|doubt| doubt["waits_for"] == "person")
    })
    .await;
    let world = world.restart().await;
    let doubts = world.doubts().await;
    assert_eq!(doubts[0]["waits_for"], "person", "for good");
    resolve(&world, &doubts[0], json!({ "done": false })).await.ok();
    assert_eq!(world.fake.sent("push"), 2);
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_never_answers_keeps_nothing_waiting() {
    let world = World::with(flow::workflow(1)).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    // Several, none of which waits for another.
    for id in 1..5 {
        world.fake.fail_next(lost());
        ann.act("work", "fake.push", json!({ "id": id })).await.refused("in_doubt");
    }
    let gate = world.fake.close();
    let sent = world.fake.sent("push");
    let world = tokio::time::timeout(Duration::from_secs(10), world.restart()).await.expect("it listens");
    until("repeats that hang", async || world.fake.sent("push") > sent).await;
    // Grants expire on time nevertheless.
    let ann = world.joined("ann", &run).await;
    let before = ann.summary().await["entries"].as_u64().unwrap();
    ann.granted("work", "fake.push", json!({ "id": 9 })).await;
    until("the end of the token", async || ann.summary().await["entries"].as_u64().unwrap() >= before + 2)
        .await;
    // The folder is released for the next server.
    let world = tokio::time::timeout(Duration::from_secs(10), world.restart()).await.expect("it stops");
    assert_eq!(world.doubts().await.len(), 4);
    gate.add_permits(100);
    until("the end of the doubts", async || world.doubts().await.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_that_is_no_result_is_refused_and_leaves_everything_as_it_was() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    world.fake.fail_next(lost());
    ann.act("work", "fake.wire", json!({ "text": "x" })).await.refused("in_doubt");
    let doubts = world.doubts().await;
    assert_eq!(doubts[0]["waits_for"], "person");
    resolve(&world, &doubts[0], json!({ "done": true, "result": { "id": "seven" } }))
        .await
        .refused("bad_value");
    // Neither an omitted result nor null is interpreted.
    for word in [
        json!({}),
        json!({ "done": true }),
        json!({ "result": null }),
        json!({ "done": true, "result": null }),
        json!({ "done": false, "result": null }),
        json!({ "done": false, "result": { "id": 1 } }),
        json!({ "done": "yes" }),
    ] {
        resolve(&world, &doubts[0], word).await.refused("bad_request");
    }
    assert_eq!(world.doubts().await, doubts);
    resolve(&world, &doubts[0], json!({ "done": false })).await.ok();
    ann.act("work", "fake.wire", json!({ "text": "x" })).await.ok();
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
}
