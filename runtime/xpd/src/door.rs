//! A client of the MCP door: a session of one run, and messages with a proof each.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use tokio::sync::Mutex;
use xp_json::Tree;
use xp_wire::body::{SessionRequest, SessionResponse};

use crate::Failure;
use crate::client::{Client, Trouble};

/// A session is replaced this long before its end.
const MARGIN: Duration = Duration::from_secs(60);
/// The member of `_meta` with the revision of a message.
pub const REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// Bytes of the file with the token of a job.
const MAX_TOKEN: u64 = 16 * 1024;

/// Why a token was not exchanged.
#[derive(Deserialize)]
struct Unexchanged {
    error: String,
    #[serde(default)]
    error_description: String,
}

struct Session {
    token: String,
    ends: Instant,
}

/// The door, for one run.
pub struct Door {
    client: Client,
    run: String,
    session: Mutex<Option<Session>>,
    /// The token of a job, until it is exchanged. Without one a session is opened by the enrolled key.
    job: Option<Mutex<Option<String>>>,
}

impl Door {
    /// The door for a run. Nothing is sent yet.
    pub fn new(client: Client, run: String) -> Self {
        Self { client, run, session: Mutex::new(None), job: None }
    }

    /// The door for a run and a job, with the token that its service gave it. Nothing is sent yet.
    pub fn of_job(client: Client, run: String, file: &Path) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Input(format!("{}: {why}", file.display()));
        let mut text = String::new();
        let open = std::fs::File::open(file).map_err(|error| wrong(&error.to_string()))?;
        open.take(MAX_TOKEN).read_to_string(&mut text).map_err(|error| wrong(&error.to_string()))?;
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("this is no token"));
        }
        let job = Some(Mutex::new(Some(token.to_owned())));
        Ok(Self { client, run, session: Mutex::new(None), job })
    }

    /// Opens a session, unless there is one that is good for a while. Nothing is carried out by it.
    pub async fn open(&self) -> Result<(), Trouble> {
        self.token().await.map(drop)
    }

    /// Whether a session was opened.
    pub async fn is_open(&self) -> bool {
        self.session.lock().await.is_some()
    }

    /// Sends a message once and returns its answer. `agreed` is the revision of messages that name none.
    pub async fn send(&self, message: &Tree, line: Vec<u8>, agreed: Option<&str>) -> Result<Tree, Trouble> {
        let method = message.get("method").and_then(Tree::as_text).unwrap_or_default();
        let params = message.get("params");
        let named = params.and_then(|params| params.get("_meta")).and_then(|meta| meta.get(REVISION));
        let agreed = agreed.filter(|_| method != "initialize");
        let revision = named.and_then(Tree::as_text).or(agreed);
        let mut headers = vec![("Accept", "application/json, text/event-stream")];
        headers.extend(revision.map(|revision| ("MCP-Protocol-Version", revision)));
        let name = params.and_then(|params| params.get("name")).and_then(Tree::as_text);
        if named.is_some() {
            headers.push(("Mcp-Method", method));
            headers.extend(name.map(|name| ("Mcp-Name", name)));
        }
        let is_header = |value: &str| value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !headers.iter().all(|(_, value)| is_header(value)) {
            let why = "names of methods, tools and revisions are plain ASCII";
            return Err(Failure::Input(why.to_owned()).into());
        }
        let token = self.token().await?;
        let answer = self.client.exchange(Method::POST, &["mcp"], Some(&token), &headers, line).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // Not sent again: the next message opens another session.
            *self.session.lock().await = None;
        }
        if let Ok(problem) = serde_json::from_slice(&answer.body) {
            return Err(Trouble::Refused(problem));
        }
        Tree::read(&answer.body).map_err(|_| answer.foreign())
    }

    /// The token of a session that is good for a while.
    async fn token(&self) -> Result<String, Trouble> {
        let mut session = self.session.lock().await;
        // The session of a job cannot be replaced.
        let margin = if self.job.is_some() { Duration::ZERO } else { MARGIN };
        if let Some(session) = session.as_ref().filter(|session| session.ends > Instant::now() + margin) {
            return Ok(session.token.clone());
        }
        self.client.recognise().await?;
        let asked = Instant::now();
        let answer = match &self.job {
            None => {
                let ask = SessionRequest { run: self.run.clone() };
                let ask = serde_json::to_vec(&ask).map_err(|error| Failure::Failed(error.to_string()))?;
                self.client.exchange(Method::POST, &["v1", "sessions"], None, &[], ask).await
            }
            Some(job) => {
                let token = job.lock().await.take();
                let over = "the session of this job is over; a token is exchanged once, so ask its service for another";
                let token = token.ok_or_else(|| Failure::Refused(over.to_owned()))?;
                let form = self.exchange_of(&token)?;
                let kind = [("Content-Type", "application/x-www-form-urlencoded")];
                self.client.exchange(Method::POST, &["oauth", "token"], None, &kind, form).await
            }
        };
        let answer = answer.map_err(|trouble| match trouble {
            // A session that nobody knows of does nothing.
            Trouble::Unanswered(text) => Trouble::Unreached(text),
            other => other,
        })?;
        let foreign = answer.foreign();
        if self.job.is_some()
            && !answer.status.is_success()
            && let Ok(refusal) = serde_json::from_slice::<Unexchanged>(&answer.body)
        {
            return Err(Failure::Refused(format!("{}: {}", refusal.error, refusal.error_description)).into());
        }
        let opened: SessionResponse = serde_json::from_slice(&answer.done()?).map_err(|_| foreign)?;
        let lasts = Duration::from_secs(u64::try_from(opened.expires_in).unwrap_or_default());
        let token = opened.access_token;
        *session = Some(Session { token: token.clone(), ends: asked + lasts });
        Ok(token)
    }
    /// The form that exchanges a token of a job (RFC 8693).
    fn exchange_of(&self, token: &str) -> Result<Vec<u8>, Failure> {
        let mut form = Url::parse("form:").map_err(|error| Failure::Failed(error.to_string()))?;
        form.query_pairs_mut()
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
            .append_pair("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
            .append_pair("subject_token", token)
            .append_pair("scope", &format!("xp:run:{}", self.run));
        Ok(form.query().unwrap_or_default().as_bytes().to_vec())
    }
}
