//! The agents' doors.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use xpd_engine::orchestrator::{Ask, Judgement, Said, StartRun, Submission};
use xpd_proxy::{Fault, Refused, Use};

use super::App;
use super::incoming::Incoming;
use super::problem::Problem;
use super::wire::{
    ActionRequest, ActionResponse, GrantRequest, GrantResponse, JudgementRequest, SaidResponse,
    SessionRequest, SessionResponse, StartRequest, StartResponse, SubmissionRequest, Values, ViewRequest,
    ViewResponse,
};

type Answer<T> = Result<Json<T>, Problem>;

/// Start a run.
#[utoipa::path(post, path = "/v1/runs", request_body = StartRequest,
    responses((status = 201, body = StartResponse), (status = "default", body = Problem)))]
pub(super) async fn start(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<(StatusCode, Json<StartResponse>), Problem> {
    let (caller, ask) = (incoming.by_key()?, incoming.json::<StartRequest>()?);
    let StartRequest { artifact, params, staff, request_id } = ask;
    let ask = StartRun { artifact, params: params.members()?, staff, request_id };
    let started = app.orchestrator.start(caller, ask).await?;
    let response = StartResponse {
        run: started.run,
        artifact: started.artifact,
        index: started.index,
        replayed: started.replayed,
    };
    Ok((StatusCode::CREATED, Json(response)))
}

/// Exchange a proof by a registered key for a session of one run.
#[utoipa::path(post, path = "/v1/sessions", request_body = SessionRequest,
    responses((status = 200, body = SessionResponse), (status = "default", body = Problem)))]
pub(super) async fn session(State(app): State<App>, incoming: Incoming) -> Answer<SessionResponse> {
    let (caller, ask) = (incoming.by_key()?, incoming.json::<SessionRequest>()?);
    let session = app.orchestrator.open_session(caller, &ask.run).await?;
    Ok(Json(SessionResponse {
        access_token: session.token,
        token_type: "DPoP",
        expires_in: session.expires_in,
    }))
}

/// Where a run is.
#[utoipa::path(get, path = "/v1/runs/{run}", params(("run" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn summary(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<xpd_engine::orchestrator::RunSummary> {
    let caller = incoming.by_session_or_admin(&run)?;
    Ok(Json(app.orchestrator.summary(caller, &run).await?))
}

/// What the caller may do now.
#[utoipa::path(get, path = "/v1/runs/{run}/offers", params(("run" = String, Path)),
    responses((status = 200, body = Object), (status = "default", body = Problem)))]
pub(super) async fn offers(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<Vec<xp_machine::Offer>> {
    let caller = incoming.by_session(&run)?;
    Ok(Json(app.orchestrator.offers(caller, &run).await?))
}

/// Ask for a grant.
#[utoipa::path(post, path = "/v1/runs/{run}/grants", params(("run" = String, Path)), request_body = GrantRequest,
    responses((status = 200, body = GrantResponse), (status = "default", body = Problem)))]
pub(super) async fn grant(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<GrantResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<GrantRequest>()?);
    let GrantRequest { step, action, args, request_id } = ask;
    let asked = Ask { step: step.clone(), action: action.clone(), args: args.members()?, request_id };
    let granted = match app.orchestrator.request(caller, &run, asked).await {
        Ok(granted) => granted,
        Err(fault) => return Err(under_clause(&app, &run, &step, &action, fault).await),
    };
    Ok(Json(GrantResponse {
        grant: granted.token,
        jti: granted.jti,
        args: Values::of(granted.args),
        opening: granted.opening,
        attempt: granted.attempt,
        expires: granted.expires,
        index: granted.index,
        replayed: granted.replayed,
    }))
}

/// Use a grant: claim, act, record.
#[utoipa::path(post, path = "/v1/runs/{run}/actions", params(("run" = String, Path)), request_body = ActionRequest,
    responses((status = 200, body = ActionResponse), (status = "default", body = Problem)))]
pub(super) async fn act(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<ActionResponse> {
    let ((caller, claims), ask) = (incoming.by_grant(&run)?, incoming.json::<ActionRequest>()?);
    let args = ask.args.map(Values::members).transpose()?;
    let [detail] = &claims.authorization_details;
    let (step, [action]) = (claims.xp.step.clone(), detail.actions.clone());
    let using = Use { claims, args, request_id: ask.request_id };
    let answer = match app.proxy.carry_out(caller, using).await {
        Ok(answer) => answer,
        Err(fault) => return Err(under_clause(&app, &run, &step, &action, fault).await),
    };
    if let Some(failure) = answer.failure {
        let reason = match failure.status {
            Some(status) => format!("{} (status {status})", failure.reason),
            None => failure.reason,
        };
        let mut refused = Refused::new(&failure.code, reason);
        refused.index = Some(answer.index);
        return Err(under_clause(&app, &run, &step, &action, refused.into()).await);
    }
    Ok(Json(ActionResponse {
        result: answer.result,
        bound: answer.bound,
        index: answer.index,
        replayed: answer.replayed,
    }))
}

/// Hand something in.
#[utoipa::path(post, path = "/v1/runs/{run}/submissions", params(("run" = String, Path)),
    request_body = SubmissionRequest,
    responses((status = 200, body = SaidResponse), (status = "default", body = Problem)))]
pub(super) async fn submit(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<SaidResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<SubmissionRequest>()?);
    let SubmissionRequest { step, name, value, request_id } = ask;
    let said = app.orchestrator.submit(caller, &run, Submission { step, name, value, request_id }).await?;
    Ok(Json(said_response(said)))
}

/// Be shown a datum of the run.
#[utoipa::path(post, path = "/v1/runs/{run}/views", params(("run" = String, Path)), request_body = ViewRequest,
    responses((status = 200, body = ViewResponse), (status = "default", body = Problem)))]
pub(super) async fn view(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<ViewResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<ViewRequest>()?);
    let shown = app.orchestrator.view(caller, &run, ask.step, ask.datum).await?;
    Ok(Json(ViewResponse { value: shown.value, digest: shown.digest, index: shown.index }))
}

/// Decide an outcome.
#[utoipa::path(post, path = "/v1/runs/{run}/judgements", params(("run" = String, Path)),
    request_body = JudgementRequest,
    responses((status = 200, body = SaidResponse), (status = "default", body = Problem)))]
pub(super) async fn judge(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Answer<SaidResponse> {
    let (caller, ask) = (incoming.by_session(&run)?, incoming.json::<JudgementRequest>()?);
    let JudgementRequest { step, outcome, notes, request_id } = ask;
    let said = app.orchestrator.judge(caller, &run, Judgement { step, outcome, notes, request_id }).await?;
    Ok(Json(said_response(said)))
}

fn said_response(said: Said) -> SaidResponse {
    SaidResponse { index: said.index, pending: said.pending, replayed: said.replayed }
}

/// A refusal about a token, a value or an upstream names no clause of its own: then it is the one the grant stands in.
async fn under_clause(app: &App, run: &str, step: &str, action: &str, fault: Fault) -> Problem {
    match fault {
        Fault::Refused(mut refused) if refused.clause.is_none() => {
            refused.clause = app.orchestrator.granting(run, step, action).await;
            refused.into()
        }
        other => other.into(),
    }
}
