//! The token endpoint: the identity of an agent, or a token of a workload, is exchanged for a session of one run (RFC 8693), by the
//! function that opens sessions.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::Value;
use xp_wire::proof::compact::{self, Parts};
use xpd_engine::orchestrator::ForeignToken;
use xpd_login::WorkloadToken;

use super::failure::{Error, Failure};
use super::form::Form;
use super::places::Places;
use crate::api::App;
use crate::api::incoming::Incoming;
use crate::api::problem::Problem;

/// The grant type.
pub(super) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of the token that is issued.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The type of a subject token that is the thumbprint (RFC 7638) of the key by which the request is proved.
const KEY: &str = "xp:token-type:key";
/// Types of a subject token of another issuer.
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
/// How a scope names a run.
const RUN: &str = "xp:run:";

/// A token.
#[derive(Serialize)]
struct Issued {
    access_token: String,
    issued_token_type: &'static str,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
}

/// Exchanges a token.
pub(super) async fn exchange(
    State(app): State<App>,
    Extension(places): Extension<Arc<Places>>,
    incoming: Result<Incoming, Problem>,
) -> Response {
    match issue(&app, &places, incoming).await {
        Ok(issued) => {
            let mut response = Json(issued).into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(failure) => failure.into_response(),
    }
}

async fn issue(app: &App, places: &Places, incoming: Result<Incoming, Problem>) -> Result<Issued, Failure> {
    let incoming = incoming.map_err(|problem| Failure::from(&problem))?;
    let form = Form::read(&incoming.body)?;
    let run = asked(&form, places)?;
    let key = incoming.proved_key().map_err(|problem| Failure::of_proof(&problem))?;
    let subject = form.must("subject_token")?;
    let caller = match form.must("subject_token_type")? {
        KEY if subject == key => incoming.by_key().map_err(|problem| Failure::from(&problem))?,
        KEY => {
            let why = "`subject_token` is not the thumbprint of the key that made the proof";
            return Err(Failure::new(Error::InvalidRequest, why));
        }
        JWT | ID_TOKEN => {
            let caller = incoming.by_foreign_token(foreign(app, subject).await?);
            caller.map_err(|problem| Failure::of_subject(&problem))?
        }
        _ => {
            let why = format!("`subject_token_type` must be `{KEY}`, `{JWT}` or `{ID_TOKEN}`");
            return Err(Failure::new(Error::InvalidRequest, why));
        }
    };
    if form.get("client_id").is_some_and(|client| client != caller.name()) {
        return Err(Failure::new(Error::InvalidClient, "`client_id` is not the name of the principal"));
    }
    let session = app.orchestrator.open_session(caller, run).await;
    let session = session.map_err(|fault| Failure::from(&Problem::from(fault)))?;
    Ok(Issued {
        access_token: session.token,
        issued_token_type: ACCESS_TOKEN,
        token_type: "DPoP",
        expires_in: session.expires_in,
        scope: format!("{RUN}{run}"),
    })
}

/// Verifies a token of another issuer. It is neither kept nor passed on.
async fn foreign(app: &App, token: &str) -> Result<ForeignToken, Failure> {
    let refused = |why: &str| Failure::new(Error::InvalidRequest, why);
    let Parts { header, payload, .. } =
        compact::parts(token).map_err(|error| refused(&format!("`subject_token`: {error}")))?;
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(refused("`subject_token`: its header asks for what is not understood here"));
    }
    let named = payload.get("iss").and_then(Value::as_str);
    let issuer = app.issuers.iter().find(|issuer| named == Some(issuer.name()));
    let issuer =
        issuer.ok_or_else(|| refused("`subject_token`: it is of no issuer that is registered here"))?;
    let verified = issuer.verify(token, app.orchestrator.now()).await;
    let WorkloadToken { issuer, jti, until, claims } =
        verified.map_err(|error| Failure::of_issuer(&error))?;
    Ok(ForeignToken { issuer, jti, until, claims })
}

/// The run for which a form asks a token. Parameters that are not known are ignored (RFC 6749, section 3.2).
fn asked<'f>(form: &'f Form, places: &Places) -> Result<&'f str, Failure> {
    if form.must("grant_type")? != EXCHANGE {
        return Err(Failure::new(Error::UnsupportedGrantType, format!("`grant_type` must be `{EXCHANGE}`")));
    }
    if ["client_secret", "client_assertion", "client_assertion_type"]
        .iter()
        .any(|one| form.get(one).is_some())
    {
        let why = "a client shows who it is by its proof of possession, and has no secret and no assertion";
        return Err(Failure::new(Error::InvalidClient, why));
    }
    if ["actor_token", "actor_token_type"].iter().any(|one| form.get(one).is_some()) {
        return Err(Failure::new(Error::InvalidRequest, "nobody acts for another principal here"));
    }
    if form.get("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        let why = format!("`requested_token_type` must be `{ACCESS_TOKEN}`, or left out");
        return Err(Failure::new(Error::InvalidRequest, why));
    }
    if form.get("resource").is_some_and(|named| !places.is_resource(named)) {
        let why = format!("`resource` must be `{}` or `{}`, or left out", places.mcp(), places.base());
        return Err(Failure::new(Error::InvalidTarget, why));
    }
    if form.get("audience").is_some_and(|named| !places.is_resource(named)) {
        let why = format!("`audience` must be `{}` or `{}`, or left out", places.mcp(), places.base());
        return Err(Failure::new(Error::InvalidTarget, why));
    }
    let run = form.must("scope")?.strip_prefix(RUN).filter(|run| !run.is_empty() && !run.contains(' '));
    let why = "`scope` must name one run: `xp:run:` and its id";
    run.ok_or_else(|| Failure::new(Error::InvalidScope, why))
}
