//! Requests that several grants of a step fit: refused with the grants' names, fulfilled when one is named.

use serde_json::json;
use xp_artifact::workflow::{Expr, Per, Pin, Workflow};
use xp_scope::Value;

use crate::support::{Agent, Reply, World, flow};

/// `work` has, besides its other grants: `push(7) once as seven`, `push(8) once` (the sixth), and `push(any)`
/// (the third).
fn overlapping() -> Workflow {
    let mut workflow = flow::workflow(60);
    let is = |id| vec![Pin::Is(Expr::Literal(Value::Int(id)))];
    workflow.steps[0].grants.extend([
        flow::grant(flow::PUSH, is(7), 1, Per::Run, Some("seven"), 60),
        flow::grant(flow::PUSH, is(8), 1, Per::Run, None, 60),
    ]);
    workflow
}

async fn ask(agent: &Agent, grant: &str, args: serde_json::Value) -> Reply {
    let ask = json!({ "step": "work", "action": "fake.push", "grant": grant, "args": args });
    agent.post("grants", &ask).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_several_grants_fit_must_name_one() {
    let world = World::with(overlapping()).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let offers = ann.offers().await;
    let offered = offers[0]["grants"].as_array().unwrap();
    let names: Vec<&str> = offered.iter().map(|grant| grant["grant"].as_str().unwrap()).collect();
    assert_eq!(names, ["note", "2", "3", "4", "seven", "6"]);

    let refused = ann.ask("work", "fake.push", json!({ "id": 7 })).await;
    let detail = refused.refused("ambiguous").body["detail"].as_str().unwrap();
    assert!(detail.contains("`3`, `seven`"), "{detail}");
    // The omitted argument could be 7 or 8.
    let refused = ann.ask("work", "fake.push", json!({})).await;
    let detail = refused.refused("ambiguous").body["detail"].as_str().unwrap();
    assert!(detail.contains("`3`, `seven`, `6`"), "{detail}");
    ask(&ann, "five", json!({ "id": 7 })).await.refused("not_granted");
    ask(&ann, "5", json!({ "id": 7 })).await.refused("not_granted");
    ask(&ann, "note", json!({ "id": 7 })).await.refused("not_granted");
    ask(&ann, "6", json!({ "id": 7 })).await.refused("out_of_scope");
    assert_eq!(world.fake.count("push"), 0, "nothing refused was done");

    let seven = ask(&ann, "seven", json!({})).await;
    assert_eq!(seven.ok()["args"]["id"], 7);
    ask(&ann, "seven", json!({})).await.refused("used_up");
    // Each grant has its own limit, and a used-up grant still fits.
    ask(&ann, "3", json!({ "id": 7 })).await.ok();
    ann.ask("work", "fake.push", json!({ "id": 7 })).await.refused("ambiguous");
    let grant = seven.body["grant"].as_str().unwrap();
    ann.use_grant(grant, json!({ "args": {} })).await.ok();
    ann.use_grant(grant, json!({ "args": {} })).await.refused("replayed");
    // Only one fits, so no name is needed.
    ann.act("work", "fake.push", json!({ "id": 9 })).await.ok();
    assert_eq!(world.fake.count("push"), 2);

    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    let ben = world.joined("ben", &run).await;
    ben.view("review", "work.files").await.ok();
    ben.judge("review", "approved").await.ok();
    ann.act("ship", "fake.push", json!({})).await.ok();
    world.verifies(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_names_the_same_grant() {
    let world = World::with(overlapping()).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let ask = |grant| {
        let args = json!({ "id": 7 });
        json!({ "step": "work", "action": "fake.push", "grant": grant, "args": args, "request_id": "r" })
    };
    let first = ann.post("grants", &ask("seven")).await;
    let again = ann.post("grants", &ask("seven")).await;
    assert_eq!((&first.ok()["jti"], &again.ok()["replayed"]), (&again.ok()["jti"], &json!(true)));
    ann.post("grants", &ask("3")).await.refused("request_id_reused");
}
