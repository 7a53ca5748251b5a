//! A run from its start to verified evidence.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xp_artifact::workflow::{Per, Pin};
use xp_scope::Type;
use xp_wire::RefusalCode;
use xp_wire::body::{RunStatus, RunSummary};
use xpd_audit::verify::{Trust, Verdict, verify_package};

use crate::support::{Agent, Reply, World, agent, flow, signer};

/// Carries out a run to its end.
pub async fn whole(world: &World, run: &str) {
    let (ann, ben) = (world.joined("ann", run).await, world.joined("ben", run).await);
    ann.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    ben.view("review", "work.files").await.ok();
    ben.judge("review", "approved").await.ok();
    ann.act("ship", "fake.push", json!({})).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_and_its_evidence_verifies() {
    let world = World::new().await;
    let run = world.start().await;
    whole(&world, &run).await;
    let ann = world.joined("ann", &run).await;
    let summary = ann.summary().await;
    assert_eq!(summary["status"], "finished", "{summary}");
    assert_eq!(summary["closed"], true, "{summary}");
    assert_eq!((world.fake.count("note"), world.fake.count("push")), (1, 1));

    let package = world.evidence(&run).await;
    let trust = Trust {
        log_key: Some(world.running.log_key.parse().unwrap()),
        artifact_keys: vec![signer().public()],
        policy: None,
    };
    let report = verify_package(&package, &trust);
    assert_eq!(report.verdict, Verdict::Verified, "{report}");
    assert!(report.replayed > 8, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_complete_typed_and_without_secrets() {
    let world = World::new().await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    let text = "ping @all\n/lgtm";
    let neutral = xp_scope::neutralise(text, 200).unwrap();
    assert_ne!(neutral, text);
    let grant = ann.ask("work", "fake.note", json!({ "text": text })).await;
    let args = &grant.ok()["args"];
    assert_eq!(args["place"], "A", "a pinned argument may be left out: {args}");
    assert_eq!(args["tag"], "plain", "the declaration's default: {args}");
    assert_eq!(args["text"], neutral, "commands are broken before the digest: {args}");
    let answer = ann.use_grant(grant.body["grant"].as_str().unwrap(), json!({})).await;
    assert_eq!(answer.ok()["result"]["said"], format!("{neutral} [secret]"));
    assert_eq!(answer.body["bound"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offers_say_what_is_open_to_whom() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    assert_eq!(ann.offers().await[0]["step"], "work");
    assert_eq!(ben.offers().await, json!([]));
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    assert_eq!(ann.offers().await, json!([]));
    assert_eq!(ben.offers().await[0]["step"], "review");
    let back =
        ben.post("judgements", &json!({ "step": "review", "outcome": "changes", "notes": "more" })).await;
    back.ok();
    let again = ann.offers().await;
    assert_eq!((&again[0]["opening"], &again[0]["notes"]), (&json!(2), &json!(["more"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_unix_socket_is_the_same_door() {
    let world = World::new().await;
    let socket = world.site.folder.join("xpd.sock");
    let client = reqwest::Client::builder().unix_socket(socket).build().unwrap();
    let mut ann = Agent::over(agent::key("ann"), "http://xpd", client);
    let run = ann.start("B").await.ok()["run"].as_str().unwrap().to_owned();
    ann.join(&run).await;
    ann.act("work", "fake.note", json!({ "text": "x" })).await.ok();
    assert_eq!(world.fake.count("note"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_public_and_described() {
    let world = World::new().await;
    let run = world.start().await;
    whole(&world, &run).await;
    let get = async |path: &str| reqwest::get(format!("{}{path}", world.running.url)).await.unwrap();
    let note = get("/log/checkpoint").await.bytes().await.unwrap();
    let key = world.running.log_key.parse().unwrap();
    let checkpoint = xpd_audit::note::Checkpoint::open(&note, &key).unwrap();
    assert!(checkpoint.size > 8);
    let bundle = get(&format!("/log/tile/entries/000.p/{}", checkpoint.size)).await.bytes().await.unwrap();
    let leaves = xpd_audit::tiles::entries(&bundle).unwrap();
    let hashes: Vec<_> = leaves.iter().map(|leaf| xpd_audit::merkle::leaf_hash(leaf)).collect();
    let tile = get(&format!("/log/tile/0/000.p/{}", checkpoint.size)).await.bytes().await.unwrap();
    assert_eq!(tile.to_vec(), hashes.concat());
    let tree = xpd_audit::merkle::Leaves(hashes);
    assert_eq!(xpd_audit::merkle::root(&tree, checkpoint.size).unwrap(), checkpoint.root);
    for path in ["/log/tile/0/000.p/200", "/log/tile/9/000", "/log/tile/0/0.p/1", "/nothing"] {
        Reply::of(get(path).await).await.refused("unknown");
    }
    let openapi = Reply::of(get("/openapi.json").await).await;
    assert!(openapi.ok()["paths"]["/v1/runs/{run}/actions"]["post"].is_object());
    let word = &openapi.ok()["components"]["schemas"]["ResolveRequest"];
    assert_eq!(word["required"], json!(["done"]), "{word}");
    assert!(!word["properties"]["result"].to_string().contains("null\""), "{word}");
}

/// Every schema referenced in a value.
fn references(of: &Value, found: &mut BTreeSet<String>) {
    match of {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_has_a_schema_for_every_body() {
    let world = World::new().await;
    let url = format!("{}/openapi.json", world.running.url);
    let description = Reply::of(reqwest::get(url).await.unwrap()).await.body;
    let mut bodies = 0;
    let operations = description["paths"].as_object().unwrap().iter().flat_map(|(path, operations)| {
        operations.as_object().unwrap().values().map(move |operation| (path, operation))
    });
    for (path, operation) in operations {
        let answers = operation["responses"].as_object().unwrap().values();
        for body in answers.chain(operation.get("requestBody")) {
            let schema = &body["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue; // a file
            }
            let mut named = BTreeSet::new();
            references(schema, &mut named);
            assert_eq!(named.len(), 1, "{path}: {schema}");
            bodies += 1;
        }
    }
    assert!(bodies > 20, "{bodies}");

    let schemas = description["components"]["schemas"].as_object().unwrap();
    let mut named = BTreeSet::new();
    references(&description, &mut named);
    let there: BTreeSet<String> = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(named, there, "each is there and each is used");
    let codes: Vec<&str> = RefusalCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(schemas["RefusalCode"]["enum"], json!(codes));
    assert_eq!(schemas["RunStatus"]["enum"], json!(["running", "finished", "ended", "killed"]));
    assert_eq!(schemas["KillRequest"]["additionalProperties"], false);
    assert_eq!(schemas["Problem"]["properties"]["code"]["$ref"], "#/components/schemas/RefusalCode");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_an_outcome_ended_says_which() {
    let world = World::new().await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    let mut rounds = 0_u32;
    let summary = loop {
        let summary: RunSummary = serde_json::from_value(ann.summary().await).unwrap();
        if summary.status != RunStatus::Running {
            break summary;
        }
        assert_eq!((summary.ended_by, summary.closed), (None, false));
        rounds += 1;
        assert!(rounds < 9, "the loop is bounded");
        ann.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
        ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
        ann.judge("work", "done").await.ok();
        ben.view("review", "work.files").await.ok();
        ben.judge("review", "changes").await.ok();
    };
    assert_eq!((summary.status, summary.ended_by.as_deref()), (RunStatus::Ended, Some("review.refused")));
    let review = summary.steps.iter().find(|step| step.step == "review").unwrap();
    assert_eq!(review.opening, rounds);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_that_is_handed_in_is_put_in_order() {
    let mut workflow = flow::workflow(60);
    workflow.steps[0].submissions[0].ty = Type::Set(Box::new(Type::Path));
    let world = World::with(workflow).await;
    let run = world.start().await;
    let (ann, ben) = (world.joined("ann", &run).await, world.joined("ben", &run).await);
    ann.act("work", "fake.note", json!({ "text": "hello" })).await.ok();
    ann.submit("work", "files", json!(["src/b.rs", "src/a.rs", "src/b.rs"])).await.refused("bad_value");
    ann.submit("work", "files", json!(["src/b.rs", "src/a.rs"])).await.ok();
    ann.judge("work", "done").await.ok();
    let shown = ben.view("review", "work.files").await;
    assert_eq!(shown.ok()["value"], json!(["src/a.rs", "src/b.rs"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_contents_are_unchanged_and_comments_are_neutralised() {
    let mut workflow = flow::workflow(60);
    let pins = vec![Pin::Content { max: 200 }];
    workflow.steps[0].grants.push(flow::grant(flow::FILE, pins, 9, Per::Opening, None, 60));
    let world = World::with(workflow).await;
    let run = world.start().await;
    let ann = world.joined("ann", &run).await;
    for text in ["@dataclass\nclass A:\n    pass\n", "let all: Vec<String> = vec![];\n", "@someone /lgtm\n"] {
        let answer = ann.act("work", "fake.file", json!({ "text": text })).await;
        assert_eq!(
            answer.ok()["result"]["said"],
            format!("{text} [secret]"),
            "it reaches the connector as it is"
        );
    }
    let said = "@someone /lgtm";
    let answer = ann.act("work", "fake.note", json!({ "text": said })).await;
    let comment = answer.ok()["result"]["said"].as_str().unwrap();
    assert!(!comment.contains("@someone") && comment.contains("someone"), "{comment:?}");
    let command = |text: &str| text.lines().any(|line| line.trim_start().starts_with("/lgtm"));
    assert!(!command(comment), "{comment:?}");
    // On a line of its own, the text would be a command to some bots.
    let answer = ann.act("work", "fake.note", json!({ "text": "fine\n/lgtm" })).await;
    let comment = answer.ok()["result"]["said"].as_str().unwrap();
    assert!(!command(comment) && comment.contains("gtm"), "{comment:?}");
}
