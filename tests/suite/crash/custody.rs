//! A database that is unlinked, replaced or rolled back, and a missing checkpoint file: nothing acknowledged
//! is lost, no action is repeated, and the server gives the reason why it stops or does not start.

use std::path::Path;

use serde_json::{Value, json};
use xp_forge::{Fault, Rule, When};

use super::client::{Worker, code, ok};
use super::site::{Daemon, Site};
use super::{PATIENCE, acts, token, until};

pub const FILES: [&str; 3] = ["data/xpd.sqlite", "data/xpd.sqlite-wal", "data/xpd.sqlite-shm"];

pub fn begin(site: &Site) -> Worker {
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    Worker::start(site.socket(), &json!({ "repo": repo }))
}

/// The request for the action with this index, and the body of its use.
fn asks(index: usize) -> (Value, Value) {
    let act = &acts()[index];
    let ask = json!({ "step": act.step, "action": act.action, "args": act.args, "request_id": format!("g{index}") });
    (ask, json!({ "request_id": format!("u{index}") }))
}

/// Performs an action, or gets the stored answer of one performed before.
pub fn does(worker: &Worker, index: usize) -> Value {
    let (ask, using) = asks(index);
    let grant = token(&worker.grant(&ask).expect("an answer"));
    ok(&worker.act(&grant, &using).expect("an answer")).clone()
}

pub fn copy(from: &Path, to: &Path, names: &[&str]) {
    for name in names {
        let _ = std::fs::remove_file(to.join(name));
        let target = to.join(name);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        let _ = std::fs::copy(from.join(name), target);
    }
}

/// Waits until the server has ended by itself with this reason.
pub fn ends(site: &Site, daemon: &mut Daemon) -> String {
    until("its end", || daemon.child.try_wait().is_ok_and(|status| status.is_some()));
    let status = daemon.child.wait().expect("it ended");
    assert_eq!(status.code(), Some(1), "{}", site.log());
    site.log()
}

/// Asserts that the run continues with the second action, that each action was performed once, and that the
/// evidence verifies.
fn goes_on(site: &Site, worker: &Worker, daemon: &Daemon) {
    does(worker, 0);
    does(worker, 1);
    does(worker, 1);
    assert_eq!(site.forge.effects().len(), 2, "one each");
    site.stop(&worker.run);
    site.evidence_holds(&worker.run, &daemon.log_key);
}

#[test]
fn an_unlinked_database_stops_the_server_before_the_next_answer() {
    let site = Site::new();
    let mut daemon = site.serve(None);
    let worker = begin(&site);
    does(&worker, 0);
    for name in FILES {
        std::fs::remove_file(site.path(name)).expect("removed");
    }
    // Further requests are neither acknowledged nor carried out.
    let (ask, _) = asks(1);
    if let Ok(reply) = worker.grant(&ask) {
        assert_eq!(code(&reply), "internal", "{}", reply.body);
    }
    let said = ends(&site, &mut daemon);
    assert!(said.contains("xpd.sqlite is gone") && said.contains("xpd.sqlite.rescued"), "{said}");
    assert_eq!(site.forge.effects().len(), 1);
    assert!(site.refuses_to_serve("").contains("the database is missing"));
    std::fs::rename(site.path("data/xpd.sqlite.rescued"), site.path("data/xpd.sqlite")).expect("moved");
    let daemon = site.serve(None);
    goes_on(&site, &worker, &daemon);
}

#[test]
fn an_action_under_way_does_not_keep_it_from_stopping_and_is_done_once() {
    let site = Site::new();
    let mut daemon = site.serve(None);
    let worker = begin(&site);
    let (ask, using) = asks(0);
    let grant = token(&worker.grant(&ask).expect("an answer"));
    let [act, ..] = acts();
    site.forge.fault(Rule::next(Fault::Hold, When::Before, act.method, act.path));
    let unread = worker.sent("POST", &worker.actions(), Some(&grant), Some(&using)).expect("sent");
    assert!(site.forge.wait_held(1, PATIENCE), "nothing came to the forge");
    std::fs::remove_file(site.path(FILES[0])).expect("removed");
    ends(&site, &mut daemon);
    drop(unread);
    for name in &FILES[1..] {
        let _ = std::fs::remove_file(site.path(name));
    }
    std::fs::rename(site.path("data/xpd.sqlite.rescued"), site.path(FILES[0])).expect("moved");
    let _again = site.serve(None);
    site.forge.release();
    // It was claimed, so it is probed for before anything else.
    until("the end of the doubt", || code(&worker.act(&grant, &using).expect("an answer")) != "in_flight");
    assert!(site.forge.effects().len() <= 1);
}

#[test]
fn an_older_database_put_in_place_of_the_open_one_stops_the_server() {
    let site = Site::new();
    let older = tempfile::tempdir().expect("a folder");
    copy(&site.path(""), older.path(), &FILES);
    let mut daemon = site.serve(None);
    let worker = begin(&site);
    does(&worker, 0);
    std::fs::copy(older.path().join(FILES[0]), site.path("data/staged")).expect("copied");
    std::fs::rename(site.path("data/staged"), site.path(FILES[0])).expect("moved");
    // Reads are refused as well.
    let path = format!("/v1/runs/{}", worker.run);
    if let Ok(reply) = worker.send("GET", &path, Some(&worker.session), None) {
        assert_eq!(code(&reply), "internal", "{}", reply.body);
    }
    let said = ends(&site, &mut daemon);
    assert!(said.contains("is not the file that this server opened"), "{said}");
    for name in &FILES[1..] {
        let _ = std::fs::remove_file(site.path(name));
    }
    let said = site.refuses_to_serve("");
    assert!(said.contains("an older database was put back"), "{said}");
    std::fs::rename(site.path("data/xpd.sqlite.rescued"), site.path(FILES[0])).expect("moved");
    let daemon = site.serve(None);
    goes_on(&site, &worker, &daemon);
}

#[test]
fn a_database_that_another_program_changes_stops_the_server() {
    let site = Site::new();
    let mut daemon = site.serve(None);
    let worker = begin(&site);
    does(&worker, 0);
    // Written in place: the file is the same, and SQLite does not notice.
    let bytes = std::fs::read(site.path(FILES[0])).expect("read");
    std::fs::write(site.path(FILES[0]), bytes).expect("written");
    let said = ends(&site, &mut daemon);
    assert!(said.contains("another program changed the database"), "{said}");
    // The run is the same, and the log shows it.
    let daemon = site.serve(None);
    goes_on(&site, &worker, &daemon);
}

#[test]
fn a_checkpoint_that_is_gone_is_an_error_with_a_cure() {
    let site = Site::new();
    let export = "[log]\nexport = \"exported\"\n";
    let daemon = site.serve_with_more(export);
    let worker = begin(&site);
    let older = tempfile::tempdir().expect("a folder");
    does(&worker, 0);
    let size = |name: &str| {
        let text = std::fs::read_to_string(site.path(name)).unwrap_or_default();
        text.lines().nth(1).and_then(|line| line.parse::<u64>().ok()).unwrap_or_default()
    };
    until("the export", || size("exported") == size("data/checkpoint") && size("exported") > 4);
    daemon.kill();
    copy(&site.path(""), older.path(), &FILES);
    let daemon = site.serve_with_more(export);
    does(&worker, 1);
    let entries = worker.summary()["entries"].as_u64().expect("a count");
    // Two entries are the server's own.
    until("the export", || size("exported") >= entries + 2);
    daemon.kill();
    let newer = tempfile::tempdir().expect("a folder");
    copy(&site.path(""), newer.path(), &FILES);

    std::fs::remove_file(site.path("data/checkpoint")).expect("removed");
    let said = site.refuses_to_serve(export);
    assert!(said.contains("data/checkpoint is missing") && said.contains("xpd checkpoint restore"), "{said}");
    let (code, said) = site.run(&["doctor"]);
    assert!(code == Some(3) && said.contains("data/checkpoint is missing"), "{said}");
    assert!(!site.path("data/checkpoint").exists(), "it is not made again in silence");

    // Only a checkpoint of this log, signed with this key, is accepted, and none over an older database.
    site.put("text", "xpd.test\n1\nAAAA\n");
    assert_eq!(site.run(&["checkpoint", "restore", "text"]).0, Some(3));
    assert_eq!(site.run(&["checkpoint", "restore", "nowhere"]).0, Some(2));
    assert_eq!(site.run(&["checkpoint", "restore"]).0, Some(2));
    assert_eq!(site.run(&["checkpoint", "restore", "--from-witnesses"]).0, Some(2));
    copy(older.path(), &site.path(""), &FILES);
    let (code, said) = site.run(&["checkpoint", "restore", "exported"]);
    assert!(code == Some(3) && said.contains("an older database was put back"), "{said}");
    assert!(!site.path("data/checkpoint").exists());
    copy(newer.path(), &site.path(""), &FILES);
    let (code, said) = site.run(&["checkpoint", "restore", "exported"]);
    assert!(code == Some(0) && said.contains("restored the checkpoint of"), "{said}");
    assert_eq!(site.run(&["checkpoint", "restore", "exported"]).0, Some(3), "there is one");
    let daemon = site.serve_with_more(export);
    goes_on(&site, &worker, &daemon);
}

#[test]
fn a_checkpoint_taken_from_a_running_server_is_written_again_and_said() {
    let site = Site::new();
    let daemon = site.serve(None);
    let worker = begin(&site);
    does(&worker, 0);
    let line = format!(
        "decision.granted run={:?} step=\"report\" role=\"worker\" principal=\"worker-1\" action=\"github.issues.create\" index=",
        worker.run
    );
    assert!(site.log().contains(&line), "{line} in {}", site.log());
    for change in ["removed", "changed"] {
        match change {
            "removed" => std::fs::remove_file(site.path("data/checkpoint")).expect("removed"),
            _ => site.put("data/checkpoint", "nonsense"),
        }
        let whole = || {
            std::fs::read_to_string(site.path("data/checkpoint"))
                .is_ok_and(|text| text.starts_with("xpd.test\n"))
        };
        until("the checkpoint", whole);
    }
    assert!(
        site.log().contains("the checkpoint beside the database was removed or changed"),
        "{}",
        site.log()
    );
    daemon.kill();
    let daemon = site.serve(None);
    goes_on(&site, &worker, &daemon);
}

/// The first entry is covered by a checkpoint before the request is answered.
#[test]
fn a_log_that_was_begun_a_moment_ago_is_not_begun_again() {
    let site = Site::new();
    for name in FILES {
        let _ = std::fs::remove_file(site.path(name));
    }
    assert!(site.refuses_to_serve("").contains("the database is missing"));
    assert!(!site.path(FILES[0]).exists(), "nothing is made");
}

#[test]
fn a_log_key_begins_one_log_only() {
    let site = Site::new();
    for name in FILES.into_iter().chain(["data/checkpoint"]) {
        let _ = std::fs::remove_file(site.path(name));
    }
    let said = {
        let status = site.run(&["serve"]);
        assert_eq!(status.0, Some(2), "{}", status.1);
        status.1
    };
    assert!(said.contains("log.pem") && said.contains("a log was begun under this key"), "{said}");
    let (code, said) = site.run(&["doctor"]);
    assert!(code == Some(3) && said.contains("a log was begun under this key"), "{said}");
    assert!(!site.path("data/xpd.sqlite").exists(), "nothing is made");
    std::fs::remove_file(site.path("data/keys/log.pem")).expect("removed");
    site.serve(None);
}
