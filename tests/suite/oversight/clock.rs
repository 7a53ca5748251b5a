//! Jumps of the wall clock while the server works, made with Debian's libfaketime for the server's process
//! only.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::crash::client::{Worker, code, ok};
use crate::crash::site::Site;
use xp_tests::client::Reply;

const PATIENCE: Duration = Duration::from_secs(60);

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The path of the library on Debian.
fn library() -> PathBuf {
    let found = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let found = found.map(|entry| entry.path().join("faketime/libfaketime.so.1")).find(|path| path.exists());
    found.expect("libfaketime is there; run `cargo dev setup` first")
}

struct Clock(PathBuf);

impl Clock {
    fn set(&self, seconds: i64) {
        // Written under another name and renamed, so that a reader never sees a part of it.
        let part = self.0.with_extension("part");
        std::fs::write(&part, format!("{seconds:+}s\n")).expect("written");
        std::fs::rename(&part, &self.0).expect("in its place");
    }

    fn variables(&self, library: &Path) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }
}

fn jumps_by(seconds: i64) {
    let site = Site::new();
    let clock = Clock(site.folder().join("clock"));
    clock.set(0);
    let variables = clock.variables(&library());
    let variables: Vec<(&str, &str)> =
        variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let daemon = site.serve_with(None, &site.forge.url, &variables);
    let repo = json!({ "owner": "acme", "name": "shop", "default_branch": "main", "test_command": "true" });
    let worker = Worker::start(site.socket(), &json!({ "repo": repo }));
    let ask = |step: &str, action: &str, args: serde_json::Value, id: &str| {
        let ask =
            json!({ "step": step, "action": format!("github.{action}"), "args": args, "request_id": id });
        worker.grant(&ask).expect("an answer")
    };
    let token = |reply: &Reply| ok(reply)["grant"].as_str().expect("a token").to_owned();
    let act = |grant: &str, id: &str| worker.act(grant, &json!({ "request_id": id })).expect("an answer");
    let grant = token(&ask("report", "issues.create", json!({ "title": "t", "body": "b" }), "g0"));

    // The jump happens between grant and use.
    clock.set(seconds);
    let refused = ask("report", "issues.create", json!({ "title": "u", "body": "b" }), "g1");
    assert_eq!((refused.status, code(&refused)), (503, "clock_off"), "{}", refused.body);
    ok(&act(&grant, "u0"));
    assert_eq!(site.forge.effects().len(), 1);
    // The action took effect once, however often it is repeated.
    assert_eq!(ok(&act(&grant, "u0"))["replayed"], true);
    let refused = ask("discuss", "issues.comment", json!({ "body": "b" }), "g2");
    assert_eq!(code(&refused), "clock_off", "{}", refused.body);
    assert!(site.log().contains("the time cannot be trusted"), "{}", site.log());
    // An administrator's proof by the host's own clock is accepted.
    let (exit, said) = {
        let mut command = std::process::Command::new(xp_tests::program("xpd"));
        command
            .current_dir(site.folder())
            .args(["kill", "principal", "judge-1"])
            .envs(variables.iter().copied());
        let done = command.output().expect("it starts");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    assert_eq!(exit, Some(0), "{said}");

    // Back to the right time: the server recovers by itself at once.
    clock.set(0);
    let grant = token(&ask("discuss", "issues.comment", json!({ "body": "b" }), "g3"));
    ok(&act(&grant, "u3"));
    assert_eq!(site.forge.effects().len(), 2);
    assert!(site.log().contains("the time can be trusted again"), "{}", site.log());

    // The server is killed and started while the clock is behind.
    clock.set(seconds.min(0));
    let before = worker.summary()["entries"].as_u64().expect("a count");
    daemon.kill();
    let again = site.serve_with(None, &site.forge.url, &variables);
    if seconds < 0 {
        // The recorded time is ahead of the host's clock: the server refuses grants and gives the reason.
        let refused = ask("start", "branches.create", json!({}), "g4");
        assert_eq!(code(&refused), "clock_off", "{}", refused.body);
        assert!(refused.body["detail"].as_str().expect("words").contains("behind"), "{}", refused.body);
    }
    clock.set(0);
    let mut last = None;
    until("its end", || {
        let reply = ask("start", "branches.create", json!({}), "g5");
        let done = reply.status < 300;
        last = Some(reply);
        done
    });
    ok(&act(&token(&last.expect("an answer")), "u5"));
    assert!(worker.summary()["entries"].as_u64().expect("a count") > before, "nothing was lost");
    let operations: Vec<&str> = site.forge.effects().iter().map(|effect| effect.operation).collect();
    assert_eq!(operations, ["issues/create", "issues/create-comment", "git/create-ref"], "each once");
    site.stop(&worker.run);
    site.evidence_holds(&worker.run, &again.log_key);
}

#[test]
fn ten_minutes_ahead() {
    jumps_by(600);
}

#[test]
fn ten_minutes_back() {
    jumps_by(-600);
}
