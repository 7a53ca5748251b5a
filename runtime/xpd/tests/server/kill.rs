//! Kills, also across a restart.

use std::sync::atomic::Ordering;

use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::{Agent, Reply, World, agent, artifact, flow, sealed, until};

/// Uses a grant in a task.
fn acting(world: &World, ann: &Agent, grant: String) -> JoinHandle<Reply> {
    let mut late = Agent::new(agent::key("ann"), &world.running.url);
    (late.session, late.run) = (ann.session.clone(), ann.run.clone());
    tokio::spawn(async move { late.use_grant(&grant, json!({})).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_principal_is_stopped_at_the_next_claim_and_stays_so() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    let kill = json!({ "scope": { "principal": "ann" }, "reason": "lost laptop" });
    assert_eq!(world.health().await, (200, vec![]));
    world.admin().post_with("/v1/kill", None, &kill).await.ok();
    let stopped = vec![("kill".to_owned(), "degraded".to_owned())];
    assert_eq!(world.health().await, (200, stopped));
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
async fn a_run_is_stopped_and_what_is_under_way_is_ended_and_named() {
    let world = World::new().await;
    let (run, other) = (world.start().await, world.start().await);
    let ann = world.joined("ann", &run).await;
    let gate = world.fake.close();
    let unused = ann.granted("work", "fake.push", json!({ "id": 2 })).await;
    let grant = ann.granted("work", "fake.note", json!({ "text": "x" })).await;
    let acting = acting(&world, &ann, grant);
    until("the act", async || world.fake.sent("note") == 1).await;
    let answer = world.kill(json!({ "run": run })).await;
    let ended = answer.ok()["ended"].as_array().unwrap().clone();
    assert_eq!(ended.len(), 1, "{ended:?}");
    let said = |what: &str| ended[0][what].clone();
    assert_eq!((said("requests"), said("in_doubt")), (json!(["fake note"]), json!(true)));
    assert_eq!((said("run"), said("step"), said("principal")), (json!(run), json!("work"), json!("ann")));
    assert_eq!((said("action"), said("instance")), (json!("fake.note"), json!("fake")));
    // The caller is answered at once, and the blocked action has no effect.
    acting.await.unwrap().refused("in_doubt");
    ann.use_grant(&unused, json!({})).await.refused("killed");
    gate.add_permits(10);
    // The doubt is not probed for: a person resolves it, and then the run is closed.
    let doubts = world.doubts().await;
    assert_eq!((doubts.len(), &doubts[0]["waits_for"]), (1, &json!("person")), "{doubts:?}");
    assert_eq!(ann.summary().await["closed"], false, "one action is in doubt");
    let path = format!("/v1/doubts/{}", doubts[0]["jti"].as_str().unwrap());
    world.admin().post_with(&path, None, &json!({ "done": false })).await.ok();
    let summary = ann.summary().await;
    assert_eq!((&summary["status"], &summary["closed"]), (&json!("killed"), &json!(true)), "{summary}");
    assert_eq!((world.fake.count("note"), world.fake.looks.load(Ordering::SeqCst)), (0, 0));
    world.kill(json!({ "run": run })).await.refused("run_over");
    world.verifies(&run).await;
    world.joined("ann", &other).await.act("work", "fake.push", json!({ "id": 1 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_stopped_before_its_effect_returns_the_use() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    world.fake.light.store(true, Ordering::SeqCst);
    let gate = world.fake.close();
    let grant = ann.granted("work", "fake.wire", json!({ "text": "x" })).await;
    let acting = acting(&world, &ann, grant);
    until("the act", async || world.fake.sent("wire") == 1).await;
    let answer = world.kill(json!({ "connector": "fake" })).await;
    assert_eq!(answer.ok()["ended"][0]["in_doubt"], false, "{}", answer.body);
    acting.await.unwrap().refused("killed");
    assert_eq!(world.doubts().await, Vec::<serde_json::Value>::new());
    // `wire` is usable once per run; after the kill is lifted it must be requested again.
    for who in ["ada", "max"] {
        world.lift(who, json!({ "connector": "fake" })).await.ok();
    }
    gate.add_permits(10);
    world.joined("ann", &run).await.act("work", "fake.wire", json!({ "text": "x" })).await.ok();
    assert_eq!((world.fake.sent("wire"), world.fake.count("wire")), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scope_stops_what_it_covers_and_nothing_else() {
    let world = World::new().await;
    let mut other = flow::workflow(60);
    other.name = "other".to_owned();
    other.doc = Some("another artifact".to_owned());
    let reply = world.deploy(sealed(&artifact(other))).await;
    let digest = reply.ok()["artifact"].as_str().unwrap().to_owned();
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let push = async |id: u32| ann.act("work", "fake.push", json!({ "id": id })).await;
    push(1).await.ok();
    for unknown in
        [json!({ "artifact": "none" }), json!({ "connector": "none" }), json!({ "principal": "none" })]
    {
        world.kill(unknown).await.refused("unknown");
    }
    // Kills of other artifacts, principals and connectors.
    world.kill(json!({ "artifact": digest })).await.ok();
    world.kill(json!({ "artifact": "other" })).await.ok();
    world.kill(json!({ "principal": "eve" })).await.ok();
    push(2).await.ok();
    world.agent("ann").start("A").await.ok();
    for scope in
        [json!({ "artifact": "flow" }), json!({ "connector": "fake" }), json!({ "principal": "ann" })]
    {
        let held = world.joined("ann", &run).await.granted("work", "fake.push", json!({ "id": 3 })).await;
        world.kill(scope.clone()).await.ok();
        world.kill(scope.clone()).await.refused("killed");
        world.joined("ann", &run).await.use_grant(&held, json!({})).await.refused("killed");
        let asked = world.joined("ann", &run).await.ask("work", "fake.push", json!({ "id": 4 })).await;
        asked.refused("killed");
        let started = world.agent("ann").start("A").await;
        if scope.get("connector").is_none() {
            started.refused("killed");
        } else {
            started.ok();
        }
        for who in ["ada", "max"] {
            world.lift(who, scope.clone()).await.ok();
        }
    }
    assert_eq!(world.fake.count("push"), 2);
    world.joined("ann", &run).await.act("work", "fake.push", json!({ "id": 5 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_is_lifted_by_two_and_revives_nothing() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    let lift = async |who: &str| world.lift(who, json!("everything")).await;
    lift("ada").await.refused("unknown");
    world.kill(json!("everything")).await.ok();
    // Not by one administrator alone, however often, nor by the server's own key, nor by a principal.
    for _ in 0..2 {
        assert_eq!(lift("ada").await.ok()["lifted"], false);
    }
    let body = json!({ "scope": "everything", "reason": "" });
    world.admin().post_with("/v1/lift", None, &body).await.refused("not_allowed");
    lift("ann").await.refused("unknown");
    assert_eq!(lift("ada").await.ok()["lifted"], false);
    let stops = world.agent("max").get("/v1/stops").await.ok().clone();
    assert_eq!((&stops[0]["scope"], &stops[0]["asked_by"]), (&json!("everything"), &json!("ada")), "{stops}");
    // A request for another scope does not count, and a killed run stays over.
    world.lift("max", json!({ "principal": "ann" })).await.refused("unknown");
    world.lift("max", json!({ "run": run })).await.refused("run_over");
    ann.ask("work", "fake.push", json!({ "id": 1 })).await.refused("killed");
    assert_eq!(lift("max").await.ok()["lifted"], true);
    // Grants and sessions from before the kill are void; new ones work.
    ann.ask("work", "fake.push", json!({ "id": 1 })).await.refused("killed");
    let new = world.joined("ann", &run).await;
    new.use_grant(&grant, json!({})).await.refused("killed");
    new.act("work", "fake.push", json!({ "id": 2 })).await.ok();
    assert_eq!(world.fake.count("push"), 1);
    lift("ada").await.refused("unknown");
    let kinds = world.kinds();
    let of = |kind: &str| kinds.iter().filter(|found| *found == kind).count();
    assert_eq!((of("killed"), of("kill.lift_asked"), of("kill.lifted")), (1, 3, 1), "{kinds:?}");
    // All of this survives a restart.
    let world = world.restart().await;
    world.joined("ann", &run).await.use_grant(&grant, json!({})).await.refused("killed");
    world.joined("ann", &run).await.act("work", "fake.push", json!({ "id": 3 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_recovery_key_lifts_alone_and_does_nothing_else() {
    let world = World::new().await;
    let run = world.start().await;
    world.kill(json!("everything")).await.ok();
    let recovery = world.agent("recovery");
    let kill = json!({ "scope": { "principal": "ann" }, "reason": "" });
    recovery.post_with("/v1/kill", None, &kill).await.refused("unknown");
    recovery.get("/v1/doubts").await.refused("unknown");
    recovery.start("A").await.refused("unknown");
    let world = world.restart().await;
    assert_eq!(world.health().await, (200, vec![("kill".to_owned(), "degraded".to_owned())]));
    assert_eq!(world.lift("recovery", json!("everything")).await.ok()["lifted"], true);
    assert_eq!(world.health().await, (200, vec![]));
    world.joined("ann", &run).await.act("work", "fake.push", json!({ "id": 1 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn administrators_act_by_their_own_names() {
    let world = World::new().await;
    let kill = json!({ "scope": { "principal": "eve" }, "reason": "seen" });
    world.agent("ada").post_with("/v1/kill", None, &kill).await.ok();
    let stops = world.agent("max").get("/v1/stops").await.ok().clone();
    assert_eq!(stops[0]["by"], "ada", "{stops}");
    // Administrators are not principals, nor the reverse.
    world.agent("ada").start("A").await.refused("unknown");
    world.agent("ann").post_with("/v1/kill", None, &kill).await.refused("unknown");
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
    // Token and session outlive the process; only the address differs.
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
