//! A public MCP server, unmodified, as `tests/dev/servers/package-lock.json` names it: declared, proved about, tested, and driven with the
//! programs, by agents that speak MCP through the bridge.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use xp_artifact::SigningKey;

use super::Folder;

const NOTE: &str = include_str!("note.xp.part");

/// A server that `cargo dev setup` installed, in a copy that other users can read.
fn server(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let main =
        root.join(".xp/mcp-servers/node_modules/@modelcontextprotocol").join(name).join("dist/index.js");
    assert!(main.is_file(), "`cargo dev setup` installs {}", main.display());
    main
}

/// A folder with keys and a roster, in which a writer and a reader work on one note.
fn folder() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    let signer = SigningKey::from_seed(&[5; 32]);
    folder.put("signer.pem", &signer.to_pem().unwrap());
    folder.put("signer.pub.pem", &signer.public().to_pem().unwrap());
    std::fs::create_dir(folder.path().join("docs")).unwrap();
    let mut roster = String::new();
    for (role, controller) in [("writer", "a"), ("reader", "b")] {
        let (name, key) = (format!("{role}-1"), format!("{role}.pem"));
        let enrol = ["agent", "enrol", &name, "--controller", controller, "--role", role, "-o", &key];
        let said = folder.run("xpd", &enrol, 0);
        // The lines for the roster are followed by what an administrator compares.
        roster += said.split_once("xpd: wrote ").unwrap().0;
    }
    let note = folder.path().join("docs/note.md").display().to_string();
    folder.put(
        "roster.toml",
        &format!(
            "{roster}\n[[start]]\nartifact = \"note\"\nprincipals = [\"writer-1\"]\nparams = {{ file = {note:?} }}\nmax_open = 2\nmax_per_day = 9\n"
        ),
    );
    folder
}

fn command(folder: &Folder) -> Vec<String> {
    let main = server("server-filesystem").display().to_string();
    vec!["/usr/bin/env".to_owned(), "node".to_owned(), main, folder.path().join("docs").display().to_string()]
}

/// The instance. A wrong digest of the program is refused with the right one.
fn table(folder: &Folder) -> String {
    let program = server("server-filesystem").ancestors().nth(4).unwrap().to_owned();
    let made = |digest: &str| {
        format!(
            "[connector.files]\ncommand = {:?}\nprogram = {{ folder = {program:?}, digest = {digest:?} }}\nwrite = [\"docs\"]\n",
            command(folder)
        )
    };
    folder.put("xpd.toml", &format!("{}{}", head(), made("sha256:0")));
    let said = folder.run("xpd", &["connectors", "list"], 0);
    let digest = said.rsplit_once("which is ").unwrap_or_else(|| panic!("{said}")).1;
    made(digest.split(": ").next().unwrap())
}

pub fn head() -> &'static str {
    "[server]\nsocket = \"xpd.sock\"\ndata = \"data\"\nroster = \"roster.toml\"\n[artifacts]\ntrusted = [\"signer.pub.pem\"]\n"
}

/// Registers the declaration in a source.
fn register(folder: &Folder) {
    folder.put("xpd.toml", head());
    let digest = folder.run("xpc", &["build", "note.xp", "--connector", "files", "-o", "files.json"], 0);
    let accept = ["connectors", "add", "files.json", "--accept", digest.trim(), "--by", "ann"];
    folder.run("xpd", &[&accept[..], &["--changes-nothing", "read"]].concat(), 0);
}

/// The digest of a tool as the server lists it, which the refusal of another one names.
fn listed(folder: &Folder, action: &str, args: &Value) -> String {
    folder.put("plan.json", &json!({ "calls": [{ "action": action, "args": args }] }).to_string());
    let against = command(folder).join(" ");
    let said =
        folder.run("xpd", &["connectors", "test", "files", "--plan", "plan.json", "--against", &against], 3);
    let found = said.split_once("listed with digest ").unwrap_or_else(|| panic!("{said}")).1;
    found.split(';').next().unwrap().to_owned()
}

#[test]
fn a_public_server_writes_and_reads_a_note_as_the_workflow_says() {
    let folder = folder();
    let note = folder.path().join("docs/note.md");
    let zeros = format!("sha256:{}", "0".repeat(64));
    folder.put("note.xp", &NOTE.replace("READ", &zeros).replace("WRITE", &zeros));
    register(&folder);
    let table = table(&folder);
    folder.put("xpd.toml", &format!("{}{table}", head()));
    // What the server lists is not what the declaration says, so nothing is called.
    let read = listed(&folder, "read", &json!({ "path": note }));
    let write = listed(&folder, "write", &json!({ "path": note, "body": "x" }));
    assert!(!note.exists());
    folder.put("note.xp", &NOTE.replace("READ", &read).replace("WRITE", &write));
    folder.run("xpc", &["check", "note.xp"], 0);
    folder.run("xpc", &["build", "note.xp", "-o", "note.xpa", "--sign", "signer.pem"], 0);
    register(&folder);

    let daemon = folder.serve_with(None, &table);
    let server = format!("unix:{}", folder.path().join("xpd.sock").display());
    folder.run("xpc", &["deploy", "note.xpa", "--server", &server], 0);
    let file = format!("file={}", note.display());
    let start = ["agent", "start", "note", "--param", &file, "--socket", "xpd.sock", "--key"];
    let refused = folder.run("xpd", &[&start[..], &["reader.pem"]].concat(), 3);
    assert!(refused.contains("there is no such artifact for you"), "{refused}");
    let nonsense =
        ["agent", "start", "note", "--param", "file:=x", "--socket", "xpd.sock", "--key", "writer.pem"];
    assert!(folder.run("xpd", &nonsense, 2).contains("this is not JSON"));
    let run = folder.run("xpd", &[&start[..], &["writer.pem"]].concat(), 0).trim().to_owned();

    // Two clients of MCP that hold no key.
    let (mut writer, mut reader) =
        (Bridge::new(&folder, &run, "writer.pem"), Bridge::new(&folder, &run, "reader.pem"));
    let own = ["await", "judge.review", "offers", "result", "review.files.read", "view"];
    assert_eq!(reader.tools(), own);
    // Each tool once refused: too early, to the wrong role, elsewhere.
    assert_eq!(reader.refused("review.files.read", json!({})), "out_of_sequence");
    assert_eq!(reader.refused("draft.files.write", json!({ "body": "x" })), "wrong_role");
    assert_eq!(
        writer.refused("draft.files.write", json!({ "path": "/etc/passwd", "body": "x" })),
        "out_of_scope"
    );
    assert!(!note.exists());
    // And once allowed.
    let done = writer.call("draft.files.write", json!({ "body": "A note.\n" }));
    let said = done["structuredContent"]["result"]["said"].as_str().unwrap_or_else(|| panic!("{done}"));
    assert!(said.starts_with("Successfully wrote"), "{done}");
    assert_eq!(std::fs::read_to_string(&note).unwrap(), "A note.\n");
    let shown = reader.call("review.files.read", json!({}));
    assert_eq!(shown["structuredContent"]["result"]["body"], "A note.\n", "{shown}");
    let judged = reader.call("judge.review", json!({ "outcome": "approved" }));
    assert_ne!(judged["isError"], json!(true), "{judged}");
    assert_eq!(writer.refused("draft.files.write", json!({ "body": "x" })), "run_over");

    // What the server says on its standard error is in the log.
    let log = std::fs::read_to_string(folder.path().join("xpd.log")).unwrap();
    assert!(log.contains("a server on this host wrote"), "{log}");

    let socket = folder.path().join("xpd.sock").display().to_string();
    folder.run("xpd", &["evidence", &run, "-o", "run.xpe", "--socket", &socket], 0);
    let log_key = daemon.log_key.clone();
    folder.run(
        "xpd",
        &["audit", "verify", "run.xpe", "--log-key", &log_key, "--artifact-key", "signer.pub.pem"],
        0,
    );
}

/// `xpd mcp` with a client of revision 2025-11-25.
pub struct Bridge {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    sent: u32,
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bridge {
    pub fn new(folder: &Folder, run: &str, key: &str) -> Self {
        let mut command = Command::new(xp_tests::program("xpd"));
        command.current_dir(folder.path()).args(["mcp", "--run", run, "--socket", "xpd.sock", "--key", key]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut bridge = Self { child, input, output, sent: 0 };
        let client = json!({ "name": "test", "version": "1" });
        let opened = bridge.ask(
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client }),
        );
        assert_eq!(opened["protocolVersion"], "2025-11-25", "{opened}");
        bridge.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        bridge
    }

    fn write(&mut self, message: &Value) {
        writeln!(self.input, "{message}").unwrap();
        self.input.flush().unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        self.write(&json!({ "jsonrpc": "2.0", "id": self.sent, "method": method, "params": params }));
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{method}: {line}"));
        assert_eq!(answer["id"], self.sent, "{answer}");
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    fn tools(&mut self) -> Vec<String> {
        let listed = self.ask("tools/list", json!({}));
        listed["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The code of a refusal.
    pub fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let answer = self.call(tool, arguments);
        assert_eq!(answer["isError"], json!(true), "{tool}: {answer}");
        answer["_meta"]["code"].as_str().unwrap_or_else(|| panic!("{tool}: {answer}")).to_owned()
    }
}
