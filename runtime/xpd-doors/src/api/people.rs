//! Routes for administrators on the credentials of people. On the administrators' listeners only.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use xp_wire::RefusalCode;
use xp_wire::body::{self, ConfirmRequest, InviteResponse, PasskeySummary, PersonRequest};
use xpd_engine::orchestrator::PasskeyState;

use super::App;
use super::incoming::Incoming;
use super::problem::Problem;

/// Make a link with which a person enrols a passkey.
#[utoipa::path(post, path = "/v1/people/invite", request_body = PersonRequest,
    responses((status = 200, body = InviteResponse), (status = "default", body = body::Problem)))]
pub(super) async fn invite(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<Json<InviteResponse>, Problem> {
    let (caller, ask) = (incoming.by_admin()?, incoming.json::<PersonRequest>()?);
    let Some(url) = app.people.as_deref() else {
        let why =
            "this server has no door for people: `[people]` with `listen` in its configuration opens one";
        return Err(Problem::new(RefusalCode::NotAllowed, why));
    };
    let invitation = app.orchestrator.invite(caller, ask.person).await?;
    let link = format!("{url}/enrol#{}", invitation.secret);
    Ok(Json(InviteResponse { link, expires_in: invitation.expires_in }))
}

/// Confirm the passkey that shows a number.
#[utoipa::path(post, path = "/v1/people/confirm", request_body = ConfirmRequest,
    responses((status = 204), (status = "default", body = body::Problem)))]
pub(super) async fn confirm(State(app): State<App>, incoming: Incoming) -> Result<StatusCode, Problem> {
    let (caller, ask) = (incoming.by_admin()?, incoming.json::<ConfirmRequest>()?);
    app.orchestrator.confirm(caller, ask.person, ask.number).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraw all passkeys, links and sessions of a person.
#[utoipa::path(post, path = "/v1/people/revoke", request_body = PersonRequest,
    responses((status = 204), (status = "default", body = body::Problem)))]
pub(super) async fn revoke(State(app): State<App>, incoming: Incoming) -> Result<StatusCode, Problem> {
    let (caller, ask) = (incoming.by_admin()?, incoming.json::<PersonRequest>()?);
    app.orchestrator.revoke(caller, ask.person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the passkeys of people.
#[utoipa::path(get, path = "/v1/people",
    responses((status = 200, body = Vec<PasskeySummary>), (status = "default", body = body::Problem)))]
pub(super) async fn list(
    State(app): State<App>,
    incoming: Incoming,
) -> Result<Json<Vec<PasskeySummary>>, Problem> {
    let found = app.orchestrator.all_passkeys(incoming.by_admin()?).await?;
    let one = |passkey: xpd_engine::orchestrator::PersonPasskey| {
        let state = match passkey.state {
            PasskeyState::Waiting => "waiting",
            PasskeyState::Active => "active",
            PasskeyState::Suspended => "suspended",
        };
        PasskeySummary { person: passkey.person, passkey: passkey.id, state: state.to_owned() }
    };
    Ok(Json(found.into_iter().map(one).collect()))
}
