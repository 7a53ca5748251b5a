//! The HTTP edge: wire types in, domain calls, wire types and problem details out.

mod agents;
mod incoming;
mod log;
mod operator;
mod problem;
mod public;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xpd_audit::note::Vkey;

use crate::config::Limits;
use crate::orchestrator::Orchestrator;
use crate::proxy::Proxy;

/// What every handler is given.
#[derive(Clone)]
pub(crate) struct App {
    pub orchestrator: Arc<Orchestrator>,
    pub proxy: Arc<Proxy>,
    pub vkey: Vkey,
    /// The URL under which this listener is known: what proofs must name.
    pub base: String,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "xpd",
    description = "Grants and runs of compiled workflows. Agents send `Authorization: DPoP <token>` and a `DPoP` proof \
                   (RFC 9449) that covers method, URL, token and body (`xp_body`)."
))]
struct Description;

/// Every route, with its description at `/openapi.json`.
pub(crate) fn router(app: App, limits: Limits) -> Router {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(agents::start))
        .routes(routes!(agents::session))
        .routes(routes!(agents::summary))
        .routes(routes!(agents::offers))
        .routes(routes!(agents::grant))
        .routes(routes!(agents::submit))
        .routes(routes!(agents::view))
        .routes(routes!(agents::judge))
        .routes(routes!(operator::kill))
        .routes(routes!(operator::doubts))
        .routes(routes!(operator::resolve))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::tile))
        .routes(routes!(public::server))
        .routes(routes!(public::jwks))
        .routes(routes!(public::health))
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(limits.request_seconds),
        ))
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        // These two take their time, or bring much.
        .routes(routes!(agents::act))
        .routes(routes!(operator::evidence))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::deploy))
                .layer(DefaultBodyLimit::max(xp_artifact::MAX_BYTES)),
        )
        .split_for_parts();
    let text: Arc<str> = description.to_json().unwrap_or_default().into();
    router
        .route("/openapi.json", axum::routing::get(move || public::openapi(Arc::clone(&text))))
        .fallback(problem::nothing)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .with_state(app)
}
