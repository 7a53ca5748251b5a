//! Carrying out a call, by the functions that the HTTP API calls.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, watch};
use xp_artifact::workflow::{RoleKind, Step};
use xp_artifact::{print, tools};
use xp_json::Tree;
use xp_scope::{Digest, Value};
use xp_wire::RefusalCode;
use xp_wire::body::RunStatus;
use xpd_engine::orchestrator::{Ask, Judgement, Submission};
use xpd_proxy::Use;

use super::refusal::Done;
use super::repeat::{Gate, Undelivered};
use super::state::Turn;
use super::tools::{Does, Entry};
use crate::api::App;
use crate::api::agents::{self, under_clause};
use crate::api::bounds::BUSY;
use crate::api::problem::Problem;
use crate::api::wire;

/// The longest that `await` waits; clients give up after a minute.
const LONGEST: Duration = Duration::from_secs(55);
/// Calls of `await` at once.
const WAITING: usize = 256;

/// Carries out calls.
pub(super) struct Calls {
    app: App,
    undelivered: Arc<Undelivered>,
    waiting: Semaphore,
    stop: watch::Receiver<bool>,
}

impl Calls {
    pub fn new(app: App, stop: watch::Receiver<bool>) -> Self {
        Self { app, undelivered: Arc::default(), waiting: Semaphore::new(WAITING), stop }
    }

    /// Carries out a call of a tool.
    pub async fn call(&self, turn: &Turn, does: &Does, arguments: &Tree) -> Done {
        let (caller, run, orchestrator) = (turn.caller.clone(), &turn.seat.run, &self.app.orchestrator);
        match does {
            Does::Act { step, action } => self.act(turn, step, action, arguments).await,
            Does::Submit { step, name } => {
                let mut given = Given::new(arguments)?;
                let value = given.value("value")?;
                given.done()?;
                let ask = Submission { step: step.clone(), name: name.clone(), value, request_id: None };
                let said = orchestrator.submit(caller, run, ask).await?;
                Ok(json!(wire::said(said)))
            }
            Does::Judge { step } => {
                let mut given = Given::new(arguments)?;
                let (outcome, notes) = (given.text("outcome")?, given.optional("notes")?);
                given.done()?;
                let ask = Judgement { step: step.clone(), outcome, notes, request_id: None };
                let said = orchestrator.judge(caller, run, ask).await?;
                Ok(json!(wire::said(said)))
            }
            Does::View => {
                let mut given = Given::new(arguments)?;
                let (step, datum) = (given.text("step")?, given.text("datum")?);
                given.done()?;
                let shown = orchestrator.view(caller, run, step, datum).await?;
                Ok(json!(wire::shown(shown)))
            }
            Does::Offers => {
                Given::new(arguments)?.done()?;
                self.open(turn).await
            }
            Does::Await => {
                let mut given = Given::new(arguments)?;
                let seen = given.optional("seen")?;
                given.done()?;
                self.wait(turn, seen).await
            }
            Does::Result => {
                let mut given = Given::new(arguments)?;
                let index = given.index("index")?;
                given.done()?;
                let earlier = orchestrator.earlier(caller, run, index).await?;
                Ok(json!({
                    "step": earlier.step, "action": earlier.action, "phase": earlier.phase.as_str(),
                    "result": earlier.result, "index": index,
                }))
            }
        }
    }

    async fn act(&self, turn: &Turn, step: &str, action: &str, arguments: &Tree) -> Done {
        let mut given = Given::new(arguments)?;
        let grant = given.optional(tools::GRANT)?;
        let args = given.rest()?;
        let seat = &turn.seat;
        let opening = seat.openings.get(step).copied().unwrap_or_default();
        let what =
            json!([seat.run, turn.caller.name(), turn.caller.key(), step, opening, action, grant, args]);
        let key = Digest::of(what.to_string().as_bytes()).to_string();
        let (app, turn) = (self.app.clone(), turn.clone());
        let ask = Ask { step: step.to_owned(), action: action.to_owned(), grant, args, request_id: None };
        self.undelivered.run(key, |gate| carry_out(app, turn, ask, gate)).await
    }

    /// What is open to the caller, and what its other steps wait for.
    async fn open(&self, turn: &Turn) -> Done {
        let (run, orchestrator) = (&turn.seat.run, &self.app.orchestrator);
        let (offers, summary) = orchestrator.prospect(turn.caller.clone(), run).await?;
        let summary = wire::summary(summary);
        let workflow = turn.seat.machine.workflow();
        let running = summary.status == RunStatus::Running;
        let role = |step: &Step| workflow.roles.get(step.role.index());
        let steps = || workflow.steps.iter().zip(&summary.steps).filter(|_| running);
        let waits = steps().filter(|(step, now)| {
            let is_own = role(step).is_some_and(|role| turn.seat.roles.contains(&role.name));
            !now.open && now.outcome.is_none() && is_own
        });
        let people = steps()
            .filter(|(step, now)| now.open && role(step).is_some_and(|role| role.kind == RoleKind::Human));
        let people: Vec<&str> = people.map(|(step, _)| step.name.as_str()).collect();
        let waits: Vec<Json> = waits
            .map(|(step, _)| json!({ "step": step.name, "after": print::formula(workflow, &step.after) }))
            .collect();
        let mut offers = json!(offers.into_iter().map(wire::offer).collect::<Vec<_>>());
        for offer in offers.as_array_mut().into_iter().flatten() {
            let step = offer.get("step").and_then(Json::as_str).unwrap_or_default().to_owned();
            for grant in offer.get_mut("grants").and_then(Json::as_array_mut).into_iter().flatten() {
                let Some(action) = grant.get("action").and_then(Json::as_str) else { continue };
                let tool = tools::act(&step, action);
                if let Some(grant) = grant.as_object_mut() {
                    grant.insert("tool".to_owned(), json!(tool));
                }
            }
        }
        let mut open = json!({
            "status": summary.status, "ended_by": summary.ended_by, "offers": offers, "waits_for": waits,
            "people": people,
        });
        let seen = Digest::of(open.to_string().as_bytes()).to_string();
        if let Some(open) = open.as_object_mut() {
            open.insert("seen".to_owned(), json!(seen));
            if summary.shadow {
                open.insert("shadow".to_owned(), json!(true));
            }
        }
        Ok(open)
    }

    /// Waits until something else is open than was `seen`, or than is now. Nothing changes any more in a run that is over.
    async fn wait(&self, turn: &Turn, seen: Option<String>) -> Done {
        let _place = self.waiting.try_acquire().map_err(|_| Problem::new(RefusalCode::Busy, BUSY))?;
        let mut changes = self.app.orchestrator.changes(&turn.seat.run);
        let mut stop = self.stop.clone();
        let deadline = tokio::time::Instant::now() + LONGEST;
        let mut now = self.open(turn).await?;
        let seen = seen.map_or_else(|| now.get("seen").cloned(), |seen| Some(json!(seen)));
        let running = json!(RunStatus::Running);
        while now.get("seen") == seen.as_ref() && now.get("status") == Some(&running) {
            let changed = tokio::select! {
                changed = changes.changed() => changed.is_ok(),
                () = tokio::time::sleep_until(deadline) => false,
                _ = stop.wait_for(|stop| *stop) => false,
            };
            if !changed {
                break;
            }
            now = self.open(turn).await?;
        }
        Ok(now)
    }

    /// Names of the tools whose steps are open to the caller.
    pub async fn open_tools(&self, turn: &Turn, tools: impl Iterator<Item = &Entry>) -> Vec<String> {
        let offers =
            self.app.orchestrator.offers(turn.caller.clone(), &turn.seat.run).await.unwrap_or_default();
        let is_open = |tool: &&Entry| match &tool.does {
            Does::Act { step, action } => offers.iter().any(|offer| {
                &offer.step == step
                    && offer.grants.iter().any(|grant| &grant.action == action && grant.left > 0)
            }),
            Does::Submit { step, .. } | Does::Judge { step } => {
                offers.iter().any(|offer| &offer.step == step)
            }
            Does::View | Does::Offers | Does::Await | Does::Result => false,
        };
        tools.filter(is_open).map(|tool| tool.name.clone()).collect()
    }
}

/// Requests a grant and uses it. Not signed: the grant never leaves the server, and its row decides.
async fn carry_out(app: App, turn: Turn, ask: Ask, gate: Gate) -> Done {
    let (step, action) = (ask.step.clone(), ask.action.clone());
    let run = turn.seat.run.clone();
    let claims = match app.orchestrator.request_inside(turn.caller.clone(), &run, ask).await {
        Ok(claims) => claims,
        Err(fault) => return Err(under_clause(&app, &run, &step, &action, fault).await),
    };
    if !gate.claims() {
        // Nobody waits for the answer. The unused grant runs out and gives its use back.
        return Err(Problem::new(RefusalCode::Expired, "the connection was closed before the claim"));
    }
    let using = Use { claims, args: None, request_id: None };
    let answer = agents::carry_out(&app, &run, &step, &action, turn.caller, using).await?;
    Ok(json!(wire::done(answer)))
}

/// Arguments that are taken one by one; what is left over is an error.
struct Given(Vec<(String, Tree)>);

fn bad(why: String) -> Problem {
    Problem::new(RefusalCode::BadValue, why)
}

impl Given {
    fn new(arguments: &Tree) -> Result<Self, Problem> {
        let members = arguments.as_record().ok_or_else(|| bad("arguments are an object".to_owned()))?;
        Ok(Self(members.to_vec()))
    }

    fn take(&mut self, name: &str) -> Option<Tree> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    fn optional(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Tree::Text(text)) => Ok(Some(text)),
            Some(_) => Err(bad(format!("argument `{name}` is text"))),
        }
    }

    fn text(&mut self, name: &str) -> Result<String, Problem> {
        self.optional(name)?.ok_or_else(|| bad(format!("argument `{name}` is missing")))
    }

    fn index(&mut self, name: &str) -> Result<u64, Problem> {
        let number = match self.take(name) {
            Some(Tree::Number(digits)) => digits.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| bad(format!("argument `{name}` is a number from 0")))
    }

    fn value(&mut self, name: &str) -> Result<Value, Problem> {
        value(&self.take(name).ok_or_else(|| bad(format!("argument `{name}` is missing")))?)
    }

    fn rest(self) -> Result<std::collections::BTreeMap<String, Value>, Problem> {
        wire::members(value(&Tree::Record(self.0))?)
    }

    fn done(self) -> Result<(), Problem> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(bad(format!("there is no argument `{name}`"))),
        }
    }
}

/// Parses a value by the parser of the HTTP API; the tree keeps the digits of numbers.
fn value(tree: &Tree) -> Result<Value, Problem> {
    serde_json::from_str(&tree.to_string()).map_err(|error| bad(error.to_string()))
}
