//! A worker's requests over the socket of `xpd`, each with a proof by its key.

use std::io::{Error, Read as _, Result, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xpd_token::{KeyPair, ProofRequest, make_proof};

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    #[track_caller]
    pub fn ok(&self) -> &Value {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        &self.body
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A worker in a run.
pub struct Worker {
    pub socket: PathBuf,
    pub run: String,
    pub session: String,
}

impl Worker {
    pub fn key() -> KeyPair {
        KeyPair::from_seed([3; 32]).expect("a key")
    }

    /// Sends a request; the server may end before it answers.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Result<Reply> {
        let mut stream = self.sent(method, path, token, body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let broken = || Error::other("no answer");
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        Ok(Reply { status, body: serde_json::from_str(body).unwrap_or_else(|_| json!(body)) })
    }

    /// Sends a request and leaves its answer unread.
    pub fn sent(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<UnixStream> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut random = [0; 16];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let url = format!("http://xpd{path}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
        let now = i64::try_from(now).expect("a time");
        let request = ProofRequest { method, url: &url, token, body: &bytes, now, random };
        let proof = make_proof(&Self::key(), &request).expect("a proof");
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
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(&[head.as_bytes(), &bytes].concat())?;
        Ok(stream)
    }

    /// Starts a run and joins it.
    pub fn start(socket: PathBuf, params: &Value) -> Self {
        let mut worker = Self { socket, run: String::new(), session: String::new() };
        let ask = json!({ "artifact": "crash", "params": params });
        let reply = worker.send("POST", "/v1/runs", None, Some(&ask)).expect("an answer");
        worker.run = reply.ok()["run"].as_str().expect("a run").to_owned();
        let join = json!({ "run": worker.run });
        let reply = worker.send("POST", "/v1/sessions", None, Some(&join)).expect("an answer");
        worker.session = reply.ok()["access_token"].as_str().expect("a session").to_owned();
        worker
    }

    pub fn grant(&self, body: &Value) -> Result<Reply> {
        self.send("POST", &format!("/v1/runs/{}/grants", self.run), Some(&self.session), Some(body))
    }

    pub fn act(&self, grant: &str, body: &Value) -> Result<Reply> {
        self.send("POST", &self.actions(), Some(grant), Some(body))
    }

    pub fn actions(&self) -> String {
        format!("/v1/runs/{}/actions", self.run)
    }

    pub fn summary(&self) -> Value {
        let path = format!("/v1/runs/{}", self.run);
        self.send("GET", &path, Some(&self.session), None).expect("an answer").ok().clone()
    }
}
