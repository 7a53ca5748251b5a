//! The page of one request, and the page of a run.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use xp_machine::Status;
use xpd_audit::approval::is_local;
use xpd_engine::orchestrator::{Author, Leads, Limit, Node, Pictured, RunSummary};

use super::Console;
use super::drawing::{draw, words};
use super::markup::{ago, inline, moment, value};
use super::page::{Frame, refused, show};
use super::session::OfPage;
use crate::api::problem::Problem;

/// The path of a request's page. Names of steps are identifiers.
pub(super) fn path(run: &str, step: &str) -> String {
    format!("/runs/{run}/steps/{step}")
}

struct Asked {
    name: String,
    author: String,
    is_text: bool,
    digest: String,
    html: String,
}

struct Choice {
    outcome: String,
    of: String,
    evidence: bool,
    class: &'static str,
    leads: String,
    judged: String,
}

struct Line {
    at: String,
    who: String,
    what: String,
    reason: String,
}

struct StepLine {
    name: String,
    role: String,
    state: String,
    open: bool,
}

#[derive(Template)]
#[template(path = "request.html")]
struct Page {
    frame: Frame,
    run: String,
    workflow: String,
    step: String,
    role: String,
    opening: u32,
    started_by: String,
    since: String,
    ago: String,
    limit: String,
    doc: String,
    digest: String,
    artifact: String,
    params: Vec<(String, String)>,
    data: Vec<Asked>,
    choices: Vec<Choice>,
    notes: Vec<String>,
    acts: Vec<Line>,
    refusals: Vec<Line>,
    steps: Vec<StepLine>,
    drawing: String,
    path: String,
    ticket: String,
    /// The decision rests on the login of the session.
    by_login: bool,
}

pub(super) async fn page(
    State(console): State<Console>,
    Path((run, step)): Path<(String, String)>,
    OfPage(session): OfPage,
) -> Response {
    let found = async {
        let caller = console.caller(&session)?;
        let seen = console.orchestrator.pictured(caller, &run, &step).await?;
        let ticket = console.sessions.drew(&session, &run, &step, &seen.digest)?;
        let unsigned = session.login.is_some() && !is_local(&console.origin);
        let by_login = unsigned && !console.orchestrator.signs(session.person.clone()).await?;
        Ok::<_, Problem>((seen, ticket, by_login))
    };
    match found.await {
        Ok((seen, ticket, by_login)) => {
            let title = format!("{} — {}", inline(&step), inline(&seen.run.workflow));
            let frame = Frame::of_run(title, &session, &seen.run);
            show(&Page { by_login, ..drawn(frame, &step, seen, ticket, console.orchestrator.now()) })
        }
        Err(problem) => refused(&problem, Some(&session)),
    }
}

fn drawn(frame: Frame, step: &str, seen: Pictured, ticket: String, now: i64) -> Page {
    let named = |(name, one): &(String, xp_scope::Value)| (inline(name), value(one));
    let data = seen.data.iter().map(|one| Asked {
        name: inline(&one.name),
        author: author(&one.author),
        is_text: !matches!(one.value, xp_scope::Value::Bool(_) | xp_scope::Value::Int(_)),
        digest: one.digest.clone(),
        html: value(&one.value),
    });
    let choices = seen.choices.iter().map(|one| {
        let mut leads = effect(one.leads, &one.next);
        let class = match one.leads {
            Leads::On => "on",
            Leads::Back { notes } => {
                leads += match notes {
                    true => " Your reason goes with it.",
                    false => " Your reason is recorded, and not told there.",
                };
                "back"
            }
            Leads::End => "end",
        };
        let of = one.of.as_deref().map(inline).unwrap_or_default();
        let (outcome, judged) = (inline(&one.outcome), so_far(&one.judged, one.needed));
        Choice { outcome, of, evidence: one.evidence, class, leads, judged }
    });
    let acts = seen.acts.iter().map(|act| Line {
        at: moment(act.at),
        who: inline(&act.who),
        what: inline(&act.what),
        reason: String::new(),
    });
    let refusals = seen.refusals.iter().map(|one| Line {
        at: moment(one.at),
        who: inline(&one.who),
        what: inline(&one.what),
        reason: format!("{}: {}", one.code.as_str(), one.code.text()),
    });
    Page {
        frame,
        workflow: inline(&seen.run.workflow),
        artifact: seen.run.artifact.clone(),
        step: inline(step),
        role: inline(&seen.role),
        opening: seen.opening,
        started_by: inline(&seen.started_by),
        since: moment(seen.since),
        ago: ago(seen.since, now),
        limit: seen.limit.as_ref().map(limited).unwrap_or_default(),
        doc: seen.doc.as_deref().map(|doc| inline(&doc.replace('\n', " "))).unwrap_or_default(),
        params: seen.params.iter().map(named).collect(),
        data: data.collect(),
        choices: choices.collect(),
        notes: seen.notes.iter().map(|note| value(&xp_scope::Value::Text(note.clone()))).collect(),
        acts: acts.collect(),
        refusals: refusals.collect(),
        steps: steps(&seen.nodes),
        drawing: draw(&seen.nodes),
        path: path(&seen.run.run, step),
        digest: seen.digest,
        run: seen.run.run,
        ticket,
        by_login: false,
    }
}

/// What an outcome leads to.
fn effect(leads: Leads, next: &[String]) -> String {
    let next = next.iter().map(|step| inline(step)).collect::<Vec<_>>().join(", ");
    match leads {
        Leads::On if next.is_empty() => "The step ends; nothing waits for it.".to_owned(),
        Leads::On => format!("Enables: {next}."),
        Leads::Back { .. } => format!("Opens again: {next}."),
        Leads::End => "Ends the run.".to_owned(),
    }
}

/// When the time limit of a step passes, and what happens then.
pub(super) fn limited(limit: &Limit) -> String {
    let Limit { ends, outcome, leads, next } = limit;
    format!("Time limit {}, then {}: {}", moment(*ends), inline(outcome), effect(*leads, next))
}

/// How many people have to judge so, and who has.
fn so_far(judged: &[String], needed: u32) -> String {
    let names = judged.iter().map(|name| inline(name)).collect::<Vec<_>>().join(", ");
    match (needed, judged.is_empty()) {
        (1, _) => String::new(),
        (needed, true) => format!("Needs {needed} people; you would be the first."),
        (needed, false) => format!("Needs {needed} people; so far {names}."),
    }
}

fn author(author: &Author) -> String {
    match author {
        Author::Starter(name) => format!("given by {}, who started the run", inline(name)),
        Author::Principal(name) => format!("handed in by {}", inline(name)),
        Author::Upstream(action) => format!("answered by the upstream of {}", inline(action)),
    }
}

fn steps(nodes: &[Node]) -> Vec<StepLine> {
    let line = |node: &Node| StepLine {
        name: inline(&node.name),
        role: inline(&node.role),
        state: words(node),
        open: node.open,
    };
    nodes.iter().map(line).collect()
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    run: String,
    workflow: String,
    status: String,
    decided: Option<u64>,
    steps: Vec<StepLine>,
    drawing: String,
}

#[derive(Deserialize)]
pub(super) struct Decided {
    decided: Option<u64>,
}

pub(super) async fn run(
    State(console): State<Console>,
    Path(run): Path<String>,
    Query(Decided { decided }): Query<Decided>,
    OfPage(session): OfPage,
) -> Response {
    let found = async {
        let caller = console.caller(&session)?;
        Ok::<_, Problem>(console.orchestrator.drawn(caller, &run).await?)
    };
    match found.await {
        Ok((summary, nodes)) => show(&RunPage {
            frame: Frame::of_run(inline(&summary.workflow), &session, &summary),
            status: status(&summary),
            workflow: inline(&summary.workflow),
            steps: steps(&nodes),
            drawing: draw(&nodes),
            run: summary.run,
            decided,
        }),
        Err(problem) => refused(&problem, Some(&session)),
    }
}

fn status(run: &RunSummary) -> String {
    match (run.status, &run.ended_by) {
        (Status::Running, _) => "The run goes on.".to_owned(),
        (Status::Finished, _) => "The run is finished.".to_owned(),
        (Status::Killed, _) => "The run was stopped.".to_owned(),
        (Status::Ended(_), Some(by)) => format!("The run ended with {}.", inline(by)),
        (Status::Ended(_), None) => "The run ended.".to_owned(),
    }
}
