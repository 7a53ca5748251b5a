//! `xpd mcp`: the bridge for MCP clients that hold no key. It reads messages from standard input, forwards each to the door with
//! a proof, and writes the answers to standard output, where nothing else is written.

use std::io::{BufRead as _, Read as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::sync::{Mutex, Semaphore, mpsc};
use xp_json::Tree;
use xp_wire::body::{Problem, SessionRequest, SessionResponse};

use super::Done;
use crate::client::Client;
use crate::out::print;
use crate::{Failure, McpClient, Server};

/// Bytes of a line.
const MAX_LINE: u64 = 1 << 20;
/// Messages under way at once.
const AT_ONCE: usize = 16;
/// A session is replaced this long before its end.
const MARGIN: Duration = Duration::from_secs(60);
/// The member of `_meta` with the revision of a message.
const REVISION: &str = "io.modelcontextprotocol/protocolVersion";

struct Session {
    token: String,
    ends: Instant,
}

struct Bridge {
    client: Client,
    run: String,
    session: Mutex<Option<Session>>,
    /// The revision agreed by `initialize`, for messages that name none.
    revision: Mutex<Option<String>>,
}

pub async fn run(run: String, server: Server) -> Done {
    let client = Client::new(&server)?;
    let bridge = Arc::new(Bridge { client, run, session: Mutex::new(None), revision: Mutex::new(None) });
    // A run that is not there is reported before a client waits for it.
    bridge.token().await?;
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
        let method = message.get("method").and_then(Tree::as_text).unwrap_or_default();
        let params = message.get("params");
        let named = params.and_then(|params| params.get("_meta")).and_then(|meta| meta.get(REVISION));
        let revision = match named.and_then(Tree::as_text) {
            Some(revision) => Some(revision.to_owned()),
            None if method == "initialize" => None,
            None => self.revision.lock().await.clone(),
        };
        let mut headers = vec![("Accept", "application/json, text/event-stream")];
        headers.extend(revision.as_deref().map(|revision| ("MCP-Protocol-Version", revision)));
        let name = params.and_then(|params| params.get("name")).and_then(Tree::as_text);
        if named.is_some() {
            headers.push(("Mcp-Method", method));
            headers.extend(name.map(|name| ("Mcp-Name", name)));
        }
        let is_header = |value: &str| value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !headers.iter().all(|(_, value)| is_header(value)) {
            return Err(Failure::Input("`method`, `name` and revision must be plain ASCII".to_owned()));
        }
        let token = self.token().await?;
        let answer = self.client.exchange(Method::POST, &["mcp"], Some(&token), &headers, line).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // Not sent again: the next message opens another session.
            *self.session.lock().await = None;
        }
        if let Ok(Problem { code, detail, .. }) = serde_json::from_slice(&answer.body) {
            return Err(Failure::Refused(format!("{code}: {detail}")));
        }
        let unread = |_| Failure::Failed(format!("{}: an answer that is not MCP", answer.status));
        let answer = Tree::read(&answer.body).map_err(unread)?;
        if method == "initialize" {
            let agreed = answer.at("/result/protocolVersion").and_then(Tree::as_text);
            *self.revision.lock().await = agreed.map(str::to_owned);
        }
        Ok(answer.to_string())
    }

    /// The token of a session that is good for a while.
    async fn token(&self) -> Result<String, Failure> {
        let mut session = self.session.lock().await;
        if let Some(session) = session.as_ref().filter(|session| session.ends > Instant::now() + MARGIN) {
            return Ok(session.token.clone());
        }
        let asked = Instant::now();
        let bytes = self.client.post(&["v1", "sessions"], &SessionRequest { run: self.run.clone() }).await?;
        let opened: SessionResponse =
            serde_json::from_slice(&bytes).map_err(|error| Failure::Failed(error.to_string()))?;
        let lasts = Duration::from_secs(u64::try_from(opened.expires_in).unwrap_or_default());
        let token = opened.access_token;
        *session = Some(Session { token: token.clone(), ends: asked + lasts });
        Ok(token)
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
