//! The agents' listener: the HTTP API, the MCP door and the token endpoint behind one guard.

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::sync::watch;

use crate::api::{self, App, Limits};
use crate::guard::{Hosts, guard};
use crate::mcp;
use crate::oauth::{self, Challenges, challenge};

/// All routes of an agents' listener. Over TCP only requests for the host of `app.base` or for a loopback name at
/// `port` are answered; a Unix socket, which has no port, is out of a browser's reach.
pub fn router(app: App, limits: Limits, port: Option<u16>, stop: watch::Receiver<bool>) -> Router {
    let hosts = Hosts::new(&app.base, port);
    let challenges = Challenges::new(&app.base);
    let mcp = mcp::router(app.clone(), limits, stop);
    let oauth = oauth::router(app.clone(), limits);
    api::router(app, limits)
        .merge(mcp)
        .merge(oauth)
        .layer(from_fn_with_state(challenges, challenge))
        .layer(from_fn_with_state(hosts, guard))
}

/// All routes of the administrators' listener, guarded likewise.
pub fn administrators(app: App, limits: Limits, port: Option<u16>) -> Router {
    let hosts = Hosts::new(&app.base, port);
    api::administrators(app, limits).layer(from_fn_with_state(hosts, guard))
}
