//! Leases: a thing that a run relies on or has changed is leased until the run is over, through whichever instance.

use std::sync::Arc;

use serde_json::json;
use xp_artifact::declaration::{KeyExpr, LevelExpr, ThingExpr};
use xp_artifact::workflow::{Datum, Expr, Lease, ParamId, Root};

use crate::support::{Agent, Fake, Running, Site, World, agent, artifact, flow, sealed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resource_belongs_to_one_run_at_a_time() {
    let world = World::new().await;
    let (one, two) = (world.start().await, world.start().await);
    let (ann, again) = (world.joined("ann", &one).await, world.joined("ann", &two).await);
    let branch = |name: &str| json!({ "branch": name });
    // Granted in both runs before either acts: the claim decides.
    let late = again.granted("work", "fake.touch", branch("x")).await;
    ann.act("work", "fake.touch", branch("x")).await.ok();
    again.use_grant(&late, json!({})).await.refused("leased");
    again.ask("work", "fake.touch", branch("x")).await.refused("leased");
    again.act("work", "fake.touch", branch("y")).await.ok();
    ann.act("work", "fake.touch", branch("x")).await.ok();
    let kill = json!({ "scope": { "run": one }, "reason": "done" });
    world.admin().post_with("/v1/kill", None, &kill).await.ok();
    again.act("work", "fake.touch", branch("x")).await.ok();
}

/// `fake.touch` may change any place, `fake.push` the one named `x`.
fn broad() -> xp_artifact::workflow::Workflow {
    let mut workflow = flow::workflow(60);
    let place = |key| {
        vec![ThingExpr::Path(vec![LevelExpr { kind: "fake.Place".to_owned(), keys: vec![key], deep: false }])]
    };
    workflow.actions[flow::TOUCH].clauses.changes = place(KeyExpr::Some);
    workflow.actions[flow::PUSH].clauses.changes =
        place(KeyExpr::Literal(xp_scope::Value::Text("x".to_owned())));
    workflow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_alters_some_thing_waits_for_whoever_relies_on_one_and_keeps_none() {
    let world = World::of_declared(broad()).await;
    let (one, two) = (world.start().await, world.start().await);
    let (ann, again) = (world.joined("ann", &one).await, world.joined("ann", &two).await);
    // After the use has ended, other runs may lease what it may have changed.
    ann.act("work", "fake.touch", json!({ "branch": "any" })).await.ok();
    again.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    // The other run leases `x`, which the use may change.
    ann.ask("work", "fake.touch", json!({ "branch": "any" })).await.refused("leased");
    again.act("work", "fake.touch", json!({ "branch": "any" })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_alter_anything_waits_for_everybody() {
    let mut workflow = broad();
    workflow.actions[flow::TOUCH].clauses.changes = vec![ThingExpr::Anything];
    let world = World::of_declared(workflow).await;
    let (one, two) = (world.start().await, world.start().await);
    let (ann, again) = (world.joined("ann", &one).await, world.joined("ann", &two).await);
    again.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    ann.ask("work", "fake.touch", json!({ "branch": "any" })).await.refused("leased");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_of_one_upstream_lease_the_same_things() {
    let site = Site::new();
    let file = site.folder.join("xpd.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let two = "[connector.fake]\nbase_url = \"https://api.example.org/v1\"\n\
               [connector.second]\nkind = \"fake\"\nbase_url = \"https://API.example.org/v1/\"\n";
    std::fs::write(&file, text.replace("[connector.fake]\n", two)).unwrap();
    let file = site.folder.join("roster.toml");
    let roster = std::fs::read_to_string(&file).unwrap();
    let bound = |name: &str| format!("instances = {{ fake = \"{name}\" }}\n");
    let rule = "\n[[start]]\nartifact = \"flow\"\nprincipals = [\"ben\"]\nmax_open = 2\nmax_per_day = 2\nparams = { place = [\"A\"] }\n";
    let first = roster.replacen("[[start]]\n", &format!("[[start]]\n{}", bound("fake")), 1);
    std::fs::write(&file, format!("{first}{rule}{}", bound("second"))).unwrap();
    let running = Running::start(&site, &Arc::new(Fake::default())).await;
    let key = xpd_token::KeyPair::read_file(&site.folder.join("data/keys/admin.pem")).unwrap();
    Agent::new(key, &running.url).deploy(sealed(&artifact(flow::workflow(60)))).await.ok();
    let (mut ann, mut again) =
        (Agent::new(agent::key("ann"), &running.url), Agent::new(agent::key("ann"), &running.url));
    let one = ann.start("A").await.ok()["run"].as_str().unwrap().to_owned();
    let two =
        Agent::new(agent::key("ben"), &running.url).start("A").await.ok()["run"].as_str().unwrap().to_owned();
    ann.join(&one).await;
    again.join(&two).await;
    let x = json!({ "branch": "x" });
    ann.act("work", "fake.touch", x.clone()).await.ok();
    again.ask("work", "fake.touch", x).await.refused("leased");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_workflow_leases_belongs_to_one_run_from_its_start() {
    let mut workflow = flow::workflow(60);
    let key = KeyExpr::Argument { index: 0, fields: Vec::new() };
    let place = Datum { root: Root::Param(ParamId::of(0)), fields: Vec::new() };
    workflow.leases = vec![Lease {
        thing: ThingExpr::Path(vec![LevelExpr {
            kind: "fake.Place".to_owned(),
            keys: vec![key],
            deep: false,
        }]),
        given: vec![Expr::Datum(place)],
        text: "Place(place)".to_owned(),
    }];
    let world = World::with(workflow).await;
    let one = world.start().await;
    let refused = world.agent("ann").start("A").await;
    refused.refused("leased");
    assert!(refused.body["detail"].as_str().unwrap().contains(&one), "{}", refused.body);
    // Another thing is not leased, nor is this one after the end of the run.
    let other = world.agent("ann").start("B").await.ok()["run"].as_str().unwrap().to_owned();
    let ann = world.joined("ann", &other).await;
    ann.ask("work", "fake.touch", json!({ "branch": "A" })).await.refused("leased");
    let kill = json!({ "scope": { "run": one }, "reason": "done" });
    world.admin().post_with("/v1/kill", None, &kill).await.ok();
    world.agent("ann").start("A").await.ok();
}
