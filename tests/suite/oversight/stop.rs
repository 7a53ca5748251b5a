//! `xpd kill` while many connections are open at the agents' listener and the upstream takes five seconds per
//! request.
//!
//! `XP_CONNECTIONS` sets the number of connections; the default is small.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::crowd::Crowd;
use super::slow::Slow;
use crate::crash::client::{Worker, code, ok};
use crate::crash::site::Site;

const PATIENCE: Duration = Duration::from_secs(60);
/// Delay of each request at the upstream.
const SLOW: Duration = Duration::from_secs(5);

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn connections() -> usize {
    std::env::var("XP_CONNECTIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

/// A run whose next action, `branches.create`, sends four requests, of which the last has the effect.
fn at_the_branch(site: &Site) -> Worker {
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    let worker = Worker::start(site.socket(), &json!({ "repo": repo }));
    let steps = [
        ("report", "issues.create", json!({ "title": "t", "body": "b" })),
        ("discuss", "issues.comment", json!({ "body": "b" })),
    ];
    for (step, action, args) in steps {
        act(&worker, step, action, &args);
    }
    worker
}

fn granted(worker: &Worker, step: &str, action: &str, args: &Value) -> String {
    let ask = json!({ "step": step, "action": format!("github.{action}"), "args": args });
    ok(&worker.grant(&ask).expect("an answer"))["grant"].as_str().expect("a token").to_owned()
}

fn act(worker: &Worker, step: &str, action: &str, args: &Value) {
    let grant = granted(worker, step, action, args);
    ok(&worker.act(&grant, &json!({})).expect("an answer"));
}

/// Kills everything while the `requests`-th request of an action is at the upstream. Returns the relay, the
/// output of `xpd kill`, and the answer to the agent.
fn killed_at(requests: usize) -> (Slow, String, Value, String) {
    let site = Site::new();
    let slow = Slow::before(&site.forge.url);
    let _daemon = site.serve_with(None, &slow.url, &[]);
    let worker = at_the_branch(&site);
    let grant = granted(&worker, "start", "branches.create", &json!({}));
    let before = slow.came().len();
    let (let_go, effects) = (slow.let_go(), site.forge.effects().len());
    slow.hold(if requests == 1 { SLOW } else { Duration::ZERO });
    let path = worker.actions();
    let unread = worker.sent("POST", &path, Some(&grant), Some(&json!({ "request_id": "u" }))).expect("sent");
    if requests > 1 {
        until("the requests before", || slow.came().len() >= before + requests - 1);
        slow.hold(SLOW);
    }
    let crowd = Crowd::at(&site.socket(), connections());
    until("the request", || slow.came().len() > before);
    let begun = Instant::now();
    let (exit, said) = site.command("xpd", &["kill", "everything", "--reason", "drill"]);
    let (took, returned) = (begun.elapsed(), Instant::now());
    println!("{} connections: killed in {took:?}: {said}", connections());
    assert_eq!(exit, Some(0), "{said}");
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    // The upstream still delays the request; no further one follows, and the client has been answered.
    drop(unread);
    until("the end of what was held", || {
        slow.let_go() >= let_go + u64::try_from(slow.came().len() - before).expect("few")
    });
    let doubts = site.command("xpd", &["doubts", "list"]);
    assert_eq!(doubts.0, Some(0), "{}", doubts.1);
    let late: Vec<_> = slow.came().into_iter().filter(|came| came.at > returned).collect();
    assert!(late.is_empty(), "after the kill came {late:?}");
    drop(crowd);
    let answer = worker.act(&grant, &json!({ "request_id": "u" })).expect("an answer");
    assert!(site.forge.effects().len() <= effects + 1);
    // Listing doubts needs the server.
    let doubts = site.command("xpd", &["doubts", "list"]);
    (slow, said, answer.body, doubts.1)
}

#[test]
fn a_kill_returns_at_once_and_nothing_leaves_after_it() {
    let (slow, said, answer, doubts) = killed_at(1);
    assert!(said.starts_with("stopped: everything; 1 request was under way:"), "{said}");
    assert!(
        said.contains("GET /repos/acme/shop") && said.contains("nothing with an effect was sent"),
        "{said}"
    );
    assert_eq!(answer["code"], "killed", "{answer}");
    let branches =
        |came: &super::slow::Came| came.line.starts_with("POST") && came.line.contains("/git/refs");
    assert!(!slow.came().iter().any(branches), "the effect was never sent");
    assert_eq!(doubts, "", "nothing is in doubt");
}

/// The only request of `issues.create` has its effect.
#[test]
fn what_was_sent_when_it_was_stopped_is_in_doubt_and_named() {
    let site = Site::new();
    let slow = Slow::before(&site.forge.url);
    let _daemon = site.serve_with(None, &slow.url, &[]);
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    let worker = Worker::start(site.socket(), &json!({ "repo": repo }));
    let grant = granted(&worker, "report", "issues.create", &json!({ "title": "t", "body": "b" }));
    slow.hold(SLOW);
    let using = json!({ "request_id": "u" });
    let unread = worker.sent("POST", &worker.actions(), Some(&grant), Some(&using)).expect("sent");
    until("the request", || slow.came().len() == 1);
    let (exit, said) = site.command("xpd", &["kill", "principal", "worker-1"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.starts_with("stopped: principal worker-1; 1 request was under way:"), "{said}");
    assert!(said.contains("POST /repos/acme/shop/issues; in doubt"), "{said}");
    drop(unread);
    until("the effect all the same", || site.forge.effects().len() == 1);
    let (_, doubts) = site.command("xpd", &["doubts", "list"]);
    assert!(doubts.contains("github.issues.create"), "{doubts}");
    assert_eq!(slow.came().len(), 1, "nobody looks for it while it is stopped");
    assert_eq!(code(&worker.act(&grant, &using).expect("an answer")), "in_flight");
}
