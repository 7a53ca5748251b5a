//! A server over streamable HTTP. A call leaves once: nothing is repeated, redirected, resumed or answered for the server.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use tokio::sync::Mutex;
use xp_artifact::mcp::Mcp;
use xp_json::Tree;
use xpd_proxy::{ActError, Impact, Line, Scrubber};

use super::events::Events;
use super::list::{MAX_PAGES, Tools};
use super::message::{self, Heard, Revision, STATELESS, Said, UNSUPPORTED_VERSION};
use crate::http::{Ready, Wire};
use crate::lost::{self, lost};

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Messages of a stream before its answer, at most.
const MAX_MESSAGES: usize = 10_000;
/// Longest name of a session.
const MAX_SESSION: usize = 1_024;

/// A server at an address.
#[derive(Debug)]
pub(super) struct Remote {
    pub wire: Wire,
    /// Age at which the list of tools is looked at again.
    pub look: Duration,
    pub state: Mutex<Option<State>>,
}

/// What is known of a server.
#[derive(Clone, Debug)]
pub(super) struct State {
    revision: Revision,
    tools: Tools,
    looked: Instant,
}

/// An answer over HTTP.
struct Reply {
    status: u16,
    session: Option<String>,
    said: Option<Said>,
    /// The list of tools changed meanwhile.
    changed: bool,
}

impl Remote {
    /// Calls a tool once, if it is the declared one.
    ///
    /// # Errors
    /// It is not, or nothing was answered that can be understood.
    pub async fn call(
        &self,
        mcp: &Mcp,
        arguments: Tree,
        impact: Impact,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
    ) -> Result<(Said, Scrubber), ActError> {
        let before = self.ready(line).await?;
        before.tools.agree(mcp)?;
        let id = "call";
        let body = message::call(id, &mcp.tool, arguments, &before.revision);
        let sent = self.send(&before.revision, "tools/call", &mcp.tool, id, body, impact, line, may).await;
        let (reply, scrubber) = match sent {
            Ok(sent) => sent,
            Err(error) => {
                self.forget().await;
                return Err(error);
            }
        };
        if reply.status != 200 {
            // A session that has ended is opened again for the next call, and not for this one.
            self.forget().await;
        }
        let Some(said) = reply.said else {
            return Err(lost(impact, &format!("the server answered with status {}", reply.status)));
        };
        let is_same = {
            let mut state = self.state.lock().await;
            let same = state.as_ref().is_none_or(|now| now.tools == before.tools);
            if reply.changed {
                *state = None;
            }
            same && !reply.changed
        };
        if !is_same {
            return Err(lost(impact, "the server's tools changed during the call"));
        }
        Ok((said, scrubber))
    }

    async fn forget(&self) {
        *self.state.lock().await = None;
    }

    /// The revision and the tools, looked at again if that was too long ago.
    async fn ready(&self, line: &Line) -> Result<State, ActError> {
        let mut state = self.state.lock().await;
        if let Some(known) = state.as_ref()
            && known.looked.elapsed() < self.look
        {
            return Ok(known.clone());
        }
        let known = state.take();
        let looked = Instant::now();
        let again = match &known {
            Some(known) => {
                self.tools(&known.revision, line).await.map(|tools| (known.revision.clone(), tools))
            }
            None => Err(ActError::NotSent(String::new())),
        };
        let (revision, tools) = match again {
            Ok(found) => found,
            Err(stopped @ ActError::Stopped(_)) => return Err(stopped),
            // The session may have ended.
            Err(_) => {
                let revision = self.open(line).await?;
                let tools = self.tools(&revision, line).await?;
                (revision, tools)
            }
        };
        let found = State { revision, tools, looked };
        *state = Some(found.clone());
        Ok(found)
    }

    /// Finds out which revision the server speaks, and opens a session if it has such.
    async fn open(&self, line: &Line) -> Result<Revision, ActError> {
        let id = "discover";
        let body = message::request(id, "server/discover", Tree::Record(Vec::new()), &Revision::Stateless);
        let reply = self.ask(&Revision::Stateless, "server/discover", id, body, line).await?;
        match &reply.said {
            Some(said) if reply.status == 200 && message::is_stateless(said) => {
                return Ok(Revision::Stateless);
            }
            Some(Said::Error(UNSUPPORTED_VERSION, data)) => {
                let supported = data.as_ref().and_then(|data| data.get("supported")).and_then(Tree::as_list);
                if supported.is_some_and(|known| known.iter().any(|it| it.as_text() == Some(STATELESS))) {
                    return Err(ActError::NotSent("the server contradicts itself".to_owned()));
                }
            }
            _ => {}
        }
        let first = Revision::Opened { version: message::OPENED, session: None };
        let id = "initialize";
        let reply = self.ask(&first, "initialize", id, message::initialize(id), line).await?;
        let version = reply.said.as_ref().filter(|_| reply.status == 200).and_then(message::chosen);
        let Some(version) = version else {
            return Err(ActError::NotSent("the server speaks no known revision of the protocol".to_owned()));
        };
        let revision = Revision::Opened { version, session: reply.session };
        let told = self.ask(&revision, "notifications/initialized", "", message::initialized(), line).await?;
        if !(200..=299).contains(&told.status) {
            return Err(ActError::NotSent("the server opens no session".to_owned()));
        }
        Ok(revision)
    }

    async fn tools(&self, revision: &Revision, line: &Line) -> Result<Tools, ActError> {
        let mut tools = Tools::default();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let id = "list";
            let body = message::list(id, cursor.as_deref(), revision);
            let reply = self.ask(revision, "tools/list", id, body, line).await?;
            let Some(said) = reply.said.filter(|_| reply.status == 200) else {
                return Err(ActError::NotSent(format!(
                    "the server lists no tools: it answers with status {}",
                    reply.status
                )));
            };
            cursor = tools.page(&said)?;
            if cursor.is_none() {
                return Ok(tools);
            }
        }
        Err(ActError::NotSent("the server's list has no end".to_owned()))
    }

    /// Sends a request without an effect.
    async fn ask(
        &self,
        revision: &Revision,
        method: &'static str,
        id: &str,
        body: Tree,
        line: &Line,
    ) -> Result<Reply, ActError> {
        let sent = self.send(revision, method, "", id, body, Impact::NoEffect, line, || Ok(()));
        sent.await.map(|(reply, _)| reply)
    }

    #[expect(clippy::too_many_arguments, reason = "one request, each part once")]
    async fn send(
        &self,
        revision: &Revision,
        method: &'static str,
        name: &str,
        id: &str,
        body: Tree,
        impact: Impact,
        line: &Line,
        may: impl Fn() -> Result<(), ActError>,
    ) -> Result<(Reply, Scrubber), ActError> {
        let mut headers = HeaderMap::new();
        let fixed = HeaderValue::from_static;
        headers.insert(CONTENT_TYPE, fixed("application/json"));
        headers.insert(ACCEPT, fixed("application/json, text/event-stream"));
        let unfit = |_| ActError::NotSent("a header of the request cannot be sent".to_owned());
        match revision {
            Revision::Stateless => {
                headers.insert(VERSION, fixed(STATELESS));
                headers.insert(METHOD, fixed(method));
                if !name.is_empty() {
                    headers.insert(NAME, xpd_egress::header_value(name).map_err(unfit)?);
                }
            }
            Revision::Opened { session, version } => {
                // The revision is not agreed on before the answer to the first request.
                if method != "initialize" {
                    headers.insert(VERSION, fixed(version));
                }
                if let Some(session) = session {
                    headers.insert(SESSION, xpd_egress::header_value(session).map_err(unfit)?);
                }
            }
        }
        let what = if name.is_empty() { method.to_owned() } else { format!("{method} {name}") };
        let (url, body) = (self.wire.base.clone(), body.to_string().into_bytes());
        let ready = Ready { method: Method::POST, url, headers, body, what };
        let (bytes, id) = (self.wire.bounds.bytes, id.to_owned());
        self.wire.send(impact, ready, line, may, move |request| exchange(request, impact, bytes, id)).await
    }
}

/// Sends a request and reads until its answer, once.
async fn exchange(
    request: RequestBuilder,
    impact: Impact,
    bytes: usize,
    id: String,
) -> Result<Reply, ActError> {
    let mut response = lost::send(request, impact).await?;
    let status = response.status().as_u16();
    let headers = response.headers();
    let session = headers.get(SESSION).and_then(|session| session.to_str().ok());
    let session = session.filter(|session| session.len() <= MAX_SESSION).map(str::to_owned);
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let media = match (types.next().and_then(|said| said.to_str().ok()), types.next()) {
        (Some(said), None) => said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
        _ => String::new(),
    };
    let is_encoded = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
    let mut reply = Reply { status, session, said: None, changed: false };
    let garbled = || lost(impact, "the server's answer cannot be understood");
    match media.as_str() {
        _ if is_encoded => Ok(reply),
        "application/json" => {
            let body = lost::body(&mut response, impact, bytes).await?;
            match message::heard(&body) {
                Some(Heard::Answer(of, said)) if of == id => reply.said = Some(said),
                _ if status == 200 => return Err(garbled()),
                _ => {}
            }
            Ok(reply)
        }
        "text/event-stream" if status == 200 => {
            let (mut events, mut read, mut messages) = (Events::default(), 0_usize, 0_usize);
            let broken = |_| lost(impact, "the server's answer broke off");
            while let Some(piece) = response.chunk().await.map_err(broken)? {
                read = read.saturating_add(piece.len());
                if read > bytes {
                    return Err(lost(impact, "the server's answer is too large"));
                }
                for data in events.read(&piece) {
                    messages += 1;
                    match message::heard(&data) {
                        Some(Heard::Answer(of, said)) if of == id => {
                            reply.said = Some(said);
                            return Ok(reply);
                        }
                        Some(Heard::Changed) => reply.changed = true,
                        Some(Heard::Other) if messages < MAX_MESSAGES => {}
                        Some(Heard::Asks) => {
                            return Err(lost(impact, "the server asks for something before it answers"));
                        }
                        _ => return Err(garbled()),
                    }
                }
            }
            Err(lost(impact, "the server's answer broke off"))
        }
        _ => Ok(reply),
    }
}
