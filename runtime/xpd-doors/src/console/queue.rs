//! The list of what waits for a person.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Console;
use super::markup::{ago, inline, moment, short};
use super::page::{Frame, refused, show};
use super::request::{limited, path};
use super::session::OfPage;
use crate::api::problem::Problem;

struct Row {
    to: String,
    workflow: String,
    step: String,
    role: String,
    run: String,
    shadow: bool,
    started_by: String,
    since: String,
    ago: String,
    params: Vec<(String, String)>,
    limit: String,
}

#[derive(Template)]
#[template(path = "queue.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    decided: u64,
    sums: Vec<Sum>,
}

/// What was approved today, as it is drawn.
struct Sum {
    action: String,
    role: String,
    thing: String,
    payee: String,
    amount: String,
    approvals: u64,
    unnamed: u64,
}

pub(super) async fn page(State(console): State<Console>, OfPage(session): OfPage) -> Response {
    let found = async {
        let caller = console.caller(&session)?;
        let waiting = console.orchestrator.waiting(caller).await?;
        let decided = console.orchestrator.decided_today(console.caller(&session)?).await?;
        let sums = console.orchestrator.approved_today(console.caller(&session)?).await?;
        Ok::<_, Problem>((waiting, decided, sums))
    };
    let (waiting, decided, sums) = match found.await {
        Ok(found) => found,
        Err(problem) => return refused(&problem, Some(&session)),
    };
    let now = console.orchestrator.now();
    let rows = waiting.into_iter().map(|one| Row {
        to: path(&one.run, &one.step),
        workflow: inline(&one.workflow),
        step: inline(&one.step),
        role: inline(&one.role),
        run: inline(&one.run),
        shadow: one.shadow,
        started_by: inline(&one.started_by),
        since: moment(one.since),
        ago: ago(one.since, now),
        params: one.params.iter().map(|(name, value)| (inline(name), short(value))).collect(),
        limit: one.limit.as_ref().map(limited).unwrap_or_default(),
    });
    let sums = sums.into_iter().map(|one| Sum {
        action: inline(&one.action),
        role: inline(&one.role),
        thing: inline(&one.thing),
        payee: inline(&one.payee),
        amount: format!("{} {}", inline(&one.amount), inline(&one.unit)),
        approvals: one.approvals,
        unnamed: one.unnamed,
    });
    let (frame, rows, sums) = (Frame::of("Waiting for you", &session), rows.collect(), sums.collect());
    show(&Page { frame, rows, decided, sums })
}
