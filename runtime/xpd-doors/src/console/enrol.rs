//! Enrolment of a passkey by a link. The secret is in the fragment, which no server sees; the page's script sends it.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Console;
use super::page::{Frame, show};
use super::passkey::Enrolling;
use crate::api::problem::Problem;

#[derive(Template)]
#[template(path = "enrol.html")]
struct Page {
    frame: Frame,
}

/// Spends nothing.
pub(super) async fn page() -> Response {
    show(&Page { frame: Frame::public("Set up your passkey") })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    secret: String,
}

pub(super) async fn begin(
    State(console): State<Console>,
    Json(ask): Json<Begin>,
) -> Result<Json<Value>, Problem> {
    let (person, known) = console.orchestrator.invited(ask.secret.clone()).await?;
    Ok(Json(console.passkeys.enrol(ask.secret, &person, &known)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finish {
    ceremony: String,
    credential: Value,
}

pub(super) async fn finish(
    State(console): State<Console>,
    Json(ask): Json<Finish>,
) -> Result<Json<Value>, Problem> {
    let Enrolling { secret, state } = console.passkeys.enrols(&ask.ceremony)?;
    let (id, credential) = console.passkeys.enrolled(&ask.credential, &state)?;
    let (person, number) = console.orchestrator.enrol(secret, id, credential).await?;
    Ok(Json(json!({ "person": person, "number": number })))
}
