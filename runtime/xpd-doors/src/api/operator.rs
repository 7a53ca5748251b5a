//! Routes for administrators, authenticated by their keys. A deployment also needs the signature of a trusted
//! key on the artifact.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use xp_wire::RefusalCode;
use xp_wire::body::{
    self, DeployResponse, Doubtful, KillRequest, KillResponse, LiftRequest, LiftResponse, Recorded,
    StopInForce,
};

use xpd_engine::orchestrator as engine;

use xpd_store::Mode;

use super::App;
use super::bounds::BUSY;
use super::incoming::Incoming;
use super::problem::Problem;
use super::wire::{self, OpenRun, ResolveRequest};

/// Deploy an artifact.
///
/// Requires an administrator. The body is the artifact file, signed by a trusted key.
#[utoipa::path(post, path = "/v1/artifacts", request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = DeployResponse), (status = "default", body = body::Problem)))]
pub(super) async fn deploy(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<(StatusCode, Json<DeployResponse>), Problem> {
    let caller = incoming.by_admin()?;
    let deployed = app.orchestrator.deploy(caller, Mode::Enforced, incoming.body).await?;
    let status = if deployed.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(wire::deployed(deployed))))
}

/// Deploy an artifact whose runs are shadow runs.
///
/// A deployment apart from the enforced one, with a path of its own, which the proof of the request covers.
#[utoipa::path(post, path = "/v1/shadow/artifacts", request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = DeployResponse), (status = "default", body = body::Problem)))]
pub(super) async fn deploy_shadow(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<(StatusCode, Json<DeployResponse>), Problem> {
    let caller = incoming.by_admin()?;
    let deployed = app.orchestrator.deploy(caller, Mode::Shadow, incoming.body).await?;
    let status = if deployed.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(wire::deployed(deployed))))
}

/// Kill everything, an artifact, a run, a principal or a connector.
///
/// Once this is answered, no request of a stopped action leaves the server.
#[utoipa::path(post, path = "/v1/kill", request_body = KillRequest,
    responses((status = 200, body = KillResponse), (status = "default", body = body::Problem)))]
pub(super) async fn kill(State(app): State<App>, incoming: Incoming) -> Result<Json<KillResponse>, Problem> {
    let (caller, ask) = (incoming.by_admin()?, incoming.json::<KillRequest>()?);
    let (lines, scope) = (app.proxy.lines(), wire::scope(ask.scope));
    Ok(Json(wire::killed(app.orchestrator.kill(lines, caller, scope, ask.reason).await?)))
}

/// List the kills in force.
#[utoipa::path(get, path = "/v1/stops",
    responses((status = 200, body = Vec<StopInForce>), (status = "default", body = body::Problem)))]
pub(super) async fn stops(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<Json<Vec<StopInForce>>, Problem> {
    let stops = app.orchestrator.stops(incoming.by_lifter()?).await?;
    Ok(Json(stops.into_iter().map(wire::stop).collect()))
}

/// Ask to lift a kill.
///
/// It is lifted when a second administrator asks, or when the holder of the recovery key does.
#[utoipa::path(post, path = "/v1/lift", request_body = LiftRequest,
    responses((status = 200, body = LiftResponse), (status = "default", body = body::Problem)))]
pub(super) async fn lift(State(app): State<App>, incoming: Incoming) -> Result<Json<LiftResponse>, Problem> {
    let (caller, ask) = (incoming.by_lifter()?, incoming.json::<LiftRequest>()?);
    let engine::Lifted { index, lifted } =
        app.orchestrator.lift(caller, wire::scope(ask.scope), ask.reason).await?;
    Ok(Json(LiftResponse { index, lifted }))
}

/// List the actions in doubt.
#[utoipa::path(get, path = "/v1/doubts",
    responses((status = 200, body = Vec<Doubtful>), (status = "default", body = body::Problem)))]
pub(super) async fn doubts(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<Json<Vec<Doubtful>>, Problem> {
    let caller = incoming.by_admin()?;
    let doubtful = app.orchestrator.doubtful(caller).await?;
    Ok(Json(doubtful.into_iter().map(wire::doubtful).collect()))
}

/// List the runs that go on, oldest first, with their parameters.
#[utoipa::path(get, path = "/v1/runs",
    responses((status = 200, body = Vec<OpenRun>), (status = "default", body = body::Problem)))]
pub(super) async fn runs(State(app): State<App>, incoming: Incoming) -> Result<Json<Vec<OpenRun>>, Problem> {
    let open = app.orchestrator.open_runs(incoming.by_admin()?).await?;
    Ok(Json(open.into_iter().map(wire::open_run).collect()))
}

/// State how an action in doubt ended.
#[utoipa::path(post, path = "/v1/doubts/{jti}", params(("jti" = String, Path)), request_body = ResolveRequest,
    responses((status = 200, body = Recorded), (status = "default", body = body::Problem)))]
pub(super) async fn resolve(
    State(app): State<App>,
    Path(jti): Path<String>,
    incoming: Incoming,
) -> Result<Json<Recorded>, Problem> {
    let (caller, ask) = (incoming.by_admin()?, incoming.json::<ResolveRequest>()?);
    let answer = app.proxy.resolve(caller, wire::resolution(jti, ask)?).await?;
    Ok(Json(Recorded { index: answer.index }))
}

/// Get the evidence of a run.
///
/// Requires an administrator, since it contains the actions and data of every role.
#[utoipa::path(get, path = "/v1/runs/{run}/evidence", params(("run" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/zip"), (status = "default", body = body::Problem)))]
pub(super) async fn evidence(
    State(app): State<App>,
    Path(run): Path<String>,
    incoming: Incoming,
) -> Result<Response, Problem> {
    let caller = incoming.by_admin()?;
    app.orchestrator.admit(caller).await?;
    let _place = app.packages.try_acquire().map_err(|_| Problem::new(RefusalCode::Busy, BUSY))?;
    let package = app.orchestrator.evidence(&run, app.vkey.clone()).await?;
    Ok(([(header::CONTENT_TYPE, "application/zip")], package).into_response())
}
