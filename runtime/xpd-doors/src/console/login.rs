//! Login and logout.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use xp_wire::RefusalCode;

use super::Console;
use super::page::{Frame, show};
use super::session::{MaybeSession, OfPost};
use crate::api::problem::Problem;

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    frame: Frame,
    providers: Vec<String>,
}

pub(super) async fn page(State(console): State<Console>) -> Response {
    show(&Page { frame: Frame::public("Log in"), providers: console.providers.names() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    name: String,
}

pub(super) async fn begin(
    State(console): State<Console>,
    Json(ask): Json<Begin>,
) -> Result<Json<Value>, Problem> {
    let known = console.orchestrator.passkeys(ask.name.clone()).await?;
    if known.is_empty() {
        let why = "no passkey works under this name: ask an administrator for a link, or for the confirmation of yours";
        return Err(Problem::new(RefusalCode::Unauthenticated, why));
    }
    Ok(Json(console.passkeys.login(&ask.name, &known)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finish {
    ceremony: String,
    credential: Value,
}

pub(super) async fn finish(
    State(console): State<Console>,
    MaybeSession(before): MaybeSession,
    Json(ask): Json<Finish>,
) -> Result<Response, Problem> {
    let person = console.passkeys.logs_in(&ask.ceremony)?;
    let known = console.orchestrator.passkeys(person.clone()).await?;
    let asserted = console.passkeys.logged_in(&ask.ceremony, &ask.credential, &known)?;
    let opened = console.orchestrator.logged_in(person.clone(), asserted.id, asserted.credential).await?;
    if let Some(before) = before {
        console.sessions.close(&before.id);
    }
    let session = console.sessions.open(person, opened, None)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, cookie(&console, &session.id, "")?);
    Ok((headers, Json(json!({ "to": "/" }))).into_response())
}

pub(super) async fn logout(
    State(console): State<Console>,
    OfPost(session): OfPost,
) -> Result<Response, Problem> {
    console.sessions.close(&session.id);
    console.orchestrator.logged_out(console.caller(&session)?).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, cookie(&console, "", "; Max-Age=0")?);
    Ok((headers, Json(json!({ "to": "/login" }))).into_response())
}

pub(super) fn cookie(console: &Console, value: &str, more: &str) -> Result<HeaderValue, Problem> {
    let secure = if console.is_https { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}", console.cookie);
    HeaderValue::from_str(&text).map_err(|_| Problem::new(RefusalCode::Internal, "no cookie can be set"))
}
