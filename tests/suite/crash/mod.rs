//! `xpd` ends at each point between grant, claim, effect and record. The stand-in counts at most one effect
//! per action, the run continues after the restart to its end, and its evidence verifies.
//!
//! Each test is one crash point and one run, in which every action reaches that point once.

pub mod client;
mod custody;
pub mod site;
mod witness;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xp_forge::{Fault, Rule, When};

use client::{Worker, code, ok};
use site::{Daemon, Site};
use xp_tests::client::Reply;

/// Time limit for anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The point at which the server ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
    /// A crash point inside the server, by its name.
    Inside(&'static str),
    /// SIGKILL while the stand-in holds the request before acting on it.
    Held,
    /// SIGKILL while the stand-in holds its answer.
    Unanswered,
    /// SIGKILL after the stand-in acted and cut the connection.
    Cut,
    /// SIGKILL after the result was recorded, before the answer was read.
    Recorded,
}

/// An action of a step: its free arguments, and method and path of the request that has its effect.
struct Act {
    step: &'static str,
    action: &'static str,
    args: Value,
    method: &'static str,
    path: &'static str,
}

fn acts() -> [Act; 6] {
    let act = |step, action, args, method, path| Act { step, action, args, method, path };
    let text = json!({ "title": "t", "body": "b" });
    let file = json!({ "path": "src/a.py", "text": "@dataclass\nclass A: pass\n" });
    [
        act("report", "github.issues.create", text.clone(), "POST", "/issues"),
        act("discuss", "github.issues.comment", json!({ "body": "b" }), "POST", "/comments"),
        act("start", "github.branches.create", json!({}), "POST", "/git/refs"),
        act("work", "github.contents.write", file, "PATCH", "/git/refs/heads/fix-"),
        act("propose", "github.pulls.ensure", text, "POST", "/pulls"),
        act("land", "github.pulls.merge", json!({}), "PUT", "/merge"),
    ]
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn token(reply: &Reply) -> String {
    ok(reply)["grant"].as_str().expect("a token").to_owned()
}

/// Lets the server end at the point during the action. Returns the token, if it was received.
fn crash(
    site: &Site,
    worker: &Worker,
    act: &Act,
    point: Point,
    ask: &Value,
    using: &Value,
) -> Option<String> {
    let inside = if let Point::Inside(at) = point { Some(at) } else { None };
    let mut daemon = site.serve(inside);
    if inside == Some("after_grant") {
        assert!(worker.grant(ask).is_err(), "it ended before it could answer");
        ended(&mut daemon);
        return None;
    }
    let grant = token(&worker.grant(ask).expect("an answer"));
    let rule = |fault, when| site.forge.fault(Rule::next(fault, when, act.method, act.path));
    match point {
        Point::Inside(_) => {
            assert!(worker.act(&grant, using).is_err(), "it ended before it could answer");
            ended(&mut daemon);
        }
        Point::Held | Point::Unanswered => {
            rule(Fault::Hold, if point == Point::Held { When::Before } else { When::After });
            let unread = worker.sent("POST", &worker.actions(), Some(&grant), Some(using)).expect("sent");
            assert!(site.forge.wait_held(1, PATIENCE), "{}: nothing came to the forge", act.action);
            daemon.kill();
            drop(unread);
        }
        Point::Cut => {
            let before = site.forge.effects().len();
            rule(Fault::Cut, When::After);
            let unread = worker.sent("POST", &worker.actions(), Some(&grant), Some(using)).expect("sent");
            until("the effect", || site.forge.effects().len() > before);
            daemon.kill();
            drop(unread);
        }
        Point::Recorded => {
            let entries = || worker.summary()["entries"].as_u64().expect("a count");
            let before = entries();
            let unread = worker.sent("POST", &worker.actions(), Some(&grant), Some(using)).expect("sent");
            // The entries for the claim, the result, and the outcome that follows from it.
            until("the record", || entries() >= before + 3);
            daemon.kill();
            drop(unread);
        }
    }
    Some(grant)
}

fn ended(daemon: &mut Daemon) {
    let status = daemon.child.wait().expect("it ended");
    assert!(!status.success(), "{status}");
}

fn ends_at(point: Point) {
    let site = Site::new();
    let daemon = site.serve(None);
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    let worker = Worker::start(site.socket(), &json!({ "repo": repo }));
    daemon.kill();
    let mut restarted = None;
    for (index, act) in acts().iter().enumerate() {
        if act.step == "land" {
            worker.is_approved(site.socket());
        }
        drop(restarted.take());
        let what = format!("{point:?} {}", act.action);
        let ask = json!({ "step": act.step, "action": act.action, "args": act.args, "request_id": format!("g{index}") });
        let using = json!({ "request_id": format!("u{index}") });
        let effects = || site.forge.effects().len() - index;
        assert_eq!(effects(), 0, "{what}: one each so far");
        let grant = crash(&site, &worker, act, point, &ask, &using);
        let done = !matches!(point, Point::Held | Point::Inside("after_grant" | "after_claim"));
        assert_eq!(effects(), usize::from(done), "{what}: at the crash");

        let again = site.serve(None);
        // Releases the held request, whose client may be gone.
        site.forge.release();
        let repeated = token(&worker.grant(&ask).expect("an answer"));
        assert!(grant.is_none_or(|grant| grant == repeated), "{what}: the same token");
        let settled = || worker.act(&repeated, &using).expect("an answer");
        until("the end of the doubt", || code(&settled()) != "in_flight");
        let answer = settled();
        if code(&answer) == "connector_failed" {
            // Probed for and not found, so the use was returned.
            assert!(!done, "{what}: it was done, and not found");
            assert_eq!(effects(), 0, "{what}");
            let mut anew = ask.clone();
            anew["request_id"] = json!(format!("h{index}"));
            let grant = token(&worker.grant(&anew).expect("an answer"));
            ok(&worker.act(&grant, &json!({})).expect("an answer"));
        } else {
            ok(&answer);
        }
        assert_eq!(effects(), 1, "{what}: one effect");
        // The answer is the same for every repetition.
        settled();
        let late = if act.step == "land" { "run_over" } else { "step_closed" };
        assert_eq!(code(&worker.act(&repeated, &json!({})).expect("an answer")), late, "{what}");
        assert_eq!(effects(), 1, "{what}: still one");
        restarted = Some(again);
    }
    let summary = worker.summary();
    assert_eq!(summary["status"], "finished", "{summary}");
    let log_key = restarted.as_ref().map(|daemon| daemon.log_key.clone()).expect("it runs");
    site.evidence_holds(&worker.run, &log_key);
    let operations: Vec<&str> = site.forge.effects().iter().map(|effect| effect.operation).collect();
    let expected = [
        "issues/create",
        "issues/create-comment",
        "git/create-ref",
        "git/update-ref",
        "pulls/create",
        "pulls/merge",
    ];
    assert_eq!(operations, expected, "{point:?}");
    assert_eq!(site.forge.violations(), Vec::<String>::new());
}

/// SIGTERM waits for running actions; a second one does not.
#[test]
fn stopping_waits_and_stopping_twice_does_not() {
    let site = Site::new();
    let mut daemon = site.serve(None);
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    let worker = Worker::start(site.socket(), &json!({ "repo": repo }));
    let [act, ..] = acts();
    let ask = json!({ "step": act.step, "action": act.action, "args": act.args, "request_id": "g" });
    let grant = token(&worker.grant(&ask).expect("an answer"));
    site.forge.fault(Rule::next(Fault::Hold, When::Before, act.method, act.path));
    let using = json!({ "request_id": "u" });
    let unread = worker.sent("POST", &worker.actions(), Some(&grant), Some(&using)).expect("sent");
    assert!(site.forge.wait_held(1, PATIENCE), "nothing came to the forge");
    daemon.stop();
    until("the end of listening", || std::os::unix::net::UnixStream::connect(site.socket()).is_err());
    assert_eq!(daemon.child.try_wait().expect("a status"), None, "it waits for what is under way");
    daemon.stop();
    until("the end", || daemon.child.try_wait().is_ok_and(|status| status.is_some()));
    drop(unread);
    let _again = site.serve(None);
    site.forge.release();
    until("the end of the doubt", || code(&worker.act(&grant, &using).expect("an answer")) != "in_flight");
    assert!(site.forge.effects().len() <= 1);
}

/// The evidence of an open run is incomplete, which is not reported as tampering.
#[test]
fn evidence_of_an_open_run_says_that_it_is_open() {
    let site = Site::new();
    let daemon = site.serve(None);
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    let worker = Worker::start(site.socket(), &json!({ "repo": repo }));
    let (said, code, verdict) = site.evidence(&worker.run, &daemon.log_key);
    assert!(said.contains("still open"), "{said}");
    assert!(code == Some(3) && verdict.starts_with("incomplete\n"), "{verdict}");
    assert!(verdict.contains("the run was open when this was made, or the tail was cut"), "{verdict}");
    site.stop(&worker.run);
    site.evidence_holds(&worker.run, &daemon.log_key);
}

#[test]
fn after_the_grant() {
    ends_at(Point::Inside("after_grant"));
}

#[test]
fn after_the_claim() {
    ends_at(Point::Inside("after_claim"));
}

#[test]
fn before_the_effect() {
    ends_at(Point::Held);
}

#[test]
fn after_the_effect_before_its_answer() {
    ends_at(Point::Unanswered);
}

#[test]
fn after_the_effect_with_its_answer_lost() {
    ends_at(Point::Cut);
}

#[test]
fn after_the_effect() {
    ends_at(Point::Inside("after_effect"));
}

#[test]
fn before_the_record() {
    ends_at(Point::Inside("before_record"));
}

#[test]
fn after_the_record_before_the_answer() {
    ends_at(Point::Recorded);
}
