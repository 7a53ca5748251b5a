//! What anybody may read.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use xp_wire::body::{self, Deployment, HealthResponse, HealthStatus, JwkSet, ServerResponse};

use super::App;
use super::problem::Problem;
use super::wire;

/// Who this server is.
#[utoipa::path(get, path = "/v1/server", responses((status = 200, body = ServerResponse)))]
pub(super) async fn server(State(app): State<App>) -> Json<ServerResponse> {
    Json(ServerResponse {
        name: app.orchestrator.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log_key: app.vkey.to_string(),
        deployment: Deployment::OneProcess,
    })
}

/// The keys that sign tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, body = JwkSet)))]
pub(super) async fn jwks(State(app): State<App>) -> Json<JwkSet> {
    Json(app.orchestrator.jwks())
}

/// What this server cannot do now, with a few figures. The status is 503 where nothing that agents ask for is done, and no
/// operator decided so.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = HealthResponse),
    (status = 503, body = HealthResponse), (status = "default", body = body::Problem)))]
pub(super) async fn health(State(app): State<App>) -> Result<(StatusCode, Json<HealthResponse>), Problem> {
    let figures = app.orchestrator.figures().await?;
    let health = wire::health(figures, app.orchestrator.conditions().await);
    let failing = health.status == HealthStatus::Failing;
    let status = if failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    Ok((status, Json(health)))
}

pub(super) async fn openapi(text: Arc<str>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text.to_string())
}
