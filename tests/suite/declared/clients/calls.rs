//! `xpd agent` as scripts use it: one JSON value on standard output, and an exit code that says what it is.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};
use xp_harness::stand_in::{StandIn, json as answer};

use super::{SUITE, World, body, notes, tools};

/// The workflow: a report is handed in and judged before a note is written.
const CALLS: &str = "
workflow clients() {
  agent tester, boss

  separate roles tester, boss

  step main by tester {
    may suite.test_simple_text() max 50
    submit report: text
    submit count: int
    outcome done
  }

  step check by boss after main.done {
    outcome approved of main.report
    outcome rejected -> reopen main with notes (max 2, then refused)
    outcome refused -> end
  }

  step later by tester after check.approved {
    may suite.note(id: content max 20) once per run as wrote
    outcome noted auto when wrote -> end
  }
}
";

/// Lets notes be written.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn closed(&self, closed: bool) {
        *self.0.0.lock().unwrap() = closed;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        drop(self.0.1.wait_while(self.0.0.lock().unwrap(), |closed| *closed).unwrap());
    }
}

/// A server for tools that writes a note when the gate is open, and fails to write one that is called `bad`.
fn upstream(gate: Gate) -> StandIn {
    StandIn::new(move |arrived, _| {
        let body = body(arrived);
        let text = |text: &str, is_error: bool| json!({ "content": [{ "type": "text", "text": text }], "isError": is_error, "resultType": "complete" });
        let result = match (body["method"].as_str(), body["params"]["name"].as_str()) {
            (Some("server/discover"), _) => {
                json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {} })
            }
            (Some("tools/list"), _) => json!({ "tools": tools() }),
            (Some("tools/call"), Some("note")) => {
                gate.pass();
                text("written", body["params"]["arguments"]["id"] == "bad")
            }
            _ => text("hello", false),
        };
        answer(200, &json!({ "jsonrpc": "2.0", "id": body["id"], "result": result }).to_string())
    })
}

/// A server with the workflow deployed, an agent `tester` and an agent `boss`.
pub fn world(gate: Gate) -> World {
    let connector = SUITE.split("/// A run for a client of MCP.").next().unwrap();
    World::of("", &format!("{connector}{CALLS}"), &["tester", "boss"], upstream(gate))
}

struct Script {
    world: World,
    run: String,
}

/// What a command printed.
struct Said {
    value: Value,
    error: String,
}

impl Script {
    fn new(gate: Gate) -> Self {
        let world = world(gate);
        let run = world.start();
        Self { world, run }
    }

    fn command(&self, who: &str, args: &[&str]) -> Command {
        let mut command = Command::new(xp_tests::program("xpd"));
        let key = format!("{who}.pem");
        command.current_dir(self.world.folder.path()).args(["agent"]).args(args);
        command.args(["--run", &self.run, "--socket", "xpd.sock", "--key", &key]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn ended(&self, mut command: Command, input: &str, code: i32) -> Said {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // A command that does not read its input may have ended.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done = child.wait_with_output().unwrap();
        let (out, error) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(code), "{command:?}: {out}{error}");
        for key in ["tester.pem", "boss.pem"] {
            let pem = std::fs::read_to_string(self.world.folder.path().join(key)).unwrap();
            let secret = pem.lines().nth(1).unwrap();
            assert!(!out.contains(secret) && !error.contains(secret));
        }
        assert!(!out.contains("eyJ") && !error.contains("eyJ"), "a token: {out}{error}");
        let lines = out.lines().count();
        if code == 2 {
            assert_eq!(lines, 0, "{out}");
            return Said { value: Value::Null, error };
        }
        assert_eq!(lines, 1, "{out}{error}");
        Said { value: serde_json::from_str(&out).unwrap(), error }
    }

    #[track_caller]
    fn says(&self, who: &str, args: &[&str], code: i32) -> Said {
        self.ended(self.command(who, args), "", code)
    }

    #[track_caller]
    fn done(&self, who: &str, args: &[&str]) -> Value {
        self.says(who, args, 0).value
    }

    #[track_caller]
    fn refused(&self, who: &str, args: &[&str], with: &str) -> Value {
        let said = self.says(who, args, 3);
        assert_eq!(said.value["code"], with, "{}", said.value);
        assert!(said.value["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{}", said.value);
        assert!(said.error.starts_with(&format!("xpd: {with}: ")), "{}", said.error);
        said.value
    }

    /// Until a note may be written.
    fn approved(&self) {
        self.done("tester", &["submit", "main", "report", "\"fine\""]);
        self.done("tester", &["submit", "main", "count", "-3"]);
        self.done("tester", &["judge", "main", "done"]);
        self.done("boss", &["view", "check", "main.report"]);
        self.done("boss", &["judge", "check", "approved"]);
    }
}

#[test]
fn a_script_carries_out_a_run() {
    let script = Script::new(Gate::default());
    let offers = script.done("tester", &["offers"]);
    assert_eq!(
        (&offers["status"], &offers["offers"][0]["step"]),
        (&json!("running"), &json!("main")),
        "{offers}"
    );
    let early = script.refused("tester", &["act", "later", "suite.note", r#"{"id":"n"}"#], "out_of_sequence");
    assert_eq!((&early["retryable"], &early["until"]), (&json!(true), &json!("await")), "{early}");
    assert!(early["open_now"].as_array().unwrap().contains(&json!("submit.main.report")), "{early}");
    script.refused("boss", &["act", "main", "suite.test_simple_text"], "wrong_role");
    script.refused("tester", &["act", "main", "suite.nothing"], "unknown");

    let read = script.done("tester", &["act", "main", "suite.test_simple_text"]);
    assert_eq!(read["result"]["said"], "hello", "{read}");
    let index = read["index"].to_string();
    assert_eq!(script.done("tester", &["result", &index])["phase"], "done");
    script.refused("boss", &["result", &index], "unknown");

    // JSON from the command line, from a file and from standard input.
    script.done("tester", &["submit", "main", "count", "-3"]);
    script.world.folder.put("report.json", "\"first\"\n");
    script.done("tester", &["submit", "main", "report", "--file", "report.json"]);
    let command = script.command("tester", &["submit", "main", "report", "-"]);
    script.ended(command, "\"second\"", 0);
    script.refused("tester", &["submit", "main", "report", "7"], "bad_value");

    // Somebody who waits is woken.
    let seen = script.done("boss", &["offers"])["seen"].as_str().unwrap().to_owned();
    let waiting = script.command("boss", &["await", "--seen", &seen]).spawn().unwrap();
    script.done("tester", &["judge", "main", "done"]);
    let woken = waiting.wait_with_output().unwrap();
    let woken: Value = serde_json::from_slice(&woken.stdout).unwrap();
    assert_eq!(woken["offers"][0]["step"], "check", "{woken}");

    script.refused("boss", &["judge", "check", "approved"], "not_shown");
    assert_eq!(script.done("boss", &["view", "check", "main.report"])["value"], "second");
    script.done("boss", &["judge", "check", "rejected", "--notes", "again"]);
    script.approved();
    let command = script.command("tester", &["act", "later", "suite.note", "-"]);
    let wrote = script.ended(command, "{\"id\": \"n-1\"}", 0).value;
    assert_eq!(wrote["result"]["said"], "written", "{wrote}");
    assert_eq!(script.done("tester", &["await"])["status"], "ended");
    script.refused("tester", &["act", "main", "suite.test_simple_text"], "run_over");
    assert_eq!(notes(&script.world.upstream), 1);
}

#[test]
fn what_cannot_be_asked_says_why_and_what_to_do() {
    let mut script = Script::new(Gate::default());
    let act = |rest: &[&'static str]| [&["act", "main", "suite.test_simple_text"], rest].concat();
    for (args, why) in [
        (act(&["{x}"]), "the arguments: this is not JSON"),
        (act(&["[]"]), "the arguments are a JSON object"),
        (act(&[r#"{"a":1,"a":2}"#]), "the arguments: "),
        (act(&["--file", "missing.json"]), "missing.json: No such file"),
        (act(&["{}", "--file", "missing.json"]), "cannot be used with"),
        (vec!["submit", "main", "report"], "required"),
        (vec!["submit", "main", "report", "fine"], "a text with its quotation marks"),
        (vec!["result", "first"], "invalid value"),
    ] {
        let said = script.says("tester", &args, 2);
        assert!(said.error.contains(why), "{args:?}: {}", said.error);
    }
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    let command = script.command("tester", &["submit", "main", "report", "-"]);
    assert!(script.ended(command, &long, 2).error.contains("longer than 1048576 bytes"));

    // No key, a key that nobody enrolled, no such run.
    let said = script.says("nobody", &["offers"], 2);
    assert!(said.error.contains("`xpd agent enrol` makes an agent's key"), "{}", said.error);
    let enrol = ["agent", "enrol", "eve", "--controller", "e", "--role", "tester", "-o", "eve.pem"];
    script.world.folder.run("xpd", &enrol, 0);
    script.refused("eve", &["offers"], "unauthenticated");
    let run = std::mem::replace(&mut script.run, "0".repeat(32));
    script.refused("tester", &["offers"], "unknown");
    script.run = run;

    // Nobody listens there, or another program does, or nothing was found at all.
    let elsewhere = |server: &[&str]| {
        let mut command = Command::new(xp_tests::program("xpd"));
        command.current_dir(script.world.folder.path()).args(["agent", "offers", "--run", &script.run]);
        command.args(server).args(["--key", "tester.pem"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for server in [
        ["--socket", "nothing.sock"],
        ["--server", &format!("http://{closed}")],
        ["--server", &script.world.upstream.url],
    ] {
        let said = script.ended(elsewhere(&server), "", 5);
        assert_eq!(said.value["code"], "unreached", "{}", said.value);
    }
    let said = script.ended(elsewhere(&["--server", "xpd.sock"]), "", 2);
    assert!(said.error.contains("is no URL: write `http://xpd.sock`"), "{}", said.error);
    assert_eq!(script.world.upstream.requests().len(), 1, "the one that went to the other program");
}

#[test]
fn a_call_whose_answer_was_lost_is_answered_when_it_is_repeated() {
    let gate = Gate::default();
    let script = Script::new(gate.clone());
    script.approved();
    gate.closed(true);
    let write = ["act", "later", "suite.note", r#"{"id":"n-1"}"#];
    let mut first = script.command("tester", &write).spawn().unwrap();
    while notes(&script.world.upstream) == 0 {
        assert!(first.try_wait().unwrap().is_none(), "it waits for the note");
        std::thread::yield_now();
    }
    first.kill().unwrap();
    first.wait().unwrap();
    // Two requests over a later connection, so the server has seen that the earlier one is closed.
    script.done("tester", &["offers"]);
    gate.closed(false);
    assert_eq!(script.done("tester", &write)["result"]["said"], "written");
    assert_eq!(notes(&script.world.upstream), 1);
}

#[test]
fn an_action_whose_end_is_unknown_is_a_doubt() {
    let script = Script::new(Gate::default());
    script.approved();
    let said = script.says("tester", &["act", "later", "suite.note", r#"{"id":"bad"}"#], 4);
    assert_eq!((&said.value["code"], &said.value["retryable"]), (&json!("in_doubt"), &json!(false)));
    assert_eq!(notes(&script.world.upstream), 1);

    // The server ends while a note is written.
    let gate = Gate::default();
    let mut script = Script::new(gate.clone());
    script.approved();
    gate.closed(true);
    let write = ["act", "later", "suite.note", r#"{"id":"n-1"}"#];
    let mut waiting = script.command("tester", &write).spawn().unwrap();
    while notes(&script.world.upstream) == 0 {
        assert!(waiting.try_wait().unwrap().is_none(), "it waits for the note");
        std::thread::yield_now();
    }
    script.world.daemon.child.kill().unwrap();
    let done = waiting.wait_with_output().unwrap();
    gate.closed(false);
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), &said["code"]), (Some(4), &json!("unanswered")), "{said}");
    assert!(said["detail"].as_str().unwrap().contains("the call may have been carried out"), "{said}");
}
