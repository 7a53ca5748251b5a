//! Which artifacts a server accepts.

use xp_artifact::question::{Question, Status};
use xp_artifact::workflow::Effect;
use xp_artifact::{Envelope, SigningKey};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::{Reply, World, artifact, flow, sealed, signer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_signed_declared_and_proved_is_taken() {
    let world = World::new().await;
    let good = artifact(flow::workflow(60));
    let again = world.deploy(sealed(&good)).await;
    assert_eq!((again.status, &again.ok()["new"]), (200, &serde_json::json!(false)));

    let unsigned = Envelope::seal(&good, &[]).unwrap().to_bytes().unwrap();
    world.deploy(unsigned).await.refused("bad_artifact");
    let stranger = SigningKey::from_seed(&[8; 32]);
    world
        .deploy(Envelope::seal(&good, &[&stranger]).unwrap().to_bytes().unwrap())
        .await
        .refused("bad_artifact");
    let both = Envelope::seal(&good, &[&stranger, &signer()]).unwrap().to_bytes().unwrap();
    world.deploy(both).await.ok();

    let whole = sealed(&good);
    world.deploy(whole[..whole.len() - 1].to_vec()).await.refused("bad_artifact");
    world.deploy([whole.clone(), b" ".to_vec()].concat()).await.refused("bad_artifact");
    for at in [20, whole.len() / 2, whole.len() - 20] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        world.deploy(bytes).await.refused("bad_artifact");
    }
    world.deploy(Vec::new()).await.refused("bad_artifact");
    let mut newer = good.clone();
    newer.format += 1;
    let newer = world.deploy(sealed(&newer)).await;
    assert_eq!(newer.refused("bad_artifact").body["clause"], "XP0703");

    let mut harmless = good.clone();
    harmless.workflow.actions[0].effect = Effect::Read;
    world.deploy(sealed(&harmless)).await.refused("undeclared_action");
    let mut empty = good.clone();
    empty.obligations.clear();
    world.deploy(sealed(&empty)).await.refused("unproved");
    for status in [Status::Refuted, Status::Vacuous, Status::Conditional, Status::Unknown] {
        let mut open = good.clone();
        open.obligations[0].status = status;
        world.deploy(sealed(&open)).await.refused("unproved");
    }
    let mut accepted = good.clone();
    accepted.obligations[0].status = Status::Vacuous;
    accepted.obligations[0].vacuous_ok = true;
    world.deploy(sealed(&accepted)).await.ok();
    let mut long = artifact(flow::workflow(121));
    long.obligations[0].question = Question::Bounds;
    world.deploy(sealed(&long)).await.refused("bad_artifact");
    let mut broken = good;
    broken.workflow.steps[2].after = xp_artifact::workflow::Formula::Is(xp_artifact::workflow::Atom {
        step: xp_artifact::workflow::StepId::of(9),
        outcome: xp_artifact::workflow::OutcomeIx::of(0),
    });
    world.deploy(sealed(&broken)).await.refused("bad_artifact");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_artifact_is_put_in_force_by_nobody_but_the_administrator() {
    let world = World::new().await;
    let good = artifact(flow::workflow(60));
    let newest = good.digest().unwrap().to_string();
    // An older, weaker artifact of the same name, signed with the same key.
    let older = sealed(&artifact(flow::workflow(90)));
    let url = format!("{}/v1/artifacts", world.running.url);
    let bare = reqwest::Client::new().post(&url).header("Content-Type", "application/octet-stream");
    let bare = bare.body(older.clone()).send().await.unwrap();
    Reply::of(bare).await.refused("unauthenticated");
    let ann = world.agent("ann");
    ann.deploy(older.clone()).await.refused("unknown");
    let admin = world.admin();
    let proof = admin.proof("POST", "/v1/artifacts", None, b"another body");
    let replayed = admin.send("POST", "/v1/artifacts", None, &proof, older.clone()).await;
    Reply::of(replayed).await.refused("unauthenticated");
    assert_eq!(ann.start("A").await.ok()["artifact"], json!(newest));
    let old = artifact(flow::workflow(90)).digest().unwrap().to_string();
    let by_digest = json!({ "artifact": old, "params": { "place": "A" } });
    ann.post_with("/v1/runs", None, &by_digest).await.refused("unknown");

    let proof = admin.proof("POST", "/v1/artifacts", None, &older);
    let taken = admin.send("POST", "/v1/artifacts", None, &proof, older.clone()).await;
    assert_eq!(Reply::of(taken).await.status, 201);
    let again = admin.send("POST", "/v1/artifacts", None, &proof, older).await;
    Reply::of(again).await.refused("proof_replayed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deployments_are_limited_in_size_and_number() {
    let world = World::new().await;
    world.deploy(vec![b' '; (16 << 20) + 1]).await.refused("too_large");
    // Uploads that never complete occupy all places; further ones are refused as busy.
    let address = world.running.url.strip_prefix("http://").unwrap();
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /v1/artifacts HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let url = format!("{}/v1/artifacts", world.running.url);
    let busy = std::sync::Mutex::new(None);
    crate::support::until("a full house", async || {
        let answer = reqwest::Client::new()
            .post(&url)
            .header("Content-Type", "application/octet-stream")
            .body("{}")
            .send()
            .await
            .unwrap();
        let full = answer.status() == 503;
        *busy.lock().unwrap() = Some(answer);
        full
    })
    .await;
    let busy = busy.into_inner().unwrap().unwrap();
    assert_eq!(busy.headers()["retry-after"], "1");
    Reply::of(busy).await.refused("busy");
    drop(slow);
    crate::support::until("room again", async || world.deploy(Vec::new()).await.code() == "bad_artifact")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_by_name_uses_the_artifact_in_force() {
    let world = World::new().await;
    let old = artifact(flow::workflow(60)).digest().unwrap().to_string();
    let newer = artifact(flow::workflow(90));
    let new = newer.digest().unwrap().to_string();
    world.deploy(sealed(&newer)).await.ok();
    let start = async |world: &World, who: &str, artifact: &str| {
        let body = json!({ "artifact": artifact, "params": { "place": "A" } });
        world.agent(who).post_with("/v1/runs", None, &body).await
    };
    start(&world, "ann", &old).await.refused("not_allowed");
    assert_eq!(start(&world, "ann", &new).await.ok()["artifact"], json!(new));
    assert_eq!(start(&world, "ann", "flow").await.ok()["artifact"], json!(new));
    // Unless a start rule names the older artifact.
    let file = world.site.folder.join("roster.toml");
    let roster = std::fs::read_to_string(&file).unwrap();
    let rule = format!(
        "\n[[start]]\nartifact = \"{old}\"\nprincipals = [\"ben\"]\nmax_open = 2\nmax_per_day = 2\nparams = {{ place = \"A\" }}\n"
    );
    std::fs::write(&file, roster + &rule).unwrap();
    let world = world.restart().await;
    assert_eq!(start(&world, "ben", &old).await.ok()["artifact"], json!(old));
    start(&world, "ann", &old).await.refused("not_allowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_with_tools_that_clients_could_confuse_is_refused_until_one_is_renamed() {
    let world = World::new().await;
    let mut alike = flow::workflow(60);
    let mut twin = alike.steps[0].submissions[0].clone();
    twin.name = "Fi_les".to_owned();
    alike.steps[0].submissions.push(twin);
    let refused = world.deploy(sealed(&artifact(alike.clone()))).await;
    refused.refused("bad_artifact");
    assert_eq!(refused.body["clause"], "XP0415");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("`submit.work.files`") && detail.contains("`submit.work.Fi_les`"), "{detail}");
    assert!(detail.ends_with("; rename the submission `Fi_les` of step `work`"), "{detail}");
    "plans".clone_into(&mut alike.steps[0].submissions[1].name);
    world.deploy(sealed(&artifact(alike))).await.ok();
}
