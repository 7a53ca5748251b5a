//! An agent: a key and an HTTP client.

use serde_json::{Value, json};
use xp_wire::proof::{ProofRequest, make_proof};
use xpd_token::KeyPair;

/// The key of a principal, derived from its name.
pub fn key(name: &str) -> KeyPair {
    let mut seed = [1; 32];
    for (to, from) in seed.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    KeyPair::from_seed(seed).unwrap()
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    pub async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        Self { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// Asserts that the answer is this refusal, in full form.
    #[track_caller]
    pub fn refused(&self, code: &str) -> &Self {
        assert_eq!(self.code(), code, "{} {}", self.status, self.body);
        assert!(self.status >= 400);
        assert_eq!(self.body["status"], json!(self.status));
        self
    }

    /// Asserts success and returns the body.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        &self.body
    }
}

pub struct Agent {
    pub key: KeyPair,
    pub url: String,
    pub run: String,
    pub session: String,
    /// How far the agent's clock is ahead, in seconds.
    pub ahead: i64,
    client: reqwest::Client,
}

impl Agent {
    pub fn new(key: KeyPair, url: &str) -> Self {
        let client = reqwest::Client::new();
        Self { key, url: url.to_owned(), run: String::new(), session: String::new(), ahead: 0, client }
    }

    pub fn over(key: KeyPair, url: &str, client: reqwest::Client) -> Self {
        Self { key, url: url.to_owned(), run: String::new(), session: String::new(), ahead: 0, client }
    }

    pub fn proof(&self, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> String {
        let mut random = [0; 16];
        getrandom::fill(&mut random).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let url = format!("{}{path}", self.url);
        let request = ProofRequest {
            method,
            url: &url,
            token,
            body,
            now: i64::try_from(now).unwrap() + self.ahead,
            random,
        };
        make_proof(self.key.public().bytes(), |message| self.key.sign(message), &request).unwrap()
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        proof: &str,
        body: Vec<u8>,
    ) -> reqwest::Response {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url)).header("DPoP", proof);
        let kind = if path.ends_with("/artifacts") { "application/octet-stream" } else { "application/json" };
        request = request.header("Content-Type", kind);
        if let Some(token) = token {
            request = request.header("Authorization", format!("DPoP {token}"));
        }
        request.body(body).send().await.unwrap()
    }

    pub async fn post_with(&self, path: &str, token: Option<&str>, body: &Value) -> Reply {
        let bytes = body.to_string().into_bytes();
        let proof = self.proof("POST", path, token, &bytes);
        Reply::of(self.send("POST", path, token, &proof, bytes).await).await
    }

    /// Deploys an artifact.
    pub async fn deploy(&self, bytes: Vec<u8>) -> Reply {
        let proof = self.proof("POST", "/v1/artifacts", None, &bytes);
        Reply::of(self.send("POST", "/v1/artifacts", None, &proof, bytes).await).await
    }

    pub async fn deploy_shadow(&self, bytes: Vec<u8>) -> Reply {
        let path = "/v1/shadow/artifacts";
        let proof = self.proof("POST", path, None, &bytes);
        Reply::of(self.send("POST", path, None, &proof, bytes).await).await
    }

    /// Posts within the session.
    pub async fn post(&self, what: &str, body: &Value) -> Reply {
        self.post_with(&format!("/v1/runs/{}/{what}", self.run), Some(&self.session), body).await
    }

    pub async fn get_bytes(&self, path: &str) -> (u16, Vec<u8>) {
        let token = (!self.session.is_empty()).then_some(self.session.as_str());
        let proof = self.proof("GET", path, token, b"");
        let response = self.send("GET", path, token, &proof, Vec::new()).await;
        (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
    }

    pub async fn get(&self, path: &str) -> Reply {
        let (status, bytes) = self.get_bytes(path).await;
        let text = String::from_utf8(bytes).unwrap();
        Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    pub async fn start(&self, place: &str) -> Reply {
        self.post_with("/v1/runs", None, &json!({ "artifact": "flow", "params": { "place": place } })).await
    }

    pub async fn join(&mut self, run: &str) {
        let reply = self.post_with("/v1/sessions", None, &json!({ "run": run })).await;
        self.session = reply.ok()["access_token"].as_str().unwrap().to_owned();
        self.run = run.to_owned();
    }

    pub async fn offers(&self) -> Value {
        self.get(&format!("/v1/runs/{}/offers", self.run)).await.ok().clone()
    }

    pub async fn summary(&self) -> Value {
        self.get(&format!("/v1/runs/{}", self.run)).await.ok().clone()
    }

    pub async fn ask(&self, step: &str, action: &str, args: Value) -> Reply {
        self.post("grants", &json!({ "step": step, "action": action, "args": args })).await
    }

    /// Requests a grant, which must be issued.
    pub async fn granted(&self, step: &str, action: &str, args: Value) -> String {
        let reply = self.ask(step, action, args).await;
        reply.ok()["grant"].as_str().unwrap().to_owned()
    }

    pub async fn use_grant(&self, grant: &str, body: Value) -> Reply {
        self.post_with(&format!("/v1/runs/{}/actions", self.run), Some(grant), &body).await
    }

    /// Requests and uses a grant.
    pub async fn act(&self, step: &str, action: &str, args: Value) -> Reply {
        let reply = self.ask(step, action, args).await;
        match reply.body["grant"].as_str() {
            Some(grant) => self.use_grant(grant, json!({})).await,
            None => reply,
        }
    }

    pub async fn submit(&self, step: &str, name: &str, value: Value) -> Reply {
        self.post("submissions", &json!({ "step": step, "name": name, "value": value })).await
    }

    pub async fn view(&self, step: &str, datum: &str) -> Reply {
        self.post("views", &json!({ "step": step, "datum": datum })).await
    }

    pub async fn judge(&self, step: &str, outcome: &str) -> Reply {
        self.post("judgements", &json!({ "step": step, "outcome": outcome })).await
    }
}
