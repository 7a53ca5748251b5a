//! A guard of a workflow: enforced by the server and reported from the evidence.

use std::process::Command;

use serde_json::json;
use xp_artifact::question::{Question, Status, Uses};
use xp_artifact::workflow::{Guard, Workflow};

use crate::support::{World, artifact, flow, sealed, signer};

const SOURCE: &str = "guard fake.push at most 2 per run";

/// `work` may push fifty times, and `ship` once; the guard allows two pushes in all.
fn guarded() -> Workflow {
    let mut workflow = flow::workflow(60);
    let uses = Uses::Action { name: "fake.push".to_owned(), id: None, args: Vec::new() };
    workflow.guards.push(Guard {
        id: "flow/at-most".to_owned(),
        question: Question::AtMost(uses, 2),
        source: SOURCE.to_owned(),
    });
    workflow
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guarded_request_is_refused_and_the_evidence_shows_that_it_held() {
    let world = World::with(guarded()).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    ann.act("work", "fake.push", json!({ "id": 1 })).await.ok();
    // Granted while either was possible; the first claim takes the remaining use.
    let second = ann.granted("work", "fake.push", json!({ "id": 2 })).await;
    let third = ann.granted("work", "fake.push", json!({ "id": 3 })).await;
    ann.use_grant(&second, json!({})).await.ok();
    let refused = ann.use_grant(&third, json!({})).await;
    assert_eq!((refused.status, &refused.refused("guarded").body["clause"]), (409, &json!(SOURCE)));
    let refused = ann.ask("work", "fake.push", json!({ "id": 4 })).await;
    assert_eq!((refused.status, &refused.refused("guarded").body["clause"]), (409, &json!(SOURCE)));
    assert_eq!(world.fake.count("push"), 2, "nothing refused was done");
    // The rest of the run continues.
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();

    let world = world.restart().await;
    let ann = world.joined("ann", &run).await;
    ann.ask("work", "fake.push", json!({ "id": 5 })).await.refused("guarded");
    assert_eq!(world.fake.count("push"), 2, "a restart forgets nothing");

    // The guard leaves no use to `ship`, so the run is ended by a kill.
    world.kill(json!({ "run": run })).await.ok();
    world.verifies(&run).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("run.xpe"), world.evidence(&run).await).unwrap();
    std::fs::write(folder.path().join("signer.pem"), signer().public().to_pem().unwrap()).unwrap();
    let keys = ["--log-key", &world.running.log_key, "--artifact-key", "signer.pem"];
    let output = Command::new(env!("CARGO_BIN_EXE_xpd"))
        .current_dir(folder.path())
        .args(["audit", "verify", "run.xpe", "--format", "json"])
        .args(keys)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let properties = report["properties"].as_array().unwrap();
    let guard = properties.iter().find(|one| one["id"] == "flow/at-most").unwrap();
    assert_eq!((&guard["answer"], &guard["in_run"]), (&json!("enforced"), &json!("held")), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_artifact_without_the_guard_that_it_speaks_of_is_not_deployed() {
    let world = World::new().await;
    let mut cut = artifact(guarded());
    cut.workflow.guards.clear();
    world.deploy(sealed(&cut)).await.refused("bad_artifact");
    let mut unsaid = artifact(guarded());
    unsaid.obligations.retain(|one| one.status != Status::Enforced);
    world.deploy(sealed(&unsaid)).await.refused("bad_artifact");
    assert_eq!(world.deploy(sealed(&artifact(guarded()))).await.status, 201);
}
