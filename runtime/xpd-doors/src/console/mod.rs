//! The people's door: login by passkey or at a provider, what waits for a person, and the decision on it. A listener of its own, which reads no
//! credential of agents; its cookies mean nothing at any other door.

mod assets;
mod bridge;
mod decide;
mod drawing;
mod enrol;
mod events;
mod guard;
mod login;
mod markup;
mod page;
mod passkey;
mod providers;
mod queue;
mod request;
mod sealed;
mod session;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use url::Url;
use xpd_engine::Orchestrator;
use xpd_engine::orchestrator::Caller;
use xpd_login::Provider;

use self::passkey::Passkeys;
use self::providers::Providers;
use self::session::{Session, Sessions};
use crate::api::problem::{Problem, panicked};

/// Bytes of a body.
const BODY: usize = 64 * 1024;

/// Settings of the people's door.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a session lasts.
    pub session: Duration,
    /// How long a session lasts without a request.
    pub idle: Duration,
}

/// State shared by the handlers.
#[derive(Clone)]
pub(crate) struct Console(Arc<Inner>);

pub(crate) struct Inner {
    orchestrator: Arc<Orchestrator>,
    sessions: Sessions,
    passkeys: Passkeys,
    providers: Providers,
    /// Origin of the door, without a slash at its end.
    origin: String,
    /// Name of the session cookie.
    cookie: &'static str,
    is_https: bool,
    stop: watch::Receiver<bool>,
}

impl std::ops::Deref for Console {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    /// The caller of a session.
    fn caller(&self, session: &Session) -> Result<Caller, Problem> {
        Ok(self.orchestrator.by_person(&session.person, session.opened, session.login.clone())?)
    }
}

/// All routes of the people's listener, which people reach under `url`, with these providers of logins.
///
/// # Errors
/// No passkey can be made for that URL.
pub fn router(
    orchestrator: Arc<Orchestrator>,
    url: &str,
    settings: Settings,
    providers: Vec<Provider>,
    stop: watch::Receiver<bool>,
) -> Result<Router, String> {
    let parsed = Url::parse(url).map_err(|error| error.to_string())?;
    let (origin, is_https) = (url.trim_end_matches('/').to_owned(), parsed.scheme() == "https");
    // Browsers keep the prefix for cookies that are `Secure`, which they send over plain HTTP to no host but loopback, and not all.
    let cookie = if is_https { "__Host-xpd" } else { "xpd" };
    let console = Console(Arc::new(Inner {
        orchestrator,
        sessions: Sessions::new(settings),
        passkeys: Passkeys::new(&parsed)?,
        providers: Providers::new(providers)?,
        origin,
        cookie,
        is_https,
        stop,
    }));
    let router = Router::new()
        .route("/", get(queue::page))
        .route("/login", get(login::page))
        .route("/login/begin", post(login::begin))
        .route("/login/finish", post(login::finish))
        .route("/login/{provider}/begin", post(providers::begin))
        .route("/login/{provider}/answer", get(providers::answer))
        .route("/logout", post(login::logout))
        .route("/enrol", get(enrol::page))
        .route("/enrol/begin", post(enrol::begin))
        .route("/enrol/finish", post(enrol::finish))
        .route("/runs/{run}", get(request::run))
        .route("/runs/{run}/steps/{step}", get(request::page))
        .route("/runs/{run}/steps/{step}/events", get(events::stream))
        .route("/runs/{run}/steps/{step}/sign", post(decide::sign))
        .route("/runs/{run}/steps/{step}/decide", post(decide::decide))
        .route("/bridges/{bridge}/decisions", post(bridge::decide))
        .route("/assets/console.css", get(assets::style))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/assets/console.js", get(assets::script))
        .fallback(page::nothing)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(console.clone(), guard::guard))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(console);
    Ok(router)
}
