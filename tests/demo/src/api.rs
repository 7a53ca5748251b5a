//! Requests to `xpd` over its unix socket, each with a proof by a key: all that an agent can reach, and how.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xpd_token::{KeyPair, ProofRequest, make_proof};

use crate::Done;

/// The name under which the server answers on its socket.
const BASE: &str = "http://xpd";

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    /// The body of a success, else what was refused.
    pub fn ok(&self) -> Done<&Value> {
        if self.status < 300 { Ok(&self.body) } else { Err(format!("status {}: {}", self.status, self.body)) }
    }
}

/// A key and a socket.
pub struct Api {
    pub socket: PathBuf,
    pub key: KeyPair,
}

impl Api {
    /// Sends a request.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Done<Reply> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let url = format!("{BASE}{path}");
        let now = i64::try_from(now_ms() / 1_000).unwrap_or(i64::MAX);
        let request = ProofRequest { method, url: &url, token, body: &bytes, now, random };
        let proof = make_proof(&self.key, &request).map_err(|error| error.to_string())?;
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: xpd\r\nconnection: close\r\ncontent-length: {}\r\ndpop: {proof}\r\n",
            bytes.len()
        );
        if let Some(token) = token {
            head += &format!("authorization: DPoP {token}\r\n");
        }
        if body.is_some() {
            head += "content-type: application/json\r\n";
        }
        head += "\r\n";
        self.exchange(&[head.as_bytes(), &bytes].concat())
            .map_err(|error| format!("{method} {path}: {error}"))
    }

    fn exchange(&self, request: &[u8]) -> std::io::Result<Reply> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(180)))?;
        stream.write_all(request)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        let broken = || std::io::Error::other("the answer is no HTTP");
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        Ok(Reply { status, body: serde_json::from_str(body).unwrap_or_else(|_| json!(body)) })
    }

    /// A session of a run.
    pub fn join(&self, run: &str) -> Done<Session<'_>> {
        let reply = self.send("POST", "/v1/sessions", None, Some(&json!({ "run": run })))?;
        let token = reply.ok()?["access_token"].as_str().ok_or("a session without a token")?.to_owned();
        Ok(Session { api: self, run: run.to_owned(), token })
    }
}

/// A principal in a run.
pub struct Session<'a> {
    api: &'a Api,
    pub run: String,
    token: String,
}

impl Session<'_> {
    fn post(&self, what: &str, body: &Value) -> Done<Reply> {
        self.api.send("POST", &format!("/v1/runs/{}/{what}", self.run), Some(&self.token), Some(body))
    }

    fn get(&self, what: &str) -> Done<Value> {
        let reply = self.api.send("GET", &format!("/v1/runs/{}{what}", self.run), Some(&self.token), None)?;
        Ok(reply.ok()?.clone())
    }

    /// What may be done now.
    pub fn offers(&self) -> Done<Vec<Value>> {
        Ok(self.get("/offers")?.as_array().cloned().unwrap_or_default())
    }

    /// Where the run is.
    pub fn summary(&self) -> Done<Value> {
        self.get("")
    }

    /// Asks for a token.
    pub fn grant(&self, step: &str, action: &str, args: &Value) -> Done<Reply> {
        self.post("grants", &json!({ "step": step, "action": action, "args": args }))
    }

    /// Uses a token.
    pub fn act(&self, grant: &str, args: Option<&Value>) -> Done<Reply> {
        let body = args.map_or_else(|| json!({}), |args| json!({ "args": args }));
        self.api.send("POST", &format!("/v1/runs/{}/actions", self.run), Some(grant), Some(&body))
    }

    /// Asks and uses.
    pub fn carry_out(&self, step: &str, action: &str, args: &Value) -> Done<Value> {
        let granted = self.grant(step, action, args)?;
        let done = self.act(token(&granted)?, None)?;
        Ok(done.ok()?["result"].clone())
    }

    /// Hands something in.
    pub fn submit(&self, step: &str, name: &str, value: &Value) -> Done {
        self.post("submissions", &json!({ "step": step, "name": name, "value": value }))?.ok().map(drop)
    }

    /// Looks at a datum of the run.
    pub fn view(&self, step: &str, datum: &str) -> Done<Value> {
        Ok(self.post("views", &json!({ "step": step, "datum": datum }))?.ok()?["value"].clone())
    }

    /// Decides an outcome.
    pub fn judge(&self, step: &str, outcome: &str, notes: Option<&str>) -> Done<Value> {
        let mut body = json!({ "step": step, "outcome": outcome });
        if let Some(notes) = notes {
            body["notes"] = json!(notes);
        }
        Ok(self.post("judgements", &body)?.ok()?.clone())
    }
}

/// The token of an answer to a request for one.
pub fn token(reply: &Reply) -> Done<&str> {
    reply.ok()?["grant"].as_str().ok_or_else(|| "an answer without a token".to_owned())
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
