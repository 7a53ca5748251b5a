//! Talking to a server as its administrator.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use xpd_token::{KeyPair, ProofRequest, make_proof};

use crate::{Failure, Server};

/// A server, with the key that it takes for the administrator's.
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: KeyPair,
}

impl Client {
    /// Reads the key; does not connect yet.
    pub fn new(server: &Server) -> Result<Self, Failure> {
        let key = KeyPair::read_file(&server.key)
            .map_err(|error| Failure::Input(format!("{}: {error}", server.key.display())))?;
        let builder = reqwest::Client::builder().no_proxy();
        let (builder, url) = match &server.socket {
            Some(socket) => (builder.unix_socket(socket.clone()), xpd_server::serve::SOCKET_URL.to_owned()),
            None => (builder, server.server.trim_end_matches('/').to_owned()),
        };
        let http = builder.build().map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(Self { http, url, key })
    }

    /// Sends a request and gives the body of its answer.
    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Vec<u8>, Failure> {
        let failed = |text: String| Failure::Failed(text);
        let url = format!("{}{path}", self.url);
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| failed(error.to_string()))?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let proof = make_proof(
            &self.key,
            &ProofRequest {
                method: method.as_str(),
                url: &url,
                token: None,
                body: &bytes,
                now: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                random,
            },
        )
        .map_err(|error| Failure::Input(format!("{url}: {error}")))?;
        let request = self.http.request(method, &url).header("DPoP", proof).body(bytes);
        let answer = request.send().await.map_err(|error| failed(format!("{url}: {error}")))?;
        let good = answer.status().is_success();
        let bytes = answer.bytes().await.map_err(|error| failed(format!("{url}: {error}")))?.to_vec();
        if good {
            return Ok(bytes);
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let part = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
        Err(Failure::Refused(format!("{}: {}", part("code"), part("detail"))))
    }
}
