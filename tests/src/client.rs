//! HTTP requests to `xpd` over its unix socket, each with a DPoP proof (RFC 9449). Agents in tests have no
//! other access to the server.

use std::io::{Error, Read as _, Result, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use xp_wire::proof::{ProofRequest, make_proof};
use xpd_token::KeyPair;

/// The base URL under which the server is known on its socket.
const BASE: &str = "http://xpd";

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// JSON, or the text as a JSON string if it is not JSON.
    pub body: Value,
}

impl Reply {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// Status and body of any other answer.
    pub fn ok(&self) -> std::result::Result<&Value, String> {
        if self.status < 300 { Ok(&self.body) } else { Err(format!("status {}: {}", self.status, self.body)) }
    }
}

/// A client with a key and a socket.
pub struct Client {
    /// Path of the server's socket.
    pub socket: PathBuf,
    /// The key that signs the proofs.
    pub key: KeyPair,
    /// Time limit for an answer.
    pub patience: Duration,
}

impl Client {
    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// There is no answer (the server may have ended), or it is not HTTP.
    pub fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Result<Reply> {
        let mut stream = self.sent(method, path, token, body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        let broken = || Error::other("the answer is no HTTP");
        let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
        Ok(Reply { status, body: serde_json::from_str(body).unwrap_or_else(|_| json!(body)) })
    }

    /// Sends a request without reading the answer.
    ///
    /// # Errors
    /// It cannot be sent.
    pub fn sent(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<UnixStream> {
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Error::other)?;
        let url = format!("{BASE}{path}");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(Error::other)?.as_secs();
        let now = i64::try_from(now).map_err(Error::other)?;
        let request = ProofRequest { method, url: &url, token, body: &bytes, now, random };
        let proof = make_proof(self.key.public().bytes(), |message| self.key.sign(message), &request)
            .map_err(Error::other)?;
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
        stream.set_read_timeout(Some(self.patience))?;
        stream.write_all(&[head.as_bytes(), &bytes].concat())?;
        Ok(stream)
    }
}
