//! `xpd mcp`: the bridge for MCP clients that hold no key. It reads messages from standard input, forwards each to the door with
//! a proof, and writes the answers to standard output, where nothing else is written.

use std::io::{BufRead as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::{Mutex, Semaphore, mpsc};
use xp_json::Tree;

use super::Done;
use super::agent::new_key;
use crate::client::Client;
use crate::door::Door;
use crate::out::print;
use crate::{Failure, McpClient, Server};

/// Bytes of a line.
const MAX_LINE: u64 = 1 << 20;
/// Messages under way at once.
const AT_ONCE: usize = 16;
struct Bridge {
    door: Door,
    /// The revision agreed by `initialize`, for messages that name none.
    revision: Mutex<Option<String>>,
}

pub async fn run(run: String, server: Server, job_token: Option<PathBuf>) -> Done {
    let door = match job_token {
        None => Door::new(Client::of_agent(&server)?, run),
        Some(file) => Door::of_job(Client::with(&server, new_key()?)?, run, &file)?,
    };
    // A run that is not there is reported before a client waits for it.
    door.open().await?;
    let bridge = Arc::new(Bridge { door, revision: Mutex::new(None) });
    let (lines, mut read) = mpsc::channel(AT_ONCE);
    std::thread::spawn(move || read_lines(&lines));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let out = Arc::new(Mutex::new(()));
    let mut tasks = tokio::task::JoinSet::new();
    while let Some(line) = read.recv().await {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (bridge, out) = (Arc::clone(&bridge), Arc::clone(&out));
        tasks.spawn(async move {
            let _place = place;
            let Some(answer) = bridge.answer(line).await else { return Ok(()) };
            let _turn = out.lock().await;
            print(&format!("{answer}\n"))
        });
        while let Some(ended) = tasks.try_join_next() {
            ended.unwrap_or(Ok(()))?;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap_or(Ok(()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads lines until the input ends. None stands for a line that is too long.
fn read_lines(lines: &mpsc::Sender<Option<Vec<u8>>>) {
    let mut input = std::io::stdin().lock();
    let mut too_long = false;
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let whole = line.ends_with(b"\n") || line.len() as u64 != MAX_LINE;
        let sent = match (too_long, whole) {
            (false, true) => lines.blocking_send(Some(line)),
            (true, true) => lines.blocking_send(None),
            (_, false) => Ok(()),
        };
        too_long = !whole;
        if sent.is_err() {
            return;
        }
    }
}

fn error(id: &Tree, code: i32, why: &str) -> String {
    let error = json!({ "code": code, "message": why });
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}")
}

impl Bridge {
    /// The answer to a line; none where nobody waits for one.
    async fn answer(&self, line: Option<Vec<u8>>) -> Option<String> {
        let Some(line) = line else { return Some(error(&Tree::Null, -32600, "the message is too long")) };
        let line = line.trim_ascii().to_vec();
        if line.is_empty() {
            return None;
        }
        let message = match Tree::read(&line) {
            Ok(message) => message,
            Err(unread) => return Some(error(&Tree::Null, -32700, &unread.to_string())),
        };
        // Notifications change nothing at the door.
        if message.as_record().is_some() && message.get("id").is_none() {
            return None;
        }
        let id = message.get("id").cloned().unwrap_or(Tree::Null);
        match self.forward(&message, line).await {
            Ok(answer) => Some(answer),
            Err(Failure::Failed(why) | Failure::Input(why) | Failure::Refused(why)) => {
                let why = format!("{why}; a call may have been carried out: look before you repeat it");
                Some(error(&id, -32603, &why))
            }
        }
    }

    async fn forward(&self, message: &Tree, line: Vec<u8>) -> Result<String, Failure> {
        let agreed = self.revision.lock().await.clone();
        let answer = self.door.send(message, line, agreed.as_deref()).await?;
        if message.get("method").and_then(Tree::as_text) == Some("initialize") {
            let agreed = answer.at("/result/protocolVersion").and_then(Tree::as_text);
            *self.revision.lock().await = agreed.map(str::to_owned);
        }
        Ok(answer.to_string())
    }
}

/// Prints the configuration with which a client starts the bridge. There is no secret in it: the key stays in its file.
pub fn print_config(client: McpClient, run: &str, server: &Server) -> Done {
    let mut args = vec!["mcp".to_owned(), "--run".to_owned(), run.to_owned()];
    if let Some(url) = &server.server {
        args.extend(["--server".to_owned(), url.clone()]);
    }
    let whole = |path: &std::path::Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Some(socket) = &server.socket {
        args.extend(["--socket".to_owned(), whole(socket).display().to_string()]);
    }
    args.extend(["--key".to_owned(), whole(&server.key).display().to_string()]);
    let command: Vec<&str> = std::iter::once("xpd").chain(args.iter().map(String::as_str)).collect();
    let pretty = |value: serde_json::Value| serde_json::to_string_pretty(&value).unwrap_or_default();
    print(&match client {
        McpClient::ClaudeCode => format!(
            "# .mcp.json\n{}\n# managed-settings.json: no other server\n{}\n",
            pretty(json!({ "mcpServers": { "xp": { "type": "stdio", "command": "xpd", "args": args } } })),
            pretty(json!({ "allowedMcpServers": [{ "serverCommand": command }] })),
        ),
        McpClient::Codex => format!(
            "# config.toml\n[mcp_servers.xp]\ncommand = \"xpd\"\nargs = {}\n\n\
             # requirements.toml: no other server\n[mcp_servers.xp.identity]\ncommand = \"xpd\"\n",
            json!(args)
        ),
        McpClient::Copilot => format!(
            "# .vscode/mcp.json\n{}\n# Other servers are forbidden by the organization's policy for MCP registries.\n",
            pretty(json!({ "servers": { "xp": { "type": "stdio", "command": "xpd", "args": args } } })),
        ),
        McpClient::Inspector => {
            pretty(json!({ "mcpServers": { "xp": { "type": "stdio", "command": "xpd", "args": args } } }))
                + "\n"
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
