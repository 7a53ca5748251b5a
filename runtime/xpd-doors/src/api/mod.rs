//! The HTTP API: converts wire types to domain calls, and results to wire types and problem details.

mod accept;
pub(crate) mod agents;
pub(crate) mod bounds;
mod connections;
pub(crate) mod incoming;
mod log;
mod operator;
mod people;
pub(crate) mod problem;
mod public;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xpd_audit::note::Vkey;
use xpd_engine::Orchestrator;
use xpd_login::Issuer;
use xpd_proxy::Proxy;

pub use self::accept::{Budget, serve};
use self::bounds::{limit_concurrency, limit_time};
pub use self::connections::{Peer, Peered};
use self::incoming::{MaxBody, ROOM};

/// Limits of requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body, except for artifacts.
    pub body_bytes: usize,
    /// Seconds a request may take, except for actions.
    pub request_seconds: u64,
}

/// State shared by all handlers.
#[derive(Clone)]
pub struct App {
    /// The orchestrator, which decides.
    pub orchestrator: Arc<Orchestrator>,
    /// The proxy, which acts.
    pub proxy: Arc<Proxy<Orchestrator>>,
    /// The log's verifier key.
    pub vkey: Vkey,
    /// Base URL of this listener, which DPoP proofs must name (`htu`).
    pub base: String,
    /// URL of the people's door, if there is one.
    pub people: Option<Arc<str>>,
    /// Issuers whose tokens are exchanged for sessions of workloads.
    pub issuers: Arc<[Issuer]>,
    /// Time limit for receiving a request.
    pub receive: Duration,
    /// Memory budget for bodies being received.
    pub room: Arc<Semaphore>,
    /// Places for concurrent evidence packages.
    pub packages: Arc<Semaphore>,
}

impl App {
    /// The shared state. Does not listen.
    pub fn new(
        orchestrator: Arc<Orchestrator>,
        proxy: Arc<Proxy<Orchestrator>>,
        vkey: Vkey,
        limits: Limits,
    ) -> Self {
        let receive = Duration::from_secs(limits.request_seconds);
        let room = Arc::new(Semaphore::new(ROOM));
        let packages = Arc::new(Semaphore::new(PACKAGES));
        Self {
            orchestrator,
            proxy,
            vkey,
            base: String::new(),
            people: None,
            issuers: Arc::default(),
            receive,
            room,
            packages,
        }
    }
}

/// Upper bound on the size of an artifact, in bytes.
const MAX_ARTIFACT: usize = 16 << 20;
/// Concurrent deployments.
const DEPLOYS: usize = 2;
/// Concurrent evidence packages; each holds a whole run in memory.
const PACKAGES: usize = 2;
/// Time limit of slow requests: the longest action and a margin.
pub(crate) const SLOW: Duration = Duration::from_secs(21 * 60);

#[derive(OpenApi)]
#[openapi(info(
    title = "xpd",
    description = "Grants and runs of compiled workflows. Agents send `Authorization: DPoP <token>` and a `DPoP` proof \
                   (RFC 9449) that covers method, URL, token and body (`xp_body`)."
))]
struct Description;

/// Routes of the administrators' listener: administration, and what is public.
pub fn administrators(app: App, limits: Limits) -> Router {
    let usual = Duration::from_secs(limits.request_seconds);
    let (router, _) = OpenApiRouter::<App>::new()
        .routes(routes!(operator::kill))
        .routes(routes!(operator::stops))
        .routes(routes!(operator::lift))
        .routes(routes!(operator::doubts))
        .routes(routes!(operator::resolve))
        .routes(routes!(operator::runs))
        .routes(routes!(people::invite))
        .routes(routes!(people::confirm))
        .routes(routes!(people::revoke))
        .routes(routes!(people::list))
        .routes(routes!(agents::summary))
        .routes(routes!(public::server))
        .routes(routes!(public::health))
        .layer(from_fn_with_state(usual, limit_time))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::evidence))
                .layer(from_fn_with_state(SLOW, limit_time)),
        )
        .layer(Extension(MaxBody(limits.body_bytes)))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::deploy))
                .routes(routes!(operator::deploy_shadow))
                .layer(Extension(MaxBody(MAX_ARTIFACT)))
                .layer(from_fn_with_state(usual, limit_time))
                .layer(from_fn_with_state(Arc::new(Semaphore::new(DEPLOYS)), limit_concurrency)),
        )
        .split_for_parts();
    router.fallback(problem::nothing).layer(CatchPanicLayer::custom(problem::panicked)).with_state(app)
}

/// All routes, with their description at `/openapi.json`.
pub fn router(app: App, limits: Limits) -> Router {
    let usual = Duration::from_secs(limits.request_seconds);
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
        .routes(routes!(operator::stops))
        .routes(routes!(operator::lift))
        .routes(routes!(operator::doubts))
        .routes(routes!(operator::resolve))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::tile))
        .routes(routes!(public::server))
        .routes(routes!(public::jwks))
        .routes(routes!(public::health))
        .layer(from_fn_with_state(usual, limit_time))
        // Slow requests and large bodies.
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::evidence))
                .routes(routes!(agents::act))
                .layer(from_fn_with_state(SLOW, limit_time)),
        )
        .layer(Extension(MaxBody(limits.body_bytes)))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::deploy))
                .routes(routes!(operator::deploy_shadow))
                .layer(Extension(MaxBody(MAX_ARTIFACT)))
                .layer(from_fn_with_state(usual, limit_time))
                .layer(from_fn_with_state(Arc::new(Semaphore::new(DEPLOYS)), limit_concurrency)),
        )
        .split_for_parts();
    let text: Arc<str> = description.to_json().unwrap_or_default().into();
    router
        .route("/openapi.json", axum::routing::get(move || public::openapi(Arc::clone(&text))))
        .fallback(problem::nothing)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .with_state(app)
}
