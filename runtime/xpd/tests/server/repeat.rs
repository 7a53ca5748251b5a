//! Repeated requests, whose first answer was lost.

use serde_json::json;
use xpd_proxy::ActError;

use crate::support::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_gives_the_stored_answer() {
    let world = World::new().await;
    let ann = world.agent("ann");
    let start = json!({ "artifact": "flow", "params": { "place": "A" }, "request_id": "s1" });
    let first = ann.post_with("/v1/runs", None, &start).await;
    let second = ann.post_with("/v1/runs", None, &start).await;
    assert_eq!((&first.ok()["run"], &first.body["replayed"]), (&second.ok()["run"], &json!(false)));
    assert_eq!(second.body["replayed"], true);
    let run = first.body["run"].as_str().unwrap();
    let ann = world.joined("ann", run).await;

    let ask = json!({ "step": "work", "action": "fake.note", "args": { "text": "x" }, "request_id": "g1" });
    let (one, two) = (ann.post("grants", &ask).await, ann.post("grants", &ask).await);
    assert_eq!(one.ok()["grant"], two.ok()["grant"]);
    let other = json!({ "step": "work", "action": "fake.note", "args": { "text": "y" }, "request_id": "g1" });
    ann.post("grants", &other).await.refused("request_id_reused");

    let grant = one.body["grant"].as_str().unwrap();
    let (one, two) = (
        ann.use_grant(grant, json!({ "request_id": "u1" })).await,
        ann.use_grant(grant, json!({ "request_id": "u1" })).await,
    );
    assert_eq!(one.ok()["result"], two.ok()["result"]);
    assert_eq!((&one.body["replayed"], &two.body["replayed"]), (&json!(false), &json!(true)));
    ann.use_grant(grant, json!({ "request_id": "u2" })).await.refused("replayed");
    ann.use_grant(grant, json!({ "request_id": "g1" })).await.refused("request_id_reused");
    ann.use_grant(grant, json!({ "request_id": "" })).await.refused("bad_request");
    assert_eq!(world.fake.count("note"), 1);

    let files = json!({ "step": "work", "name": "files", "value": ["src/a.rs"], "request_id": "f1" });
    let (one, two) = (ann.post("submissions", &files).await, ann.post("submissions", &files).await);
    assert_eq!(one.ok()["index"], two.ok()["index"]);

    // Request ids belong to an agent.
    let ben = world.joined("ben", run).await;
    ben.post("grants", &ask).await.refused("wrong_role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_an_answer_too_and_gives_the_use_back() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    for error in [
        ActError::NotSent("no way".to_owned()),
        ActError::Refused { status: 409, reason: "moved".to_owned() },
    ] {
        let code =
            if matches!(error, ActError::NotSent(_)) { "connector_failed" } else { "connector_refused" };
        let grant = ann.granted("work", "fake.wire", json!({ "text": "x" })).await;
        world.fake.fail_next(error);
        let body = json!({ "request_id": code });
        ann.use_grant(&grant, body.clone()).await.refused(code);
        ann.use_grant(&grant, body).await.refused(code);
        ann.use_grant(&grant, json!({})).await.refused("replayed");
    }
    assert_eq!(world.fake.count("wire"), 0);
    ann.act("work", "fake.wire", json!({ "text": "x" })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_end_is_resolved_by_its_class() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let doubts = async || world.admin().get("/v1/doubts").await.ok().as_array().unwrap().clone();
    let lost = || world.fake.fail_next(ActError::Unknown("no answer".to_owned()));
    // An action that is probed for.
    let grant = ann.granted("work", "fake.note", json!({ "text": "x" })).await;
    lost();
    ann.use_grant(&grant, json!({ "request_id": "n" })).await.refused("in_doubt");
    crate::support::until("the probe", async || doubts().await.is_empty()).await;
    let answer = ann.use_grant(&grant, json!({ "request_id": "n" })).await;
    assert_eq!((&answer.ok()["replayed"], &answer.body["bound"]), (&json!(true), &json!(true)));
    // An action that is repeated.
    lost();
    ann.act("work", "fake.push", json!({ "id": 1 })).await.refused("in_doubt");
    crate::support::until("the repetition", async || doubts().await.is_empty()).await;
    assert_eq!((world.fake.count("note"), world.fake.count("push")), (1, 1));
    // An action that is left to a person. Meanwhile the step does not settle, since its evidence is
    // uncertain.
    lost();
    let grant = ann.granted("work", "fake.wire", json!({ "text": "x" })).await;
    ann.use_grant(&grant, json!({ "request_id": "w" })).await.refused("in_doubt");
    ann.use_grant(&grant, json!({ "request_id": "w" })).await.refused("in_flight");
    let open = doubts().await;
    assert_eq!((open.len(), &open[0]["action"]), (1, &json!("fake.wire")));
    let path = format!("/v1/doubts/{}", open[0]["jti"].as_str().unwrap());
    let result = json!({ "done": true, "result": { "id": 9, "ok": true, "said": "seen" } });
    ann.post_with(&path, None, &result).await.refused("unknown");
    world.agent("ann").post_with(&path, None, &result).await.refused("unknown");
    world.admin().post_with(&path, None, &result).await.ok();
    let answer = ann.use_grant(&grant, json!({ "request_id": "w" })).await;
    assert_eq!(answer.ok()["result"]["said"], "seen");
}
