//! Concurrent agents: every answer belongs to its request, and every use is counted once.

use std::time::Instant;

use serde_json::json;
use xpd_audit::verify::{Trust, Verdict, verify_package};

use crate::support::{Agent, World, agent, signer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_agents_share_fsyncs_and_nothing_else() {
    let world = World::new().await;
    let runs: Vec<String> = {
        let mut runs = Vec::new();
        for _ in 0..8 {
            runs.push(world.start().await);
        }
        runs
    };
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for n in 0..64_usize {
        let (url, run) = (world.running.url.clone(), runs[n % 8].clone());
        tasks.push(tokio::spawn(async move {
            let mut ann = Agent::new(agent::key("ann"), &url);
            ann.join(&run).await;
            for round in 0..4_usize {
                let id = n * 100 + round;
                let reply = ann.ask("work", "fake.push", json!({ "id": id })).await;
                assert_eq!(reply.ok()["args"]["id"], json!(id), "an answer of this request");
                ann.use_grant(reply.body["grant"].as_str().unwrap(), json!({})).await.ok();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let took = begun.elapsed();
    assert_eq!(world.fake.count("push"), 256);
    println!("256 actions of 64 agents in {took:?}");

    // Of two grants for the last use, one is claimed.
    let run = &runs[0];
    let ann = world.joined("ann", run).await;
    let grant = ann.granted("work", "fake.wire", json!({ "text": "x" })).await;
    let mut uses = Vec::new();
    for _ in 0..16 {
        let (url, run, grant) = (world.running.url.clone(), run.clone(), grant.clone());
        uses.push(tokio::spawn(async move {
            let mut ann = Agent::new(agent::key("ann"), &url);
            ann.run = run;
            ann.use_grant(&grant, json!({})).await.status
        }));
    }
    let mut won = 0;
    for one in uses {
        won += usize::from(one.await.unwrap() == 200);
    }
    assert_eq!((won, world.fake.count("wire")), (1, 1));

    for run in &runs {
        let kill = json!({ "scope": { "run": run }, "reason": "over" });
        world.admin().post_with("/v1/kill", None, &kill).await.ok();
        let trust = Trust {
            log_key: Some(world.running.log_key.parse().unwrap()),
            artifact_keys: vec![signer().public()],
            policy: None,
        };
        let report = verify_package(&world.evidence(run).await, &trust);
        assert_eq!(report.verdict, Verdict::Verified, "{report}");
    }
}
