//! HTTP client for administration commands.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde::Serialize;
use xp_wire::body::Problem;
use xp_wire::proof::{ProofRequest, make_proof};
use xpd_token::KeyPair;

use crate::out::with_causes;
use crate::{Failure, Server};

const DEFAULT: &str = "http://127.0.0.1:7411";
/// The administrators' socket, relative to the folder of the configuration.
const SOCKET: &str = "data/admin.sock";

/// A server's address and the administrator's key.
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: KeyPair,
}

impl Client {
    /// Reads the key. Does not connect.
    pub fn new(server: &Server) -> Result<Self, Failure> {
        let key = KeyPair::read_file(&server.key)
            .map_err(|error| Failure::Input(format!("{}: {error}", server.key.display())))?;
        let builder = reqwest::Client::builder().no_proxy();
        let (builder, url) = match (&server.socket, &server.server) {
            (Some(_), Some(_)) => {
                return Err(Failure::Input("--socket cannot be used with --server".to_owned()));
            }
            (Some(socket), None) => (builder.unix_socket(socket.clone()), xpd::serve::SOCKET_URL.to_owned()),
            (None, Some(url)) => (builder, whole_url(url, "--server")?),
            // The variable is read here and not by clap, which would report `--socket` and the variable as a
            // conflict.
            (None, None) => match std::env::var("XPD_SERVER") {
                Ok(url) => (builder, whole_url(&url, "XPD_SERVER")?),
                Err(_) if Path::new(SOCKET).exists() => {
                    (builder.unix_socket(PathBuf::from(SOCKET)), xpd::serve::SOCKET_URL.to_owned())
                }
                Err(_) => (builder, DEFAULT.to_owned()),
            },
        };
        let http = builder.build().map_err(|error| Failure::Failed(with_causes(&error)))?;
        Ok(Self { http, url, key })
    }

    /// Sends a GET and returns the body.
    pub async fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        self.send(Method::GET, path, Vec::new()).await
    }

    /// Sends a POST and returns the body.
    pub async fn post(&self, path: &str, body: &impl Serialize) -> Result<Vec<u8>, Failure> {
        let bytes = serde_json::to_vec(body).map_err(|error| Failure::Failed(error.to_string()))?;
        self.send(Method::POST, path, bytes).await
    }

    async fn send(&self, method: Method, path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let failed = |text: String| Failure::Failed(text);
        let url = format!("{}{path}", self.url);
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| failed(error.to_string()))?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let proof = make_proof(
            self.key.public().bytes(),
            |message| self.key.sign(message),
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
        let answer =
            request.send().await.map_err(|error| failed(format!("{url}: {}", with_causes(&error))))?;
        let status = answer.status();
        let bytes =
            answer.bytes().await.map_err(|error| failed(format!("{url}: {}", with_causes(&error))))?.to_vec();
        if status.is_success() {
            return Ok(bytes);
        }
        Err(Failure::Refused(match serde_json::from_slice(&bytes) {
            Ok(Problem { code, detail, .. }) => format!("{code}: {detail}"),
            // The answer is not of this API, so another program may have sent it; its text is not shown.
            Err(_) => format!("{url}: {status}, with an answer that is none of this API"),
        }))
    }
}

/// Checks that a URL is one that proofs can name: scheme and authority in normal form.
fn whole_url(given: &str, from: &str) -> Result<String, Failure> {
    let wrong = |cure: String| Err(Failure::Input(format!("{from}: `{given}` is no URL: {cure}")));
    if let Some(socket) = given.strip_prefix("unix:") {
        return wrong(format!("for a socket write `--socket {socket}`"));
    }
    let Some((scheme, rest)) = given.split_once("://") else {
        return wrong(format!("write `http://{given}`"));
    };
    if !["http", "https"].contains(&scheme) || rest.is_empty() || reqwest::Url::parse(given).is_err() {
        return wrong(format!("one such as `{DEFAULT}` is needed"));
    }
    Ok(given.trim_end_matches('/').to_owned())
}
