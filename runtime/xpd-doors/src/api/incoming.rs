//! A request as the checks need it: exact bytes, the headers that count, this server's own name for the URL.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use tokio::sync::OwnedSemaphorePermit;
use xp_wire::RefusalCode;
use xp_wire::proof::Received;
use xpd_engine::orchestrator::Caller;
use xpd_token::GrantClaims;

use super::App;
use super::problem::Problem;

/// Kibibytes from which on a body needs room, and those that one takes at most: an artifact's.
const SMALL: usize = 16;
const LARGEST: usize = 16 * 1024;
/// Kibibytes of bodies that may be coming in at once.
pub(crate) const ROOM: usize = 48 * 1024;

/// Bytes beyond a bound that are read all the same.
const DROPPED: usize = 16 << 20;

/// Longest body of a route, as an extension of its requests; without one there is none.
#[derive(Clone, Copy)]
pub(crate) struct MaxBody(pub usize);

/// What came in.
pub(crate) struct Incoming {
    app: App,
    method: String,
    url: String,
    proof: Option<String>,
    token: Option<String>,
    pub body: Bytes,
}

impl FromRequest<App> for Incoming {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let method = request.method().as_str().to_owned();
        let url = format!("{}{}", app.base, request.uri().path());
        let proof = single(request.headers(), "dpop")?;
        let token = match single(request.headers(), header::AUTHORIZATION.as_str())? {
            None => None,
            Some(value) => match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => Some(token.to_owned()),
                _ => return Err(Problem::new(RefusalCode::Unauthenticated, "the only scheme is `DPoP`")),
            },
        };
        let _room = room(app, request.headers())?;
        let most = request.extensions().get::<MaxBody>().map_or(0, |most| most.0);
        let body = tokio::time::timeout(app.receive, whole(request.into_body(), most)).await;
        let body =
            body.map_err(|_| Problem::new(RefusalCode::BadRequest, "the body did not come in time"))??;
        Ok(Self { app: app.clone(), method, url, proof, token, body })
    }
}

/// The body, if it is no longer than that. What is beyond is read and dropped for a while: whoever is still sending hears
/// the answer only then.
async fn whole(mut body: Body, most: usize) -> Result<Bytes, Problem> {
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Problem::new(RefusalCode::BadRequest, "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= most {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
        if seen > most.saturating_add(DROPPED) {
            break;
        }
    }
    if seen <= most {
        return Ok(bytes.into());
    }
    Err(Problem::new(RefusalCode::TooLarge, format!("the body is longer than {most} bytes")))
}

/// Room for a body while it comes in, so that those that do not come cannot take all memory. Small ones need none.
fn room(app: &App, headers: &HeaderMap) -> Result<Option<OwnedSemaphorePermit>, Problem> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let chunked = headers.contains_key(header::TRANSFER_ENCODING);
    let kibibytes = stated.unwrap_or(if chunked { usize::MAX } else { 0 }) / 1024;
    if kibibytes < SMALL {
        return Ok(None);
    }
    let wanted = u32::try_from(kibibytes.min(LARGEST)).unwrap_or(u32::MAX);
    let room = Arc::clone(&app.room).try_acquire_many_owned(wanted);
    room.map(Some).map_err(|_| Problem::new(RefusalCode::Busy, "too many large requests at once; ask again"))
}

fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().map(str::to_owned));
    match (first, values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(Problem::new(
            RefusalCode::BadRequest,
            format!("header `{name}` must stand once and be ASCII"),
        )),
    }
}

impl Incoming {
    /// The body, strictly: no unknown, no duplicate member.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Problem::new(RefusalCode::BadRequest, error.to_string()))
    }

    /// The caller by its registered key.
    pub fn by_key(&self) -> Result<Caller, Problem> {
        if self.token.is_some() {
            return Err(Problem::new(RefusalCode::BadRequest, "this takes a proof alone, without a token"));
        }
        Ok(self.app.orchestrator.by_key(self.proof()?, &self.received())?)
    }

    /// The administrator.
    pub fn by_admin(&self) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_admin(self.proof()?, &Received { token: None, ..self.received() })?)
    }

    /// An administrator, or whoever holds the recovery key.
    pub fn by_lifter(&self) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_lifter(self.proof()?, &Received { token: None, ..self.received() })?)
    }

    /// The caller in a session of a run.
    pub fn by_session(&self, run: &str) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_session(self.proof()?, &self.received(), run)?)
    }

    /// The holder of a grant of a run.
    pub fn by_grant(&self, run: &str) -> Result<(Caller, GrantClaims), Problem> {
        Ok(self.app.orchestrator.by_grant(self.proof()?, &self.received(), run)?)
    }

    /// A session of the run where there is a token, else the administrator.
    pub fn by_session_or_admin(&self, run: &str) -> Result<Caller, Problem> {
        if self.token.is_some() { self.by_session(run) } else { self.by_admin() }
    }

    fn proof(&self) -> Result<&str, Problem> {
        let missing = || Problem::new(RefusalCode::Unauthenticated, "a proof is missing: header `DPoP`");
        self.proof.as_deref().ok_or_else(missing)
    }

    fn received(&self) -> Received<'_> {
        let now = self.app.orchestrator.now();
        let token = self.token.as_deref();
        Received { method: &self.method, url: &self.url, token, body: &self.body, now }
    }
}
