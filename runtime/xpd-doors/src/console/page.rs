//! What all pages have in common.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use xp_wire::RefusalCode;
use xpd_engine::orchestrator::RunSummary;

use super::session::Session;
use crate::api::problem::Problem;

/// The frame of a page.
pub(super) struct Frame {
    pub title: String,
    /// Who is logged in; empty if nobody is.
    pub person: String,
    pub nonce: String,
    /// Whether the page is about a shadow run.
    pub shadow: bool,
}

impl Frame {
    pub fn public(title: &str) -> Self {
        Self { title: title.to_owned(), person: String::new(), nonce: String::new(), shadow: false }
    }

    pub fn of(title: impl Into<String>, session: &Session) -> Self {
        let (person, nonce) = (session.person.clone(), session.nonce.clone());
        Self { title: title.into(), person, nonce, shadow: false }
    }

    /// The frame of a page about a run.
    pub fn of_run(title: impl Into<String>, session: &Session, run: &RunSummary) -> Self {
        Self { shadow: run.shadow, ..Self::of(title, session) }
    }
}

/// Draws a page.
pub(super) fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Refused {
    frame: Frame,
    reason: String,
}

/// A refusal as a page.
pub(super) fn refused(problem: &Problem, session: Option<&Session>) -> Response {
    let body = problem.body();
    if body.code == RefusalCode::Unauthenticated {
        return Redirect::to("/login").into_response();
    }
    let title = if body.status == 404 { "Nothing waits here" } else { "This was refused" };
    let frame = session.map_or_else(|| Frame::public(title), |session| Frame::of(title, session));
    let mut response = show(&Refused { frame, reason: body.detail.clone() });
    *response.status_mut() = StatusCode::from_u16(body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

pub(super) async fn nothing() -> Response {
    refused(&Problem::new(RefusalCode::Unknown, "there is no such page"), None)
}
