//! HTTP client of the commands.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use xp_wire::body::Problem;
use xp_wire::proof::{ProofRequest, make_proof};
use xpd_egress::Reach;
use xpd_token::KeyPair;

use crate::out::with_causes;
use crate::pin::Pin;
use crate::{Failure, Server};

const DEFAULT: &str = "http://127.0.0.1:7411";
/// The administrators' socket, relative to the folder of the configuration.
const SOCKET: &str = "data/admin.sock";

/// Upper bound on an answer; a package of evidence is the largest.
const MAX_ANSWER: usize = 1 << 30;

/// An answer.
pub struct Exchanged {
    url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Vec<u8>,
}

/// Why a request was not carried out, or why that is not known.
pub enum Trouble {
    /// It was not sent, because it cannot be.
    Own(Failure),
    /// It was not sent, because the server was not reached.
    Unreached(String),
    /// It was sent, and its answer did not arrive.
    Unanswered(String),
    /// The server refused.
    Refused(Problem),
    /// The answer is none of this API. Another program may have sent it, so its text is not shown.
    Foreign(String),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Own(failure)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Own(failure) => failure,
            Trouble::Unreached(text) | Trouble::Unanswered(text) => Self::Failed(text),
            Trouble::Refused(Problem { code, detail, .. }) => Self::Refused(format!("{code}: {detail}")),
            Trouble::Foreign(text) => Self::Refused(text),
        }
    }
}

impl Exchanged {
    /// The body of a success.
    pub fn done(self) -> Result<Vec<u8>, Trouble> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        Err(match serde_json::from_slice(&self.body) {
            Ok(problem) => Trouble::Refused(problem),
            Err(_) => self.foreign(),
        })
    }

    /// That the answer is none of this API.
    pub fn foreign(&self) -> Trouble {
        Trouble::Foreign(format!("{}: {}, with an answer that is none of this API", self.url, self.status))
    }
}

/// A server's address and the caller's key.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    socket: Option<PathBuf>,
    key: KeyPair,
    pin: Option<Pin>,
}

impl Client {
    /// Reads the key. Does not connect.
    pub fn new(server: &Server) -> Result<Self, Failure> {
        let key = KeyPair::read_file(&server.key)
            .map_err(|error| Failure::Input(format!("{}: {error}", server.key.display())))?;
        Self::with(server, key)
    }

    /// With a key that is in no file. Does not connect.
    pub fn with(server: &Server, key: KeyPair) -> Result<Self, Failure> {
        let (url, socket) = match (&server.socket, &server.server) {
            (Some(_), Some(_)) => {
                return Err(Failure::Input("--socket cannot be used with --server".to_owned()));
            }
            (Some(socket), None) => (xpd::serve::SOCKET_URL.to_owned(), Some(socket.clone())),
            (None, Some(url)) => (whole_url(url, "--server")?, None),
            // The variable is read here and not by clap, which would report `--socket` and the variable as a
            // conflict.
            (None, None) => match std::env::var("XPD_SERVER") {
                Ok(url) => (whole_url(&url, "XPD_SERVER")?, None),
                Err(_) if Path::new(SOCKET).exists() => {
                    (xpd::serve::SOCKET_URL.to_owned(), Some(PathBuf::from(SOCKET)))
                }
                Err(_) => (DEFAULT.to_owned(), None),
            },
        };
        let wrong = |why: &dyn std::fmt::Display| Failure::Input(format!("`{url}`: {why}"));
        let base = Url::parse(&url).map_err(|error| wrong(&error))?;
        // The server is wherever the person who gives the command says.
        let reach = Reach::parse(&["0.0.0.0/0", "::/0"].map(str::to_owned)).map_err(Failure::Failed)?;
        let builder = xpd_egress::client(&base, &reach).map_err(|error| wrong(&error))?;
        let builder = match &socket {
            // Nobody proves a name at a socket, and a host without certificates has sockets.
            Some(socket) => builder.unix_socket(socket.clone()).tls_certs_only([]),
            None => builder,
        };
        let http = builder.build().map_err(|error| Failure::Failed(with_causes(&error)))?;
        Ok(Self { http, base, socket, key, pin: None })
    }

    /// Reads the key of an agent, which has to be enrolled, and the door that it is for, if that was said. Does not connect.
    pub fn of_agent(server: &Server) -> Result<Self, Failure> {
        let pin = Pin::of(&server.key)?;
        let address = pin.as_ref().map(|pin| pin.address(server)).transpose()?;
        let client = Self::new(address.as_ref().unwrap_or(server)).map_err(|failure| match failure {
            Failure::Input(text) if !server.key.exists() => Failure::Input(format!(
                "{text}; `xpd agent enrol` makes an agent's key, and `--key FILE` names it"
            )),
            other => other,
        });
        Ok(Self { pin, ..client? })
    }

    /// Checks that the server is the one at which the key was enrolled, if that was said.
    pub async fn recognise(&self) -> Result<(), Trouble> {
        let Some(pin) = &self.pin else { return Ok(()) };
        let answer = self.exchange(Method::GET, &["v1", "server"], None, &[], Vec::new()).await;
        let answer = answer.map_err(|trouble| match trouble {
            // Nothing is done by the question.
            Trouble::Unanswered(text) => Trouble::Unreached(text),
            other => other,
        })?;
        let foreign = answer.foreign();
        let answered = serde_json::from_slice(&answer.done()?).map_err(|_| foreign)?;
        Ok(pin.compare(&answered)?)
    }

    /// Sends a GET and returns the body. The path is given by its segments.
    pub async fn get(&self, path: &[&str]) -> Result<Vec<u8>, Failure> {
        self.send(Method::GET, path, Vec::new()).await
    }

    /// Sends a POST and returns the body.
    pub async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Vec<u8>, Failure> {
        let bytes = serde_json::to_vec(body).map_err(|error| Failure::Failed(error.to_string()))?;
        self.send(Method::POST, path, bytes).await
    }

    async fn send(&self, method: Method, path: &[&str], bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(self.exchange(method, path, None, &[], bytes).await?.done()?)
    }

    /// Sends one request with a proof, and a token if there is one. Any status is an answer.
    pub async fn exchange(
        &self,
        method: Method,
        path: &[&str],
        token: Option<&str>,
        headers: &[(&str, &str)],
        bytes: Vec<u8>,
    ) -> Result<Exchanged, Trouble> {
        let failed = |text: String| Failure::Failed(text);
        let url = xpd_egress::compose(&self.base, path, &[])
            .map_err(|error| Failure::Input(format!("{}/{}: {error}", self.base, path.join("/"))))?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| failed(error.to_string()))?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let proof = make_proof(
            self.key.public().bytes(),
            |message| self.key.sign(message),
            &ProofRequest {
                method: method.as_str(),
                url: url.as_str(),
                token,
                body: &bytes,
                now: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                random,
            },
        )
        .map_err(|error| Failure::Input(format!("{url}: {error}")))?;
        let mut request = self.http.request(method, url.clone()).header("DPoP", proof);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Type")) {
            request = request.header("Content-Type", "application/json");
        }
        request = request.body(bytes);
        if let Some(token) = token {
            request = request.header("Authorization", format!("DPoP {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let lost = |error: reqwest::Error| {
            if error.is_connect() {
                return Trouble::Unreached(self.unreached(&url, &error));
            }
            Trouble::Unanswered(format!("{url}: {}", with_causes(&error)))
        };
        let mut answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(lost)? {
            if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
                let text = format!("{url}: the answer is longer than {MAX_ANSWER} bytes");
                return Err(Trouble::Unanswered(text));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Exchanged { url, status, body })
    }

    /// That no server was reached at the socket or address.
    fn unreached(&self, url: &Url, error: &reqwest::Error) -> String {
        // The innermost cause is the system's word; those around it name the URL again, which says nothing of a socket.
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        let cause = causes.last().map_or_else(|| error.to_string(), ToString::to_string);
        match &self.socket {
            Some(socket) => {
                format!("{}: no server answers at this socket: {cause}; {STARTS}", socket.display())
            }
            None => format!("{url}: no server answers: {cause}; {STARTS}"),
        }
    }
}

/// The commands that start a server.
const STARTS: &str = "is the server running? `xpd up` or `xpd serve` starts one";

/// Checks that a URL is one that proofs can name: scheme and authority in normal form.
fn whole_url(given: &str, from: &str) -> Result<String, Failure> {
    let wrong = |cure: String| Err(Failure::Input(format!("{from}: `{given}` is no URL: {cure}")));
    if let Some(socket) = given.strip_prefix("unix:") {
        return wrong(format!("for a socket write `--socket {socket}`"));
    }
    let Some((scheme, rest)) = given.split_once("://") else {
        return wrong(format!("write `http://{given}`"));
    };
    if !["http", "https"].contains(&scheme) || rest.is_empty() || Url::parse(given).is_err() {
        return wrong(format!("one such as `{DEFAULT}` is needed"));
    }
    Ok(given.trim_end_matches('/').to_owned())
}
