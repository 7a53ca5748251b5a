//! What anybody may read.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::App;
use super::problem::Problem;
use super::wire::ServerResponse;

/// Who this server is.
#[utoipa::path(get, path = "/v1/server", responses((status = 200, body = ServerResponse)))]
pub(super) async fn server(State(app): State<App>) -> Json<ServerResponse> {
    Json(ServerResponse {
        name: app.orchestrator.rules().name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        log_key: app.vkey.to_string(),
        deployment: "one_process",
    })
}

/// The keys that sign tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, body = Object)))]
pub(super) async fn jwks(State(app): State<App>) -> Json<serde_json::Value> {
    Json(app.orchestrator.jwks())
}

/// Whether the store can be read, with a few figures.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn health(State(app): State<App>) -> Result<Json<serde_json::Value>, Problem> {
    let found = app.orchestrator.figures().await?;
    Ok(Json(serde_json::json!({
        "open_runs": found.open_runs, "in_doubt": found.in_doubt, "log_entries": found.log_entries,
    })))
}

pub(super) async fn openapi(text: Arc<str>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string())
}
