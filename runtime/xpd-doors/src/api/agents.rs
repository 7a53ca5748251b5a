//! Routes for agents.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use xp_wire::body::{
    self, JudgementRequest, RunSummary, SaidResponse, SessionRequest, SessionResponse, StartResponse,
    ViewRequest,
};
use xpd_engine::orchestrator::Caller;
use xpd_proxy::{Fault, Refused, Use};

use super::App;
use super::incoming::Incoming;
use super::problem::Problem;
use super::wire::{
    self, ActionRequest, ActionResponse, GrantRequest, GrantResponse, Offer, StartRequest, SubmissionRequest,
    ViewResponse,
};

type Answer<T> = Result<Json<T>, Problem>;

/// Start a run.
#[utoipa::path(post, path = "/v1/runs", request_body = StartRequest,
    responses((status = 201, body = StartResponse), (status = "default", body = body::Problem)))]
pub(super) async fn start(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<(StatusCode, Json<StartResponse>), Problem> {
    let (caller, ask) = (incoming.by_key()?, incoming.json::<StartRequest>()?);
    let started = app.orchestrator.start(caller, wire::start(ask)?).await?;
    Ok((StatusCode::CREATED, Json(wire::started(started))))
}

/// Exchange a proof by a registered key for a session of one run.
#[utoipa::path(post, path = "/v1/sessions", request_body = SessionRequest,
    responses((status = 200, body = SessionResponse), (status = "default", body = body::Problem)))]
pub(super) async fn session(State(app): State<App>, incoming: Incoming) -> Answer<SessionResponse> {
    let (caller, ask) = (incoming.by_key()?, incoming.json::<SessionRequest>()?);
    let session = app.orchestrator.open_session(caller, &ask.run).await?;
    Ok(Json(wire::session(session)))
}

/// Get the status of a run.
#[utoipa::path(get, path = "/v1/runs/{run}", params(("run" = String, Path)),
    responses((status = 200, body = RunSummary), (status = "default", body = body::Problem)))]
pub(super) async fn summary(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<RunSummary> {
    let caller = incoming.by_session_or_admin(&run)?;
    Ok(Json(wire::summary(app.orchestrator.summary(caller, &run).await?)))
}

/// List the grants that the caller may request now.
#[utoipa::path(get, path = "/v1/runs/{run}/offers", params(("run" = String, Path)),
    responses((status = 200, body = Vec<Offer>), (status = "default", body = body::Problem)))]
pub(super) async fn offers(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<Vec<Offer>> {
    let caller = incoming.by_session(&run)?;
    let offers = app.orchestrator.offers(caller, &run).await?;
    Ok(Json(offers.into_iter().map(wire::offer).collect()))
}

/// Request a grant.
#[utoipa::path(post, path = "/v1/runs/{run}/grants", params(("run" = String, Path)), request_body = GrantRequest,
    responses((status = 200, body = GrantResponse), (status = "default", body = body::Problem)))]
pub(super) async fn grant(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<GrantResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<GrantRequest>()?);
    let (step, action) = (ask.step.clone(), ask.action.clone());
    match app.orchestrator.request(caller, &run, wire::ask(ask)?).await {
        Ok(granted) => Ok(Json(wire::granted(granted))),
        Err(fault) => Err(under_clause(&app, &run, &step, &action, fault).await),
    }
}

/// Use a grant: claim it, perform the action, record the result.
#[utoipa::path(post, path = "/v1/runs/{run}/actions", params(("run" = String, Path)), request_body = ActionRequest,
    responses((status = 200, body = ActionResponse), (status = "default", body = body::Problem)))]
pub(super) async fn act(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<ActionResponse> {
    let ((caller, claims), ask) = (incoming.by_grant(&run)?, incoming.json::<ActionRequest>()?);
    let args = ask.args.map(wire::members).transpose()?;
    let [detail] = &claims.authorization_details;
    let (step, [action]) = (claims.xp.step.clone(), detail.actions.clone());
    let using = Use { claims, args, request_id: ask.request_id };
    let answer = carry_out(&app, &run, &step, &action, caller, using).await?;
    Ok(Json(wire::done(answer)))
}

/// Make a submission.
#[utoipa::path(post, path = "/v1/runs/{run}/submissions", params(("run" = String, Path)),
    request_body = SubmissionRequest,
    responses((status = 200, body = SaidResponse), (status = "default", body = body::Problem)))]
pub(super) async fn submit(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<SaidResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<SubmissionRequest>()?);
    Ok(Json(wire::said(app.orchestrator.submit(caller, &run, wire::submission(ask)).await?)))
}

/// View a datum of the run.
#[utoipa::path(post, path = "/v1/runs/{run}/views", params(("run" = String, Path)), request_body = ViewRequest,
    responses((status = 200, body = ViewResponse), (status = "default", body = body::Problem)))]
pub(super) async fn view(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<ViewResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<ViewRequest>()?);
    let shown = app.orchestrator.view(caller, &run, ask.step, ask.datum).await?;
    Ok(Json(wire::shown(shown)))
}

/// Judge an outcome.
#[utoipa::path(post, path = "/v1/runs/{run}/judgements", params(("run" = String, Path)),
    request_body = JudgementRequest,
    responses((status = 200, body = SaidResponse), (status = "default", body = body::Problem)))]
pub(super) async fn judge(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<SaidResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<JudgementRequest>()?);
    Ok(Json(wire::said(app.orchestrator.judge(caller, &run, wire::judgement(ask)).await?)))
}

/// Uses a grant. A failure of the action is a refusal, too.
pub(crate) async fn carry_out(
    app: &App,
    run: &str,
    step: &str,
    action: &str,
    caller: Caller,
    using: Use,
) -> Result<xpd_proxy::Answer, Problem> {
    let answer = match app.proxy.carry_out(caller, using).await {
        Ok(answer) => answer,
        Err(fault) => return Err(under_clause(app, run, step, action, fault).await),
    };
    let Some(failure) = answer.failure else { return Ok(answer) };
    let reason = match failure.status {
        Some(status) => format!("{} (status {status})", failure.reason),
        None => failure.reason,
    };
    let mut refused = Refused::new(failure.code, reason);
    refused.index = Some(answer.index);
    Err(under_clause(app, run, step, action, refused.into()).await)
}

/// A refusal of a token, a value or an upstream names no clause; it then gets the clause of the grant.
pub(crate) async fn under_clause(app: &App, run: &str, step: &str, action: &str, fault: Fault) -> Problem {
    match fault {
        Fault::Refused(mut refused) if refused.clause.is_none() => {
            refused.clause = app.orchestrator.granting(run, step, action).await;
            refused.into()
        }
        other => other.into(),
    }
}
