//! Shadow runs: what would be refused and what would be carried out is recorded, and nothing is sent but what the operator lists.

use serde_json::{Value, json};
use xp_artifact::workflow::Workflow;
use xpd_audit::verify::{Report, Trust, Verdict, verify_package};
use xpd_engine::registry::Registry;
use xpd_proxy::ActError;
use xpd_store::SystemClock;

use crate::support::{Agent, Reply, Site, World, artifact, flow, sealed, signer, until};

/// A start rule under which `amy` starts shadow runs.
const RULE: &str = "\n[[start]]\nartifact = \"flow\"\nprincipals = [\"amy\"]\nshadow = true\nmax_open = 9\nmax_per_day = 9\n\
                    params = { place = [\"A\", \"B\"] }\n";

/// A server on which the workflow is deployed enforced and in shadow. `sends` are names of actions that may be sent.
async fn world_of(workflow: Workflow, sends: &[&str]) -> World {
    let site = Site::new();
    site.write(&format!("\n[shadow]\nsends = {{ fake = {sends:?} }}\n"));
    let registry = Registry::of(&workflow.actions, &workflow.records, &workflow.kinds);
    std::fs::write(site.folder.join("declarations.json"), registry.to_json().to_string()).unwrap();
    let roster = std::fs::read_to_string(site.folder.join("roster.toml")).unwrap();
    std::fs::write(site.folder.join("roster.toml"), roster + RULE).unwrap();
    let world = World::on(site, workflow.clone(), SystemClock::shared()).await;
    let deployed = world.admin().deploy_shadow(sealed(&artifact(workflow))).await;
    assert_eq!((deployed.status, &deployed.ok()["shadow"]), (201, &json!(true)));
    world
}

async fn started(world: &World) -> (String, Agent) {
    let reply = world.agent("amy").start("A").await;
    assert_eq!(reply.ok()["shadow"], json!(true), "{}", reply.body);
    let run = reply.body["run"].as_str().unwrap().to_owned();
    let amy = world.joined("amy", &run).await;
    (run, amy)
}

/// Asserts that the answer says what enforcement would have answered.
#[track_caller]
fn would(reply: &Reply, code: &str) {
    let detail = reply.refused(code).body["detail"].as_str().unwrap();
    assert!(detail.starts_with(&format!("would be refused: {code}: ")), "{detail}");
    assert!(reply.body["index"].is_u64(), "{}", reply.body);
}

async fn report(world: &World, run: &str) -> Report {
    let trust = Trust {
        log_key: Some(world.running.log_key.parse().unwrap()),
        artifact_keys: vec![signer().public()],
        policy: None,
    };
    verify_package(&world.evidence(run).await, &trust)
}

/// The entries of a run.
fn entries(world: &World, run: &str) -> Vec<Value> {
    let database = rusqlite::Connection::open(world.site.folder.join("data/xpd.sqlite")).unwrap();
    let mut query = database.prepare("SELECT bytes FROM entries WHERE run = ?1 ORDER BY idx").unwrap();
    let rows = query.query_map([run], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    rows.map(|bytes| serde_json::from_slice(&bytes.unwrap()).unwrap()).collect()
}

/// Nothing whatever was asked of the upstream.
#[track_caller]
fn untouched(world: &World) {
    assert_eq!(*world.fake.calls.lock().unwrap(), Vec::<String>::new());
    assert_eq!(world.fake.looks.load(std::sync::atomic::Ordering::SeqCst), 0);
}

fn note(text: &str) -> Value {
    json!({ "text": text })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_and_every_refusal_says_what_enforcement_would_answer() {
    let world = world_of(flow::workflow(60), &[]).await;
    let (run, amy) = started(&world).await;
    let bob = world.joined("bob", &run).await;
    would(&amy.ask("nowhere", "fake.note", note("x")).await, "unknown");
    would(&amy.ask("work", "fake.missing", json!({})).await, "not_granted");
    would(&amy.ask("ship", "fake.push", json!({ "id": 1 })).await, "out_of_sequence");
    would(&bob.ask("work", "fake.note", note("x")).await, "wrong_role");
    would(&amy.ask("work", "fake.note", json!({ "text": "x", "place": "B" })).await, "out_of_scope");
    would(&amy.ask("work", "fake.note", json!({ "text": 1 })).await, "bad_value");
    would(&amy.ask("work", "fake.note", note(&"x".repeat(201))).await, "bad_value");
    would(&amy.submit("work", "files", json!(["etc/passwd"])).await, "out_of_scope");
    would(&amy.judge("work", "done").await, "no_evidence");
    // What is granted is not sent, and counts as used.
    amy.act("work", "fake.note", note("x")).await.refused("shadow");
    amy.act("work", "fake.note", note("y")).await.refused("shadow");
    would(&amy.act("work", "fake.note", note("z")).await, "used_up");
    would(&amy.judge("work", "done").await, "no_evidence");
    // Refusals of tokens.
    let grant = amy.granted("work", "fake.push", json!({ "id": 1 })).await;
    would(&bob.use_grant(&grant, json!({})).await, "wrong_key");
    would(&amy.use_grant(&grant, json!({ "args": { "id": 2 } })).await, "wrong_arguments");
    let once = json!({ "request_id": "once" });
    let first = amy.use_grant(&grant, once.clone()).await;
    let again = amy.use_grant(&grant, once).await;
    assert_eq!(first.refused("shadow").body["index"], again.refused("shadow").body["index"]);
    would(&amy.use_grant(&grant, json!({})).await, "replayed");
    for (step, action, args) in [
        ("work", "fake.wire", note("w")),
        ("work", "fake.touch", json!({ "branch": "b" })),
        ("work", "fake.push", json!({ "id": 3 })),
    ] {
        amy.act(step, action, args).await.refused("shadow");
    }
    let waiting = amy.granted("work", "fake.push", json!({ "id": 4 })).await;
    world.kill(json!({ "principal": "amy" })).await.ok();
    would(&amy.ask("work", "fake.push", json!({ "id": 5 })).await, "killed");
    would(&amy.use_grant(&waiting, json!({})).await, "killed");
    world.kill(json!({ "run": run })).await.ok();
    untouched(&world);

    let entries = entries(&world, &run);
    assert!(entries.iter().all(|entry| entry["shadow"] == json!(true)), "each entry has the mark");
    let mut codes = std::collections::BTreeSet::new();
    for entry in &entries {
        let body = entry["body"].as_object().unwrap().values().next().unwrap();
        let fact = body["facts"]["shadow"].as_str();
        match entry["kind"].as_str().unwrap() {
            "decision.refused" => {
                codes.insert(fact.unwrap().strip_prefix("would be refused: ").unwrap().to_owned());
            }
            "action.failed" => assert_eq!(fact, Some("not sent"), "{entry}"),
            kind => {
                assert!(!["action.started", "action.result"].contains(&kind) && fact.is_none(), "{entry}")
            }
        }
    }
    let expected = [
        "bad_value",
        "killed",
        "no_evidence",
        "not_granted",
        "out_of_scope",
        "out_of_sequence",
        "replayed",
        "unknown",
        "used_up",
        "wrong_arguments",
        "wrong_key",
        "wrong_role",
    ];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), expected);
    let report = report(&world, &run).await;
    assert_eq!(report.verdict, Verdict::Shadow, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_listed_is_sent_if_it_changes_nothing_and_reveals_nothing_private() {
    let mut workflow = flow::workflow(60);
    workflow.actions[flow::PUSH].reveals_private = true;
    let world = world_of(workflow, &["note", "push", "touch"]).await;
    let (run, amy) = started(&world).await;
    let bob = world.joined("bob", &run).await;
    // `note` is listed; `touch` changes something, `push` reveals something private, `wire` is not listed.
    would(&amy.ask("work", "fake.note", json!({ "text": "x", "place": "B" })).await, "out_of_scope");
    assert_eq!(world.fake.sent("note"), 0, "what would be refused is not sent, listed or not");
    amy.act("work", "fake.note", note("x")).await.ok();
    amy.act("work", "fake.touch", json!({ "branch": "b" })).await.refused("shadow");
    amy.act("work", "fake.push", json!({ "id": 1 })).await.refused("shadow");
    amy.act("work", "fake.wire", note("w")).await.refused("shadow");
    // Its result is evidence in this run.
    would(&amy.judge("work", "done").await, "not_submitted");
    amy.submit("work", "files", json!(["src/a.rs"])).await.ok();
    amy.judge("work", "done").await.ok();
    would(&amy.judge("work", "done").await, "step_closed");
    would(&bob.judge("review", "approved").await, "not_shown");
    would(&bob.judge("review", "refused").await, "not_judgeable");
    let ben = world.joined("ben", &run).await;
    would(&ben.view("review", "work.files").await, "not_separate");
    bob.view("review", "work.files").await.ok();
    bob.judge("review", "approved").await.ok();
    amy.act("ship", "fake.push", json!({})).await.refused("shadow");
    would(&amy.act("ship", "fake.push", json!({})).await, "used_up");
    world.kill(json!({ "run": run })).await.ok();
    amy.ask("ship", "fake.push", json!({})).await.refused("killed");
    assert_eq!(*world.fake.calls.lock().unwrap(), ["note"]);
    let report = report(&world, &run).await;
    assert_eq!(report.verdict, Verdict::Shadow, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_administrator_chooses() {
    let site = Site::new();
    let world = World::on(site, flow::workflow(60), SystemClock::shared()).await;
    let whole = sealed(&artifact(flow::workflow(60)));
    // An agent, a starter, and whoever repeats or redirects what the administrator sends.
    for who in ["ann", "ben", "eve"] {
        world.agent(who).deploy_shadow(whole.clone()).await.refused("unknown");
    }
    let admin = world.admin();
    for (from, to) in [("/v1/artifacts", "/v1/shadow/artifacts"), ("/v1/shadow/artifacts", "/v1/artifacts")] {
        let proof = admin.proof("POST", from, None, &whole);
        let moved = admin.send("POST", to, None, &proof, whole.clone()).await;
        Reply::of(moved).await.refused("unauthenticated");
    }
    // The author: an artifact has no member for it, and one that has is not an artifact.
    let envelope: Value = serde_json::from_slice(&whole).unwrap();
    let mut marked = envelope;
    marked["shadow"] = json!(true);
    admin.deploy(marked.to_string().into_bytes()).await.refused("bad_artifact");
    admin.deploy_shadow(marked.to_string().into_bytes()).await.refused("bad_artifact");
    // A start has no member for it.
    for shadow in [true, false] {
        let body = json!({ "artifact": "flow", "params": { "place": "A" }, "shadow": shadow });
        world.agent("ann").post_with("/v1/runs", None, &body).await.refused("bad_request");
    }
    // A rule without a deployment, and a deployment without a rule, start nothing in shadow.
    let file = world.site.folder.join("roster.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let roster = async |world: &World, text: String| {
        std::fs::write(&file, text).unwrap();
        world.running.reloader.try_reload().await.unwrap();
    };
    roster(&world, format!("{before}{RULE}")).await;
    world.agent("amy").start("A").await.refused("unknown");
    admin.deploy_shadow(whole.clone()).await.ok();
    let again = admin.deploy_shadow(whole).await;
    assert_eq!((again.status, &again.ok()["new"]), (200, &json!(false)));
    roster(&world, before.clone()).await;
    world.agent("amy").start("A").await.refused("unknown");
    let enforced = world.agent("ann").start("A").await;
    assert!(enforced.ok()["shadow"].is_null(), "{}", enforced.body);
    // Rules for both modes: the starter would choose by what it asks for.
    let both = RULE.replace("amy", "ann").replace("[\"A\", \"B\"]", "\"B\"");
    roster(&world, format!("{before}{both}")).await;
    for place in ["A", "B"] {
        world.agent("ann").start(place).await.refused("not_allowed");
    }
    // Nor by naming an artifact that is deployed in one mode alone.
    let trial = artifact(flow::workflow(61));
    let deployed = admin.deploy_shadow(sealed(&trial)).await;
    let digest = deployed.ok()["artifact"].as_str().unwrap().to_owned();
    let body = json!({ "artifact": digest, "params": { "place": "B" } });
    world.agent("ann").post_with("/v1/runs", None, &body).await.refused("not_allowed");
    roster(&world, format!("{before}{RULE}")).await;
    let (_, amy) = started(&world).await;
    amy.act("work", "fake.push", json!({ "id": 1 })).await.refused("shadow");
    untouched(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shadow_run_and_an_enforced_one_do_not_mix_and_a_restart_keeps_the_mark() {
    let world = world_of(flow::workflow(60), &["note"]).await;
    let (shadow, amy) = started(&world).await;
    let enforced = world.start().await;
    let ann = world.joined("ann", &enforced).await;
    // Neither waits for what the other leases.
    let branch = json!({ "branch": "b" });
    amy.act("work", "fake.touch", branch.clone()).await.refused("shadow");
    ann.act("work", "fake.touch", branch.clone()).await.ok();
    amy.act("work", "fake.touch", branch).await.refused("shadow");
    // A result, a token and a session of one are nothing in the other.
    amy.act("work", "fake.note", note("x")).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.refused("no_evidence");
    let grant = amy.granted("work", "fake.push", json!({ "id": 1 })).await;
    amy.post_with(&format!("/v1/runs/{enforced}/actions"), Some(&grant), &json!({})).await.refused("unknown");
    let asked = json!({ "step": "work", "action": "fake.push", "args": { "id": 1 } });
    let path = format!("/v1/runs/{enforced}/grants");
    amy.post_with(&path, Some(&amy.session), &asked).await.refused("unknown");
    assert_eq!(amy.summary().await["shadow"], json!(true));
    assert!(ann.summary().await["shadow"].is_null());

    let world = world.restart().await;
    let (amy, ann) = (world.joined("amy", &shadow).await, world.joined("ann", &enforced).await);
    assert_eq!(amy.summary().await["shadow"], json!(true));
    amy.act("work", "fake.push", json!({ "id": 2 })).await.refused("shadow");
    ann.act("work", "fake.push", json!({ "id": 2 })).await.ok();
    let open = world.admin();
    let sent = world.fake.calls.lock().unwrap().clone();
    assert_eq!(sent, ["touch", "note", "push"]);
    for run in [&shadow, &enforced] {
        open.post_with("/v1/kill", None, &json!({ "scope": { "run": run }, "reason": "end" })).await.ok();
    }
    assert_eq!(report(&world, &shadow).await.verdict, Verdict::Shadow);
    world.verifies(&enforced).await;
    assert!(entries(&world, &enforced).iter().all(|entry| entry["shadow"].is_null()));
    let marked = entries(&world, &shadow);
    assert!(marked.iter().all(|entry| entry["shadow"] == json!(true)), "after the restart, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_listed_no_more_is_neither_sent_nor_repeated() {
    let world = world_of(flow::workflow(60), &["push"]).await;
    let (_, amy) = started(&world).await;
    let grant = amy.granted("work", "fake.push", json!({ "id": 1 })).await;
    world.fake.fail_next(ActError::Unknown("no answer".to_owned()));
    let file = world.site.folder.join("xpd.toml");
    let listed = std::fs::read_to_string(&file).unwrap();
    // It is sent once and its end is unknown; before it is repeated, the operator takes it off the list.
    let gate = world.fake.close();
    let acting = {
        let mut late = world.agent("amy");
        (late.session, late.run) = (amy.session.clone(), amy.run.clone());
        tokio::spawn(async move { late.use_grant(&grant, json!({})).await })
    };
    until("the act", async || world.fake.sent("push") == 1).await;
    std::fs::write(&file, listed.replace("[\"push\"]", "[]")).unwrap();
    world.running.reloader.try_reload().await.unwrap();
    gate.add_permits(9);
    acting.await.unwrap().refused("in_doubt");
    amy.act("work", "fake.push", json!({ "id": 2 })).await.refused("shadow");
    // Two looks at the doubts pass, marked by another doubt of an enforced run that is repeated.
    let enforced = world.start().await;
    let ann = world.joined("ann", &enforced).await;
    world.fake.fail_next(ActError::Unknown("no answer".to_owned()));
    ann.act("work", "fake.push", json!({ "id": 3 })).await.refused("in_doubt");
    until("the repeat of the enforced one", async || world.doubts().await.len() == 1).await;
    assert_eq!(world.fake.sent("push"), 3, "two of the enforced run, one of the shadow run");
    assert_eq!(world.doubts().await[0]["run"], json!(amy.run));
}

#[test]
fn a_list_names_instances_of_the_file() {
    let site = Site::new();
    for (more, says) in [
        ("\n[shadow]\nsends = { other = [\"note\"] }\n", "`shadow.sends.other`: names no connector"),
        ("\n[shadow]\nsends = { fake = [\"*\"] }\n", "is no name of an action"),
        ("\n[shadow]\nall = true\n", "unknown field `all`"),
    ] {
        site.write(more);
        let error = xpd::config::Config::read(&site.folder.join("xpd.toml")).err().unwrap().to_string();
        assert!(error.contains(says), "{error}");
    }
}
