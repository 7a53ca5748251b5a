//! An agent's container: own namespaces, a network without interfaces, an empty environment, the agent's key
//! and file, and the server's socket.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::Sender;

use serde_json::{Value, json};

use crate::Done;
use crate::shared::shell;

/// The files bound into the container.
pub struct Furniture<'a> {
    pub name: &'a str,
    pub role: &'a str,
    pub key: &'a Path,
    pub brain: &'a Path,
    pub socket: &'a Path,
    /// Addresses that must be unreachable from inside.
    pub addresses: Vec<String>,
    /// File for its stderr.
    pub log: &'a Path,
}

/// A running agent.
pub struct Cell {
    child: Child,
    input: ChildStdin,
}

impl Cell {
    /// Starts an agent, whose messages are sent to `said` with its name.
    pub fn start(furniture: &Furniture<'_>, said: &Sender<(String, Value)>) -> Done<Self> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut bwrap = shell::container();
        bwrap.args(["--uid", "1000", "--gid", "1000", "--hostname", furniture.role]);
        for (place, name) in [
            (own.as_path(), "/agent/xp-demo"),
            (furniture.key, "/agent/key.pem"),
            (furniture.brain, "/agent/brain.json"),
            (furniture.socket, "/agent/xpd.sock"),
        ] {
            bwrap.arg("--ro-bind").arg(place).arg(name);
        }
        bwrap.args(["--remount-ro", "/", "--chdir", "/", "--", "/agent/xp-demo", "agent"]);
        bwrap.args([furniture.name, furniture.role]).args(&furniture.addresses);
        let log = File::create(furniture.log).map_err(|error| error.to_string())?;
        bwrap.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = bwrap.spawn().map_err(|error| format!("bubblewrap cannot be run: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("bubblewrap has no pipes".to_owned());
        };
        let (name, said) = (furniture.name.to_owned(), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let message =
                    serde_json::from_str(&line).unwrap_or_else(|_| json!({ "kind": "noise", "text": line }));
                if said.send((name.clone(), message)).is_err() {
                    return;
                }
            }
            let _ = said.send((name, json!({ "kind": "gone" })));
        });
        Ok(Self { child, input })
    }

    /// Sends it a message. It may have ended.
    pub fn tell(&mut self, message: &Value) {
        let _ = writeln!(self.input, "{message}").and_then(|()| self.input.flush());
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
