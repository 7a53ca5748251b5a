//! Public routes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use xp_wire::body::{self, Deployment, HealthResponse, HealthStatus, JwkSet, ServerResponse};

use super::App;
use super::problem::Problem;
use super::wire;

/// Describe this server.
#[utoipa::path(get, path = "/v1/server", responses((status = 200, body = ServerResponse)))]
pub(super) async fn server(State(app): State<App>) -> Json<ServerResponse> {
    Json(ServerResponse {
        name: app.orchestrator.name().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        log_key: app.vkey.to_string(),
        deployment: Deployment::OneProcess,
    })
}

/// Get the keys that sign tokens (RFC 7517).
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, body = JwkSet)))]
pub(super) async fn jwks(State(app): State<App>) -> Json<JwkSet> {
    Json(app.orchestrator.jwks())
}

/// Get what this server cannot do at present, and a few counters.
///
/// The status is 503 if no agent request can be fulfilled for a reason other than a kill.
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
