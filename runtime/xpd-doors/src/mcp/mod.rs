//! The MCP door: `POST /mcp`, revisions 2025-11-25 and 2026-07-28. Tools are what the contract grants to the caller's roles;
//! a call requests a grant and uses it by the same code as the HTTP API.

mod act;
mod envelope;
mod kept;
mod refusal;
mod repeat;
mod schema;
mod server;
mod state;
mod tools;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use tokio::sync::watch;

use crate::api::bounds::limit_time;
use crate::api::incoming::{Incoming, MaxBody};
use crate::api::problem::Problem;
use crate::api::{App, Limits, SLOW};
use envelope::{Envelope, Malformed};
use server::Door;
use state::Turn;

/// The route of the door.
pub(crate) fn router(app: App, limits: Limits, stop: watch::Receiver<bool>) -> Router {
    let door = Door::new(app.clone(), limits, stop);
    Router::new()
        .route("/mcp", post(receive))
        .layer(from_fn_with_state(SLOW, limit_time))
        .layer(Extension(MaxBody(limits.body_bytes)))
        .layer(Extension(Arc::new(door)))
        .with_state(app)
}

async fn receive(
    State(app): State<App>,
    Extension(door): Extension<Arc<Door>>,
    headers: HeaderMap,
    incoming: Incoming,
) -> Response {
    match answer(&app, &door, &headers, &incoming).await {
        Ok(response) => response,
        Err(Refused::Problem(problem)) => problem.into_response(),
        Err(Refused::Malformed(malformed)) => {
            let content = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::BAD_REQUEST, content, malformed.to_string()).into_response()
        }
    }
}

/// Why a message does not reach the protocol.
enum Refused {
    /// It does not show who asks.
    Problem(Problem),
    /// It is not MCP.
    Malformed(Malformed),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Malformed> for Refused {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

async fn answer(
    app: &App,
    door: &Arc<Door>,
    headers: &HeaderMap,
    incoming: &Incoming,
) -> Result<Response, Refused> {
    let (caller, run) = incoming.by_any_session()?;
    let envelope = Envelope::read(&incoming.body, headers)?;
    let (caller, seat) = app.orchestrator.seat(caller, &run).await.map_err(Problem::from)?;
    if envelope.is_notification() {
        // Nothing that a notification says changes anything here; a call is never cancelled by one.
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let (_open, connection) = watch::channel(());
    let turn = Turn { caller, seat: Arc::new(seat), call: envelope.call.map(Arc::new), connection };
    Ok(door.serve(headers, incoming.body.clone(), turn).await)
}
