//! The event stream of a request: says when what waits has changed, and when the session is over.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::watch;

use super::Console;
use super::session::{MaybeSession, Session, ended};

/// How often a session is looked at, so that a stream ends soon after it.
const EVERY: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
pub(super) struct Ask {
    ticket: String,
}

struct Watching {
    console: Console,
    session: Session,
    ticket: String,
    run: String,
    step: String,
    changes: watch::Receiver<()>,
    last: bool,
}

pub(super) async fn stream(
    State(console): State<Console>,
    Path((run, step)): Path<(String, String)>,
    Query(ask): Query<Ask>,
    MaybeSession(session): MaybeSession,
) -> Response {
    let Some(session) = session else { return ended().into_response() };
    let changes = console.orchestrator.changes(&run);
    let watching = Watching { console, session, ticket: ask.ticket, run, step, changes, last: false };
    Sse::new(unfold(watching, |mut watching| async move {
        if watching.last {
            return None;
        }
        let name = watching.next().await?;
        watching.last = name != "alive";
        Some((Ok::<_, Infallible>(Event::default().event(name).data(name)), watching))
    }))
    .into_response()
}

impl Watching {
    /// The next event; none when the server stops.
    async fn next(&mut self) -> Option<&'static str> {
        if let Some(name) = self.look().await {
            return Some(name);
        }
        let mut stop = self.console.stop.clone();
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return None,
            _ = tokio::time::timeout(EVERY, self.changes.changed()) => {}
        }
        Some(self.look().await.unwrap_or("alive"))
    }

    async fn look(&self) -> Option<&'static str> {
        let console = &self.console;
        if console.sessions.find(&self.session.id, false).is_none() {
            return Some("over");
        }
        let Ok(caller) = console.caller(&self.session) else { return Some("over") };
        let Some(ticket) = console.sessions.ticket(&self.session, &self.ticket) else {
            return Some("changed");
        };
        match console.orchestrator.standing(caller, &self.run, &self.step).await {
            Ok(now) if now.as_ref() == Some(&ticket.digest) => None,
            Ok(_) => Some("changed"),
            Err(_) => Some("over"),
        }
    }
}
