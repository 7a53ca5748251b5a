//! The HTTP edge: wire types in, domain calls, wire types and problem details out.

mod accept;
mod agents;
mod bounds;
mod crowd;
mod incoming;
mod log;
mod operator;
mod problem;
mod public;
mod wire;

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
use xpd_proxy::Proxy;

pub use self::accept::{Budget, serve};
use self::bounds::{in_time, place};
pub use self::crowd::{Peer, Peered};
use self::incoming::{MaxBody, ROOM};

/// Bounds of a request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body, artifacts aside.
    pub body_bytes: usize,
    /// Seconds a request may take, acting aside.
    pub request_seconds: u64,
}

/// What every handler is given.
#[derive(Clone)]
pub struct App {
    /// Decides.
    pub orchestrator: Arc<Orchestrator>,
    /// Acts.
    pub proxy: Arc<Proxy<Orchestrator>>,
    /// The log's public key.
    pub vkey: Vkey,
    /// The URL under which this listener is known: what proofs must name.
    pub base: String,
    /// How long a request may be on its way in.
    pub receive: Duration,
    /// Room for bodies that come in.
    pub room: Arc<Semaphore>,
    /// Places for those who are given a package.
    pub packages: Arc<Semaphore>,
}

impl App {
    /// Over these; not yet listening anywhere.
    pub fn new(
        orchestrator: Arc<Orchestrator>,
        proxy: Arc<Proxy<Orchestrator>>,
        vkey: Vkey,
        limits: Limits,
    ) -> Self {
        let receive = Duration::from_secs(limits.request_seconds);
        let room = Arc::new(Semaphore::new(ROOM));
        let packages = Arc::new(Semaphore::new(PACKAGES));
        Self { orchestrator, proxy, vkey, base: String::new(), receive, room, packages }
    }
}

/// Largest artifact that is taken.
const MAX_ARTIFACT: usize = 16 << 20;
/// Artifacts taken in at once.
const DEPLOYS: usize = 2;
/// Packages put together at once: each holds a whole run.
const PACKAGES: usize = 2;
/// Longest wait for what takes its time: the longest act, and a little.
const SLOW: Duration = Duration::from_secs(21 * 60);

#[derive(OpenApi)]
#[openapi(info(
    title = "xpd",
    description = "Grants and runs of compiled workflows. Agents send `Authorization: DPoP <token>` and a `DPoP` proof \
                   (RFC 9449) that covers method, URL, token and body (`xp_body`)."
))]
struct Description;

/// What an administrator asks for, and what anybody may: the door that is the administrators' own.
pub fn administrators(app: App, limits: Limits) -> Router {
    let usual = Duration::from_secs(limits.request_seconds);
    let (router, _) = OpenApiRouter::<App>::new()
        .routes(routes!(operator::kill))
        .routes(routes!(operator::stops))
        .routes(routes!(operator::lift))
        .routes(routes!(operator::doubts))
        .routes(routes!(operator::resolve))
        .routes(routes!(agents::summary))
        .routes(routes!(public::server))
        .routes(routes!(public::health))
        .layer(from_fn_with_state(usual, in_time))
        .merge(
            OpenApiRouter::new().routes(routes!(operator::evidence)).layer(from_fn_with_state(SLOW, in_time)),
        )
        .layer(Extension(MaxBody(limits.body_bytes)))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::deploy))
                .layer(Extension(MaxBody(MAX_ARTIFACT)))
                .layer(from_fn_with_state(usual, in_time))
                .layer(from_fn_with_state(Arc::new(Semaphore::new(DEPLOYS)), place)),
        )
        .split_for_parts();
    router.fallback(problem::nothing).layer(CatchPanicLayer::custom(problem::panicked)).with_state(app)
}

/// Every route, with its description at `/openapi.json`.
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
        .layer(from_fn_with_state(usual, in_time))
        // These take their time, or bring much.
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::evidence))
                .routes(routes!(agents::act))
                .layer(from_fn_with_state(SLOW, in_time)),
        )
        .layer(Extension(MaxBody(limits.body_bytes)))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(operator::deploy))
                .layer(Extension(MaxBody(MAX_ARTIFACT)))
                .layer(from_fn_with_state(usual, in_time))
                .layer(from_fn_with_state(Arc::new(Semaphore::new(DEPLOYS)), place)),
        )
        .split_for_parts();
    let text: Arc<str> = description.to_json().unwrap_or_default().into();
    router
        .route("/openapi.json", axum::routing::get(move || public::openapi(Arc::clone(&text))))
        .fallback(problem::nothing)
        .layer(CatchPanicLayer::custom(problem::panicked))
        .with_state(app)
}
