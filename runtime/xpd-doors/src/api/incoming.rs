//! The parts of a request that authentication needs: exact body bytes, the relevant headers, and the URL
//! under the server's own name.

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
use xpd_engine::orchestrator::{Caller, ForeignToken};
use xpd_token::GrantClaims;

use super::App;
use super::problem::Problem;

/// In KiB: size from which a body counts towards [`ROOM`], and the most that one body counts (that of an
/// artifact).
const SMALL: usize = 16;
const LARGEST: usize = 16 * 1024;
/// Upper bound on the total size of bodies being received, in KiB.
pub(crate) const ROOM: usize = 48 * 1024;

/// Bytes beyond the limit of a body that are still read (and dropped).
const DROPPED: usize = 16 << 20;

/// Upper bound on a route's body, as a request extension. Without it a route accepts no body.
#[derive(Clone, Copy)]
pub(crate) struct MaxBody(pub usize);

/// A received request.
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
        let _room = reserve_memory(app, request.headers())?;
        let most = request.extensions().get::<MaxBody>().map_or(0, |most| most.0);
        let body = tokio::time::timeout(app.receive, read_body(request.into_body(), most)).await;
        let body =
            body.map_err(|_| Problem::new(RefusalCode::BadRequest, "the body did not come in time"))??;
        Ok(Self { app: app.clone(), method, url, proof, token, body })
    }
}

/// The body, if it has at most `most` bytes. Up to [`DROPPED`] further bytes are read and dropped, since a
/// client that is still sending would not read the answer.
async fn read_body(mut body: Body, most: usize) -> Result<Bytes, Problem> {
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

/// Reserves memory for a body, so that slow uploads cannot take all of it. Bodies under [`SMALL`] need none.
fn reserve_memory(app: &App, headers: &HeaderMap) -> Result<Option<OwnedSemaphorePermit>, Problem> {
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
    /// Parses the body. Unknown and duplicate members are errors.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Problem::new(RefusalCode::BadRequest, error.to_string()))
    }

    /// The thumbprint of the key by which the request is proved, whether it is registered or not.
    pub fn proved_key(&self) -> Result<String, Problem> {
        if self.token.is_some() {
            return Err(Problem::new(RefusalCode::BadRequest, "this takes a proof alone, without a token"));
        }
        Ok(self.app.orchestrator.proved_key(self.proof()?, &self.received())?)
    }

    /// Authenticates the caller by its registered key.
    pub fn by_key(&self) -> Result<Caller, Problem> {
        if self.token.is_some() {
            return Err(Problem::new(RefusalCode::BadRequest, "this takes a proof alone, without a token"));
        }
        Ok(self.app.orchestrator.by_key(self.proof()?, &self.received())?)
    }

    /// Authenticates a workload by a token of an issuer, which the body holds.
    pub fn by_foreign_token(&self, token: ForeignToken) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_foreign_token(self.proof()?, &self.received(), token)?)
    }

    /// Authenticates the caller as administrator.
    pub fn by_admin(&self) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_admin(self.proof()?, &Received { token: None, ..self.received() })?)
    }

    /// Authenticates the caller as administrator or as holder of the recovery key.
    pub fn by_lifter(&self) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_lifter(self.proof()?, &Received { token: None, ..self.received() })?)
    }

    /// Authenticates the caller by a session of the run.
    pub fn by_session(&self, run: &str) -> Result<Caller, Problem> {
        Ok(self.app.orchestrator.by_session(self.proof()?, &self.received(), run)?)
    }

    /// Authenticates the caller by a session, which selects the run.
    pub fn by_any_session(&self) -> Result<(Caller, String), Problem> {
        Ok(self.app.orchestrator.by_any_session(self.proof()?, &self.received())?)
    }

    /// Authenticates the caller as holder of a grant of the run.
    pub fn by_grant(&self, run: &str) -> Result<(Caller, GrantClaims), Problem> {
        Ok(self.app.orchestrator.by_grant(self.proof()?, &self.received(), run)?)
    }

    /// Authenticates by a session of the run if the request has a token, else as administrator.
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
