//! A server that is killed between grant, claim, effect and record: the action takes effect at most once, and
//! the run continues.
//!
//! The server is this test binary, started as a child process; its connector records effects in a file.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use xpd::config::TEST_VARIABLE;

use crate::support::{Agent, Fake, Site, agent, artifact, flow, open, sealed, until};

const FOLDER: &str = "XPD_TEST_FOLDER";

/// Not a test: the server process of the other tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_server() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let site = Site::at(Path::new(&folder));
    let fake = Fake { file: Some(site.folder.join("effects")), ..Fake::default() };
    let server = open(&site, &Arc::new(fake)).await.unwrap();
    println!("\nURL {}", server.url().unwrap());
    server.run(std::future::pending()).await.unwrap();
}

struct Process {
    child: Child,
    url: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(site: &Site, crash_at: Option<&str>) -> Process {
    site.write(&crash_at.map(|at| format!("[test]\ncrash_at = \"{at}\"\n")).unwrap_or_default());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child_server", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, &site.folder)
        .env(TEST_VARIABLE, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("URL ").map(str::to_owned));
    Process { child, url: url.expect("the server came up") }
}

fn effects(site: &Site, action: &str) -> usize {
    let text = std::fs::read_to_string(site.folder.join("effects")).unwrap_or_default();
    text.lines().filter(|line| line.starts_with(&format!("{action} "))).count()
}

/// Sends a request that may not be answered. Returns whether it was.
async fn attempt(ann: &Agent, what: &str, token: &str, body: serde_json::Value) -> bool {
    let path = format!("/v1/runs/{}/{what}", ann.run);
    let bytes = body.to_string().into_bytes();
    let proof = ann.proof("POST", &path, Some(token), &bytes);
    let request = reqwest::Client::new()
        .post(format!("{}{path}", ann.url))
        .header("DPoP", proof)
        .header("Content-Type", "application/json")
        .header("Authorization", format!("DPoP {token}"))
        .body(bytes);
    request.send().await.is_ok_and(|answer| answer.status().is_success())
}

async fn crashes_at(point: &str) {
    for (action, args, class) in [
        ("fake.note", json!({ "text": "x" }), "probe"),
        ("fake.push", json!({ "id": 4 }), "idempotent"),
        ("fake.wire", json!({ "text": "x" }), "manual"),
    ] {
        let site = Site::new();
        let calm = start(&site, None);
        let admin = xpd_token::KeyPair::read_file(&site.folder.join("data/keys/admin.pem")).unwrap();
        let deployed = Agent::new(admin, &calm.url).deploy(sealed(&artifact(flow::workflow(60)))).await;
        assert_eq!(deployed.status, 201);
        drop(calm);

        let mut doomed = start(&site, Some(point));
        let mut ann = Agent::new(agent::key("ann"), &doomed.url);
        let run = ann.start("A").await.ok()["run"].as_str().unwrap().to_owned();
        ann.join(&run).await;
        let ask = json!({ "step": "work", "action": action, "args": args, "request_id": "g" });
        let mut grant = None;
        if point == "after_grant" {
            assert!(
                !attempt(&ann, "grants", &ann.session, ask.clone()).await,
                "it died before it could answer"
            );
        } else {
            grant = Some(ann.post("grants", &ask).await.ok()["grant"].as_str().unwrap().to_owned());
            let using = json!({ "request_id": "u" });
            assert!(
                !attempt(&ann, "actions", grant.as_deref().unwrap(), using).await,
                "it died before its answer"
            );
        }
        let status = doomed.child.wait().unwrap();
        assert!(!status.success(), "{point}: {status}");
        drop(doomed);
        let before = effects(&site, action.strip_prefix("fake.").unwrap());
        assert_eq!(before, usize::from(point == "after_effect" || point == "before_record"));

        let again = start(&site, None);
        ann.url = again.url.clone();
        // A repeated request returns the same token, whether the first answer was lost or not.
        let repeated = ann.post("grants", &ask).await.ok()["grant"].as_str().unwrap().to_owned();
        assert!(grant.as_ref().is_none_or(|grant| *grant == repeated), "{point} {class}");
        let using = json!({ "request_id": "u" });
        if class == "manual" && point != "after_grant" {
            let admin = xpd_token::KeyPair::read_file(&site.folder.join("data/keys/admin.pem")).unwrap();
            let admin = Agent::new(admin, &again.url);
            ann.use_grant(&repeated, using.clone()).await.refused("in_flight");
            let doubts = admin.get("/v1/doubts").await;
            let path = format!("/v1/doubts/{}", doubts.ok()[0]["jti"].as_str().unwrap());
            let word = match before {
                0 => json!({ "done": false }),
                _ => json!({ "done": true, "result": { "id": 1, "ok": true, "said": "" } }),
            };
            admin.post_with(&path, None, &word).await.ok();
        }
        until("the end of the doubt", async || {
            ann.use_grant(&repeated, using.clone()).await.code() != "in_flight"
        })
        .await;
        let answer = ann.use_grant(&repeated, using.clone()).await;
        let name = action.strip_prefix("fake.").unwrap();
        if answer.code() == "connector_failed" {
            // Probed for and not found, so the use was returned.
            assert_eq!((point, effects(&site, name)), ("after_claim", 0), "{class}");
            ann.act("work", action, args.clone()).await.ok();
        } else {
            answer.ok();
        }
        assert_eq!(effects(&site, name), 1, "{point} {class}");
        // The run continues.
        if effects(&site, "note") == 0 {
            ann.act("work", "fake.note", json!({ "text": "later" })).await.ok();
        }
        ann.submit("work", "files", json!(["src/a.rs"])).await.ok();
        ann.judge("work", "done").await.ok();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_grant() {
    crashes_at("after_grant").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_claim() {
    crashes_at("after_claim").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_effect() {
    crashes_at("after_effect").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_record() {
    crashes_at("before_record").await;
}

#[test]
fn crash_points_are_refused_outside_tests() {
    let site = Site::new();
    site.write("[test]\ncrash_at = \"after_claim\"\n");
    let error = xpd::config::Config::read(&site.folder.join("xpd.toml")).unwrap_err();
    assert!(error.to_string().contains(TEST_VARIABLE), "{error}");
}
