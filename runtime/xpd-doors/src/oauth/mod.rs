//! OAuth at the agents' door: what the server says of itself (RFC 8414, RFC 9728), the challenge of an answer 401, and the token
//! endpoint (RFC 8693). Decides nothing: a token is issued by the function that opens sessions.

mod challenge;
mod failure;
mod form;
mod metadata;
mod places;
mod token;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};

pub(crate) use challenge::{Challenges, challenge};
pub(crate) use places::TOKEN;

use crate::api::bounds::limit_time;
use crate::api::incoming::MaxBody;
use crate::api::{App, Limits, problem};
use places::{AUTHORIZATION_SERVER, Places, RESOURCE};

/// Bytes of a request to the token endpoint.
const MAX_FORM: usize = 16 * 1024;

/// The routes.
pub(crate) fn router(app: App, limits: Limits) -> Router {
    let usual = Duration::from_secs(limits.request_seconds);
    let places = Arc::new(Places::new(&app.base));
    Router::new()
        .route(TOKEN, post(token::exchange))
        .route(RESOURCE, get(resource))
        .route(&format!("{RESOURCE}/{{*path}}"), get(resource))
        .route(AUTHORIZATION_SERVER, get(server))
        .route(&format!("{AUTHORIZATION_SERVER}/{{*path}}"), get(server))
        .layer(from_fn_with_state(usual, limit_time))
        .layer(Extension(MaxBody(limits.body_bytes.min(MAX_FORM))))
        .layer(Extension(places))
        .with_state(app)
}

/// Describe a protected resource (RFC 9728): the HTTP API, or the MCP door.
async fn resource(Extension(places): Extension<Arc<Places>>, uri: Uri) -> Response {
    match places.resource(uri.path()) {
        Some(resource) => Json(metadata::resource(&places, resource)).into_response(),
        None => problem::nothing().await.into_response(),
    }
}

/// Describe the token endpoint (RFC 8414).
async fn server(Extension(places): Extension<Arc<Places>>, uri: Uri) -> Response {
    if places.is_server(uri.path()) {
        return Json(metadata::server(&places)).into_response();
    }
    problem::nothing().await.into_response()
}
