//! The requests of a worker to `xpd`, over its socket, with proofs by its key.

use std::io::Result;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use xp_tests::client::{Client, Reply};
use xpd_token::KeyPair;

/// The body of a successful answer.
#[track_caller]
pub fn ok(reply: &Reply) -> &Value {
    assert!(reply.status < 300, "{} {}", reply.status, reply.body);
    &reply.body
}

pub fn code(reply: &Reply) -> &str {
    reply.body["code"].as_str().unwrap_or_default()
}

/// A worker with a session in a run.
pub struct Worker {
    client: Client,
    pub run: String,
    pub session: String,
}

impl Worker {
    pub fn key() -> KeyPair {
        KeyPair::from_seed([3; 32]).expect("a key")
    }

    /// Sends a request. The server may end before it answers.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Result<Reply> {
        self.client.send(method, path, token, body)
    }

    /// Sends a request without reading its answer.
    pub fn sent(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<UnixStream> {
        self.client.sent(method, path, token, body)
    }

    /// The key of the judge.
    pub fn judges_key() -> KeyPair {
        KeyPair::from_seed([4; 32]).expect("a key")
    }

    /// Starts a run and opens a session in it.
    pub fn start(socket: PathBuf, params: &Value) -> Self {
        let client = Client { socket, key: Self::key(), patience: Duration::from_secs(30) };
        let mut worker = Self { client, run: String::new(), session: String::new() };
        let ask = json!({ "artifact": "crash", "params": params });
        let reply = worker.send("POST", "/v1/runs", None, Some(&ask)).expect("an answer");
        worker.run = ok(&reply)["run"].as_str().expect("a run").to_owned();
        worker.join();
        worker
    }

    fn join(&mut self) {
        let join = json!({ "run": self.run });
        let reply = self.send("POST", "/v1/sessions", None, Some(&join)).expect("an answer");
        self.session = ok(&reply)["access_token"].as_str().expect("a session").to_owned();
    }

    /// Another principal views the submission and approves it.
    pub fn is_approved(&self, socket: PathBuf) {
        let client = Client { socket, key: Self::judges_key(), patience: Duration::from_secs(30) };
        let mut judge = Self { client, run: self.run.clone(), session: String::new() };
        judge.join();
        let ask = json!({ "step": "review", "action": "github.pulls.read", "args": {} });
        let reply = judge.grant(&ask).expect("an answer");
        let grant = ok(&reply)["grant"].as_str().expect("a token");
        ok(&judge.act(grant, &json!({})).expect("an answer"));
        let says = json!({ "step": "review", "outcome": "approved" });
        let path = format!("/v1/runs/{}/judgements", judge.run);
        ok(&judge.send("POST", &path, Some(&judge.session), Some(&says)).expect("an answer"));
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
        ok(&self.send("GET", &path, Some(&self.session), None).expect("an answer")).clone()
    }
}
