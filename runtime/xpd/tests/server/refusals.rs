//! Every refusal with its code, each beside a permitted control.

use serde_json::json;
use xpd_audit::verify::{Trust, Verdict, verify_package};

use crate::support::{Agent, Reply, World, agent, flow, signer, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_machine_refuses_and_the_record_replays() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    let note = |text: &str| json!({ "text": text });
    ann.ask("nowhere", "fake.note", note("x")).await.refused("unknown");
    ann.ask("work", "fake.missing", json!({})).await.refused("not_granted");
    ann.ask("ship", "fake.push", json!({ "id": 1 })).await.refused("out_of_sequence");
    ben.ask("work", "fake.note", note("x")).await.refused("wrong_role");
    ann.ask("work", "fake.note", json!({ "text": "x", "place": "B" })).await.refused("out_of_scope");
    ann.ask("work", "fake.note", json!({ "text": 1 })).await.refused("bad_value");
    ann.ask("work", "fake.note", json!({ "text": "x", "more": 1 })).await.refused("bad_value");
    ann.ask("work", "fake.note", note(&"x".repeat(201))).await.refused("bad_value");
    ann.ask("work", "fake.note", note("a\u{202e}b")).await.refused("bad_value");
    ann.ask("work", "fake.push", json!({})).await.refused("bad_value");
    ann.submit("work", "files", json!(["etc/passwd"])).await.refused("out_of_scope");
    ann.submit("work", "files", json!(["src/../x"])).await.refused("bad_value");
    ann.submit("work", "paths", json!([])).await.refused("unknown");
    ann.judge("work", "done").await.refused("no_evidence");
    ann.judge("work", "gone").await.refused("unknown");
    assert_eq!(world.fake.count("note"), 0, "nothing refused was done");

    let refused = ann.ask("work", "fake.note", json!({ "text": "x", "place": "B" })).await;
    assert!(refused.body["index"].is_u64(), "{}", refused.body);
    let clause = refused.body["clause"].as_str().unwrap();
    assert!(clause.starts_with("may fake.note(place: place, "), "{clause}");

    ann.act("work", "fake.note", note("x")).await.ok();
    ann.judge("work", "done").await.refused("not_submitted");
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.act("work", "fake.note", note("y")).await.ok();
    ann.act("work", "fake.note", note("z")).await.refused("used_up");
    let unused = ann.granted("work", "fake.wire", note("w")).await;
    ann.judge("work", "done").await.ok();
    ann.judge("work", "done").await.refused("step_closed");
    ann.ask("work", "fake.wire", note("w")).await.refused("step_closed");
    ann.use_grant(&unused, json!({})).await.refused("step_closed");
    ben.judge("review", "approved").await.refused("not_shown");
    ben.judge("review", "refused").await.refused("not_judgeable");
    ben.view("review", "work.nothing").await.refused("unknown");
    ben.view("review", "work.files").await.ok();
    ben.judge("review", "approved").await.ok();
    ann.judge("ship", "done").await.refused("not_judgeable");
    ann.act("ship", "fake.push", json!({ "id": 77 })).await.refused("out_of_scope");
    ann.act("ship", "fake.push", json!({})).await.ok();
    ann.ask("ship", "fake.push", json!({})).await.refused("run_over");
    assert_eq!((world.fake.count("note"), world.fake.count("push"), world.fake.count("wire")), (2, 1, 0));

    let trust = Trust {
        log_key: Some(world.running.log_key.parse().unwrap()),
        artifact_keys: vec![signer().public()],
        policy: None,
    };
    let report = verify_package(&world.evidence(&run).await, &trust);
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_controller_does_not_do_both() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, bob) = (world.joined("ann", &run).await, world.joined("bob", &run).await);
    let amy = world.joined("amy", &run).await;
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    amy.ask("work", "fake.note", json!({ "text": "x" })).await.refused("wrong_role");
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    let refused = bob.view("review", "work.files").await;
    assert_eq!(refused.refused("not_separate").body["clause"], "separate roles author, reviewer");
    world.joined("ben", &run).await.view("review", "work.files").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_good_for_one_use_by_one_key_with_these_bytes() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.granted("work", "fake.note", json!({ "text": "x", "tag": "t" })).await;

    // Another agent's key, and the grant's key without the grant.
    let ben = world.joined("ben", &run).await;
    ben.use_grant(&grant, json!({})).await.refused("wrong_key");
    ann.use_grant(&grant, json!({ "args": { "text": "other" } })).await.refused("wrong_arguments");
    ann.use_grant(&grant, json!({ "args": { "text": "x", "tag": "u" } })).await.refused("wrong_arguments");
    assert_eq!(world.fake.count("note"), 0);
    ann.use_grant(&grant, json!({ "args": { "text": "x", "tag": "t" } })).await.ok();
    ann.use_grant(&grant, json!({})).await.refused("replayed");
    assert_eq!(world.fake.count("note"), 1);

    // Sessions and grants are not interchangeable, and neither is valid in another run.
    ann.use_grant(&ann.session, json!({})).await.refused("unauthenticated");
    let asked = json!({ "step": "work", "action": "fake.push", "args": { "id": 1 } });
    let path = format!("/v1/runs/{run}/grants");
    ann.post_with(&path, Some(&grant), &asked).await.refused("unauthenticated");
    let other = world.start().await;
    let fresh = ann.granted("work", "fake.push", json!({ "id": 1 })).await;
    ann.post_with(&format!("/v1/runs/{other}/actions"), Some(&fresh), &json!({})).await.refused("unknown");
    ann.post_with(&format!("/v1/runs/{other}/grants"), Some(&ann.session), &asked).await.refused("unknown");
    // A token with a changed signature.
    let (head, tail) = fresh.split_at(fresh.len() - 6);
    let flipped = if tail.starts_with('A') { tail.replacen('A', "B", 1) } else { format!("A{}", &tail[1..]) };
    ann.use_grant(&format!("{head}{flipped}"), json!({})).await.refused("unauthenticated");
    ann.use_grant(&fresh, json!({})).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_runs_out() {
    let world = World::with(flow::workflow(1)).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let grant = ann.ask("work", "fake.wire", json!({ "text": "x" })).await;
    let expires = grant.ok()["expires"].as_u64().unwrap();
    let grant = grant.body["grant"].as_str().unwrap();
    ann.ask("work", "fake.wire", json!({ "text": "x" })).await.refused("used_up");
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    until("the end of the token", async || now() > u128::from(expires)).await;
    ann.use_grant(grant, json!({})).await.refused("expired");
    // Before and after the sweep the answer is the same, and the use is returned.
    until("the sweep", async || {
        let summary = ann.summary().await;
        summary["entries"].as_u64().unwrap() > 4
    })
    .await;
    ann.use_grant(grant, json!({})).await.refused("expired");
    ann.act("work", "fake.wire", json!({ "text": "x" })).await.ok();
    assert_eq!(world.fake.count("wire"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_is_good_for_one_request() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let path = format!("/v1/runs/{run}/grants");
    let body = json!({ "step": "work", "action": "fake.push", "args": { "id": 1 } }).to_string().into_bytes();
    let token = Some(ann.session.as_str());
    let proof = ann.proof("POST", &path, token, &body);
    Reply::of(ann.send("POST", &path, token, &proof, body.clone()).await).await.ok();
    Reply::of(ann.send("POST", &path, token, &proof, body.clone()).await).await.refused("proof_replayed");
    // A proof for another body, path, method or token, or without one.
    let other =
        json!({ "step": "work", "action": "fake.push", "args": { "id": 2 } }).to_string().into_bytes();
    let proof = ann.proof("POST", &path, token, &body);
    Reply::of(ann.send("POST", &path, token, &proof, other).await).await.refused("unauthenticated");
    let offers = format!("/v1/runs/{run}/offers");
    Reply::of(ann.send("GET", &offers, token, &proof, Vec::new()).await).await.refused("unauthenticated");
    let unbound = ann.proof("POST", &path, None, &body);
    Reply::of(ann.send("POST", &path, token, &unbound, body.clone()).await).await.refused("unauthenticated");
    Reply::of(ann.send("POST", &path, None, &unbound, body.clone()).await).await.refused("unauthenticated");
    Reply::of(ann.send("POST", &path, token, "", body.clone()).await).await.refused("unauthenticated");
    // A proof by another agent over this agent's token.
    let ben = world.agent("ben");
    let stolen = ben.proof("POST", &path, token, &body);
    Reply::of(ben.send("POST", &path, token, &stolen, body).await).await.refused("unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_the_administrator_stay_at_their_doors() {
    let world = World::new().await;
    let run = world.start().await;
    let nobody = Agent::new(agent::key("nobody"), &world.running.url);
    nobody.start("A").await.refused("unauthenticated");
    let session = json!({ "run": run });
    nobody.post_with("/v1/sessions", None, &session).await.refused("unauthenticated");
    world.agent("eve").post_with("/v1/sessions", None, &session).await.refused("unknown");
    world.agent("ann").post_with("/v1/sessions", None, &json!({ "run": "gone" })).await.refused("unknown");
    world.agent("ben").start("A").await.refused("unknown");
    world.agent("ann").start("C").await.refused("not_allowed");
    let missing = json!({ "artifact": "flow", "params": {} });
    world.agent("ann").post_with("/v1/runs", None, &missing).await.refused("not_allowed");
    let kill = json!({ "scope": "everything", "reason": "mine" });
    world.agent("ann").post_with("/v1/kill", None, &kill).await.refused("unknown");
    world.admin().start("A").await.refused("unknown");
    world.agent("ann").start("A").await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_good_in_its_run_only() {
    let world = World::new().await;
    let (one, two) = (world.start().await, world.start().await);
    let mut ann = world.joined("ann", &one).await;
    let of_one = std::mem::take(&mut ann.session);
    ann.join(&two).await;
    let asked = json!({ "step": "work", "action": "fake.push", "args": { "id": 1 } });
    let of_two = format!("/v1/runs/{two}/grants");
    ann.post_with(&of_two, Some(&of_one), &asked).await.refused("unknown");
    ann.post_with(&of_two, Some(&ann.session), &asked).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_counts_the_runs_that_it_starts() {
    let world = World::new().await;
    let path = world.site.folder.join("roster.toml");
    let roster = std::fs::read_to_string(&path).unwrap();
    let few = roster.replace("max_open = 200\nmax_per_day = 1000", "max_open = 2\nmax_per_day = 3");
    std::fs::write(&path, few).unwrap();
    assert!(world.running.reloader.try_reload().await.unwrap());
    let (one, _two) = (world.start().await, world.start().await);
    world.agent("ann").start("A").await.refused("too_many_runs");
    world.kill(json!({ "run": one })).await.ok();
    let three = world.start().await;
    world.kill(json!({ "run": three })).await.ok();
    // One run is open, and three were started on this day.
    world.agent("ann").start("A").await.refused("too_many_runs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_read_strictly_is_not_read() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let path = format!("/v1/runs/{run}/grants");
    let token = Some(ann.session.as_str());
    for body in [
        "",
        "{",
        "[]",
        r#"{"step":"work"}"#,
        r#"{"step":"work","step":"work","action":"fake.push","args":{"id":1}}"#,
        r#"{"step":"work","action":"fake.push","args":{"id":1},"more":1}"#,
        r#"{"step":"work","action":"fake.push","args":{"id":1,"id":2}}"#,
        r#"{"step":"work","action":"fake.push","args":{"id":1.0}}"#,
        r#"{"step":"work","action":"fake.push","args":{"id":9007199254740993}}"#,
        r#"{"step":"work","action":"fake.push","args":{"id":null}}"#,
        r#"{"step":"work","action":"fake.push","args":[1]}"#,
    ] {
        let bytes = body.as_bytes().to_vec();
        let proof = ann.proof("POST", &path, token, &bytes);
        Reply::of(ann.send("POST", &path, token, &proof, bytes).await).await.refused("bad_request");
    }
    // The client receives the refusal even while it is still sending.
    for mebibytes in [1, 2, 8, 16] {
        let large = vec![b' '; (mebibytes << 20) + 1];
        let proof = ann.proof("POST", &path, token, &large);
        Reply::of(ann.send("POST", &path, token, &proof, large).await).await.refused("too_large");
    }
    ann.granted("work", "fake.push", json!({ "id": 1 })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_bounded() {
    let world = World::new().await;
    world.running.stop().await;
    world.site.write("");
    let text = std::fs::read_to_string(world.site.folder.join("xpd.toml")).unwrap();
    let text = text.replace("refusals_per_minute = 500", "refusals_per_minute = 3");
    std::fs::write(world.site.folder.join("xpd.toml"), text).unwrap();
    let running = crate::support::Running::start(&world.site, &world.fake).await;
    let world = World { site: world.site, fake: world.fake, running };
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    for n in 0..30 {
        let refused = ann.ask("nowhere", "fake.push", json!({})).await;
        refused.refused("unknown");
        assert_eq!(refused.body["index"].is_u64(), n < 3, "the first three are entries: {}", refused.body);
    }
    ann.ask("work", "fake.push", json!({ "id": 1 })).await.refused("suspended");
    // Other principals are not affected.
    world.joined("ben", &run).await.ask("work", "fake.push", json!({ "id": 1 })).await.refused("wrong_role");
}
