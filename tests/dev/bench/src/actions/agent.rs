//! An agent with a key and a connection of its own.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xp_wire::proof::{ProofRequest, make_proof};
use xpd_token::KeyPair;

use crate::Done;

/// The name of an agent.
pub fn name(number: usize) -> String {
    format!("agent-{number}")
}

/// Its key.
pub fn key(number: usize) -> Done<KeyPair> {
    let mut seed = [1; 32];
    for (to, from) in seed.iter_mut().zip(number.to_le_bytes()) {
        *to = from;
    }
    Ok(KeyPair::from_seed(seed)?)
}

/// The revision of MCP, the tool, and the headers of its call.
const MCP: &str = "2026-07-28";
const TOOL: &str = "work.counting.push";
const HEADERS: &[(&str, &str)] = &[
    ("Accept", "application/json, text/event-stream"),
    ("MCP-Protocol-Version", MCP),
    ("Mcp-Method", "tools/call"),
    ("Mcp-Name", TOOL),
];

pub struct Agent {
    key: KeyPair,
    url: String,
    run: String,
    session: String,
    client: reqwest::Client,
}

impl Agent {
    /// An agent with a session in a new run.
    pub async fn joined(number: usize, url: &str) -> Done<Self> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let (run, session) = (String::new(), String::new());
        let mut agent = Self { key: key(number)?, url: url.to_owned(), run, session, client };
        let started = agent.post("/v1/runs", None, &json!({ "artifact": "bench", "params": {} })).await?;
        agent.run = member(&started, "run")?.to_owned();
        let session = agent.post("/v1/sessions", None, &json!({ "run": agent.run })).await?;
        agent.session = member(&session, "access_token")?.to_owned();
        Ok(agent)
    }

    /// Requests a grant and uses it.
    pub async fn act(&self, id: usize) -> Done {
        let ask = json!({ "step": "work", "action": "counting.push", "args": { "id": id } });
        let path = format!("/v1/runs/{}/grants", self.run);
        let granted = self.post(&path, Some(&self.session), &ask).await?;
        let grant = member(&granted, "grant")?;
        self.post(&format!("/v1/runs/{}/actions", self.run), Some(grant), &json!({})).await?;
        Ok(())
    }

    /// The same by one call over MCP.
    pub async fn call(&self, id: usize) -> Done {
        let member = |name: &str| format!("io.modelcontextprotocol/{name}");
        let meta = json!({
            member("protocolVersion"): MCP, member("clientInfo"): { "name": "bench", "version": "1" },
            member("clientCapabilities"): {},
        });
        let params = json!({ "name": TOOL, "arguments": { "id": id }, "_meta": meta });
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        let answer = self.send("/mcp", Some(&self.session), &message, HEADERS).await?;
        match answer.pointer("/result/isError") {
            Some(Value::Bool(false)) => Ok(()),
            _ => Err(format!("the call failed: {answer}").into()),
        }
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Done<Value> {
        self.send(path, token, body, &[]).await
    }

    async fn send(
        &self,
        path: &str,
        token: Option<&str>,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Done<Value> {
        let body = body.to_string().into_bytes();
        let url = format!("{}{path}", self.url);
        let mut request = self.client.post(&url).header("DPoP", proof(&self.key, &url, token, &body)?);
        request = request.header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = token {
            request = request.header("Authorization", format!("DPoP {token}"));
        }
        let response = request.body(body).send().await?;
        let (status, text) = (response.status(), response.text().await?);
        if !status.is_success() {
            return Err(format!("{path}: {status} {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }
}

/// The proof for a POST.
pub fn proof(key: &KeyPair, url: &str, token: Option<&str>, body: &[u8]) -> Done<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    Ok(make_proof(
        key.public().bytes(),
        |message| key.sign(message),
        &ProofRequest { method: "POST", url, token, body, now, random },
    )?)
}

fn member<'a>(answer: &'a Value, name: &str) -> Done<&'a str> {
    Ok(answer.get(name).and_then(Value::as_str).ok_or_else(|| format!("no `{name}` in {answer}"))?)
}
