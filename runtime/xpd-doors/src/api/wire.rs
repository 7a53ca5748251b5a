//! Wire bodies with this server's value type, and conversions from and to the types of engine and proxy.
//!
//! Parsing is strict: a duplicate member is an error.

use std::collections::BTreeMap;

use xp_machine::Status;
use xp_scope::Value;
use xp_wire::RefusalCode;
use xp_wire::body::{
    self, DeployResponse, Doubtful, EndedAction, HealthCondition, HealthResponse, HealthStatus, KillResponse,
    KillScope, OfferedOutcome, RunStatus, RunSummary, SaidResponse, SessionResponse, StartResponse,
    StepSummary, StopInForce, TokenType, WaitsFor,
};
use xpd_engine::health::{Condition, Severity};
use xpd_engine::orchestrator::{self as engine, Ask, Judgement, StartRun, Submission};
use xpd_proxy::{About, Answer, Cut, Resolution};
use xpd_store::{Figures, Mode, Scope, StopRow};

use super::problem::Problem;

pub(crate) type StartRequest = body::StartRequest<Value>;
pub(crate) type GrantRequest = body::GrantRequest<Value>;
pub(crate) type GrantResponse = body::GrantResponse<Value>;
pub(crate) type ActionRequest = body::ActionRequest<Value>;
pub(crate) type ActionResponse = body::ActionResponse<Value>;
pub(crate) type SubmissionRequest = body::SubmissionRequest<Value>;
pub(crate) type ViewResponse = body::ViewResponse<Value>;
pub(crate) type ResolveRequest = body::ResolveRequest<Value>;
pub(crate) type Offer = body::Offer<Value>;
pub(crate) type OpenRun = body::OpenRun<Value>;

fn bad_request(why: &str) -> Problem {
    Problem::new(RefusalCode::BadRequest, why)
}

/// Arguments or parameters by name.
pub(crate) fn members(value: Value) -> Result<BTreeMap<String, Value>, Problem> {
    match value {
        Value::Record(members) => Ok(members),
        _ => Err(bad_request("arguments and parameters are objects")),
    }
}

pub(crate) fn start(ask: StartRequest) -> Result<StartRun, Problem> {
    let body::StartRequest { artifact, params, staff, request_id } = ask;
    Ok(StartRun { artifact, params: members(params)?, staff, request_id })
}

pub(crate) fn started(started: engine::Started) -> StartResponse {
    let engine::Started { run, artifact, index, shadow, replayed } = started;
    StartResponse { run, shadow, artifact, index, replayed }
}

pub(crate) fn session(session: engine::Session) -> SessionResponse {
    let engine::Session { token, expires_in } = session;
    SessionResponse { access_token: token, token_type: TokenType::DPoP, expires_in }
}

pub(crate) fn summary(summary: engine::RunSummary) -> RunSummary {
    let engine::RunSummary { run, shadow, workflow, artifact, status, ended_by, entries, closed, steps } =
        summary;
    let status = match status {
        Status::Running => RunStatus::Running,
        Status::Finished => RunStatus::Finished,
        Status::Ended(_) => RunStatus::Ended,
        Status::Killed => RunStatus::Killed,
    };
    let steps = steps.into_iter().map(|step| {
        let engine::StepSummary { step, open, opening, outcome } = step;
        StepSummary { step, open, opening, outcome }
    });
    RunSummary { run, shadow, workflow, artifact, status, ended_by, entries, closed, steps: steps.collect() }
}

pub(crate) fn open_run(open: engine::OpenRun) -> OpenRun {
    let engine::OpenRun { run, shadow, workflow, artifact, params } = open;
    OpenRun { run, shadow, workflow, artifact, params: Value::Record(params) }
}

pub(crate) fn offer(offer: xp_machine::Offer) -> Offer {
    let xp_machine::Offer { step, role, opening, grants, submissions, outcomes, notes, withheld } = offer;
    let grants = grants.into_iter().map(|grant| {
        let xp_machine::OfferedGrant { grant, action, args, left } = grant;
        body::OfferedGrant { grant, action, args, left }
    });
    let outcomes = outcomes.into_iter().map(|outcome| {
        let xp_machine::OfferedOutcome { outcome, of, evidence, .. } = outcome;
        OfferedOutcome { outcome, of, evidence }
    });
    let (grants, outcomes) = (grants.collect(), outcomes.collect());
    Offer { step, role, opening, grants, submissions, outcomes, notes, withheld }
}

pub(crate) fn ask(ask: GrantRequest) -> Result<Ask, Problem> {
    let body::GrantRequest { step, action, grant, args, request_id } = ask;
    Ok(Ask { step, action, grant, args: members(args)?, request_id })
}

pub(crate) fn granted(granted: engine::Granted) -> GrantResponse {
    let engine::Granted { token, jti, args, opening, attempt, expires, index, replayed } = granted;
    let args = Value::Record(args);
    GrantResponse { grant: token, jti, args, opening, attempt, expires, index, replayed }
}

/// The body for an answer without a failure.
pub(crate) fn done(answer: Answer) -> ActionResponse {
    let Answer { result, bound, failure: _, index, replayed } = answer;
    ActionResponse { result, bound, index, replayed }
}

pub(crate) fn submission(ask: SubmissionRequest) -> Submission {
    let body::SubmissionRequest { step, name, value, request_id } = ask;
    Submission { step, name, value, request_id }
}

pub(crate) fn shown(shown: engine::Shown) -> ViewResponse {
    let engine::Shown { value, digest, index } = shown;
    ViewResponse { value, digest, index }
}

pub(crate) fn judgement(ask: body::JudgementRequest) -> Judgement {
    let body::JudgementRequest { step, outcome, notes, request_id } = ask;
    Judgement { step, outcome, notes, request_id }
}

pub(crate) fn said(said: engine::Said) -> SaidResponse {
    let engine::Said { index, pending, replayed } = said;
    SaidResponse { index, pending, replayed }
}

pub(crate) fn scope(scope: KillScope) -> Scope {
    match scope {
        KillScope::Everything => Scope::Everything,
        KillScope::Artifact(which) => Scope::Artifact(which),
        KillScope::Run(run) => Scope::Run(run),
        KillScope::Principal(name) => Scope::Principal(name),
        KillScope::Connector(name) => Scope::Connector(name),
    }
}

pub(crate) fn killed(killed: engine::Killed) -> KillResponse {
    let ended = killed.ended.into_iter().map(|cut| {
        let Cut { about, under_way: requests, in_doubt } = cut;
        let About { jti, run, step, action, instance, principal } = about;
        EndedAction { jti, run, step, action, instance, principal, requests, in_doubt }
    });
    KillResponse { index: killed.index, ended: ended.collect() }
}

pub(crate) fn stop(stop: StopRow) -> StopInForce {
    let StopRow { scope, reason, by, at, asked } = stop;
    StopInForce { scope, reason, by, at, asked_by: asked.map(|(who, _)| who) }
}

pub(crate) fn doubtful(doubtful: engine::Doubtful) -> Doubtful {
    let engine::Doubtful { jti, run, step, action, instance, principal, waits_for } = doubtful;
    let waits_for = match waits_for {
        engine::WaitsFor::Repeat => WaitsFor::Repeat,
        engine::WaitsFor::Look => WaitsFor::Look,
        engine::WaitsFor::Person => WaitsFor::Person,
    };
    Doubtful { jti, run, step, action, instance, principal, waits_for }
}

/// A person's statement on a grant in doubt. It must have a result if, and only if, the action was performed.
pub(crate) fn resolution(jti: String, ask: ResolveRequest) -> Result<Resolution, Problem> {
    match (ask.done, ask.result) {
        (true, None) => {
            Err(bad_request("`done` needs the `result`; `{}` where the action gives nothing back"))
        }
        (false, Some(_)) => Err(bad_request("what was not done has no `result`")),
        (_, result) => Ok(Resolution { jti, result }),
    }
}

pub(crate) fn deployed(deployed: engine::Deployed) -> DeployResponse {
    let engine::Deployed { digest, name, new, mode } = deployed;
    DeployResponse { artifact: digest, name, new, shadow: mode == Mode::Shadow }
}

pub(crate) fn health(figures: Figures, conditions: Vec<Condition>) -> HealthResponse {
    let Figures { open_runs, in_doubt, log_entries } = figures;
    let status = |severity| match severity {
        Severity::Degraded => HealthStatus::Degraded,
        Severity::Failing => HealthStatus::Failing,
    };
    let cannot = conditions.into_iter().map(|condition| {
        let Condition { name, severity, detail } = condition;
        HealthCondition { name: name.to_owned(), status: status(severity), detail }
    });
    let cannot: Vec<_> = cannot.collect();
    let worst = cannot.iter().map(|condition| condition.status).max().unwrap_or(HealthStatus::Ok);
    HealthResponse { status: worst, cannot, open_runs, in_doubt, log_entries }
}
