//! The requests of a principal to `xpd`, outside and inside a run.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xp_tests::client::Client;
pub use xp_tests::client::Reply;
use xpd_token::KeyPair;

use crate::Done;

/// A principal outside a run.
pub struct Api(Client);

impl Api {
    pub fn new(socket: PathBuf, key: KeyPair) -> Self {
        Self(Client { socket, key, patience: Duration::from_secs(180) })
    }

    /// Sends a request.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Done<Reply> {
        self.0.send(method, path, token, body).map_err(|error| format!("{method} {path}: {error}"))
    }

    /// Opens a session in a run.
    pub fn join(&self, run: &str) -> Done<Session<'_>> {
        let reply = self.send("POST", "/v1/sessions", None, Some(&json!({ "run": run })))?;
        let token = reply.ok()?["access_token"].as_str().ok_or("a session without a token")?.to_owned();
        Ok(Session { api: self, run: run.to_owned(), token })
    }
}

/// A principal with a session in a run.
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

    /// The current offers.
    pub fn offers(&self) -> Done<Vec<Value>> {
        Ok(self.get("/offers")?.as_array().cloned().unwrap_or_default())
    }

    /// The status of the run.
    pub fn summary(&self) -> Done<Value> {
        self.get("")
    }

    /// Requests a grant.
    pub fn grant(&self, step: &str, action: &str, args: &Value) -> Done<Reply> {
        self.post("grants", &json!({ "step": step, "action": action, "args": args }))
    }

    /// Uses a grant.
    pub fn act(&self, grant: &str, args: Option<&Value>) -> Done<Reply> {
        let body = args.map_or_else(|| json!({}), |args| json!({ "args": args }));
        self.api.send("POST", &format!("/v1/runs/{}/actions", self.run), Some(grant), Some(&body))
    }

    /// Requests and uses a grant.
    pub fn carry_out(&self, step: &str, action: &str, args: &Value) -> Done<Value> {
        let granted = self.grant(step, action, args)?;
        let done = self.act(token(&granted)?, None)?;
        Ok(done.ok()?["result"].clone())
    }

    /// Makes a submission.
    pub fn submit(&self, step: &str, name: &str, value: &Value) -> Done {
        self.post("submissions", &json!({ "step": step, "name": name, "value": value }))?.ok().map(drop)
    }

    /// Views a datum of the run.
    pub fn view(&self, step: &str, datum: &str) -> Done<Value> {
        Ok(self.post("views", &json!({ "step": step, "datum": datum }))?.ok()?["value"].clone())
    }

    /// Judges an outcome.
    pub fn judge(&self, step: &str, outcome: &str, notes: Option<&str>) -> Done<Value> {
        let mut body = json!({ "step": step, "outcome": outcome });
        if let Some(notes) = notes {
            body["notes"] = json!(notes);
        }
        Ok(self.post("judgements", &body)?.ok()?.clone())
    }
}

/// The token in the answer to a request for a grant.
pub fn token(reply: &Reply) -> Done<&str> {
    reply.ok()?["grant"].as_str().ok_or_else(|| "an answer without a token".to_owned())
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
