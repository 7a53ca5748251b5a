//! A decision: what is decided is put into the challenge that the passkey signs, or rests on a login at a provider, and is recorded.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use xp_wire::RefusalCode;
use xpd_audit::approval::{self, Approval, Statement};
use xpd_engine::orchestrator::Decision;

use super::Console;
use super::passkey::{Asserted, Deciding, Signed};
use super::session::{DEAD, OfPost, Session, random};
use crate::api::problem::Problem;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// What the page of the request was drawn under.
    ticket: String,
    outcome: String,
    notes: Option<String>,
}

fn refused(why: &str) -> Problem {
    Problem::new(RefusalCode::NotShown, why)
}

pub(super) async fn sign(
    State(console): State<Console>,
    Path((run, step)): Path<(String, String)>,
    OfPost(session): OfPost,
    Json(ask): Json<Ask>,
) -> Result<Json<Value>, Problem> {
    let found = console.sessions.ticket(&session, &ask.ticket);
    let drawn = found.filter(|ticket| ticket.run == run && ticket.step == step);
    let drawn = drawn.ok_or_else(|| refused("this request was not shown to you whole in this session"))?;
    if drawn.drawn.elapsed() < DEAD {
        return Err(refused("nothing is decided in the first second after a request is shown"));
    }
    let caller = console.caller(&session)?;
    let now = console.orchestrator.standing(caller, &run, &step).await?;
    if now.as_ref() != Some(&drawn.digest) {
        return Err(refused("what waits here has changed since it was shown; open it again"));
    }
    let notes = ask.notes.filter(|notes| !notes.is_empty());
    let (outcome, digest) = (ask.outcome, drawn.digest);
    // Its SHA-256 is the challenge.
    let said = Statement {
        person: session.person.clone(),
        run: run.clone(),
        step: step.clone(),
        outcome: outcome.clone(),
        reason: notes.clone(),
        digest: digest.clone(),
    };
    let statement = said.text(&random()?);
    let decision = Signed { run, step, outcome, notes, digest, statement };
    let known = console.orchestrator.passkeys(session.person.clone()).await?;
    if !known.is_empty() {
        return Ok(Json(console.passkeys.sign(&session.id, decision, &known)?));
    }
    let approval = by_login(&console, &session, &decision)?;
    console.orchestrator.decides_by_login(console.caller(&session)?, approval.clone()).await?;
    let (decision, approval) = (Box::new(decision), Box::new(approval));
    let kept = Deciding::ByLogin { session: session.id.clone(), decision, approval };
    Ok(Json(json!({ "ceremony": console.passkeys.deciding(&session.id, kept)?, "options": null })))
}

/// The approval of a decision that rests on the login of its session. Which of them suffice, the engine says; here it must be a
/// login in whose session other programs on the machine cannot have taken part.
fn by_login(console: &Console, session: &Session, decision: &Signed) -> Result<Approval, Problem> {
    let refused = |why: &str| Problem::new(RefusalCode::NotAllowed, why);
    let login =
        session.login.as_ref().ok_or_else(|| refused("a passkey signs each decision, and you have none"))?;
    if approval::is_local(&console.origin) {
        return Err(refused(
            "on a loopback name a passkey signs each decision, and you have none: ask an administrator for a link",
        ));
    }
    let Some(authenticated) = login.authenticated else {
        return Err(refused(
            "your provider does not say when you were authenticated, so a passkey signs your decisions: ask an administrator for a link",
        ));
    };
    Ok(Approval::Oidc {
        digest: decision.digest.clone(),
        statement: decision.statement.clone(),
        origin: console.origin.clone(),
        issuer: login.issuer.clone(),
        subject: login.subject.clone(),
        authenticated,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finish {
    ceremony: String,
    credential: Value,
}

pub(super) async fn decide(
    State(console): State<Console>,
    Path((run, step)): Path<(String, String)>,
    OfPost(session): OfPost,
    Json(ask): Json<Finish>,
) -> Result<Json<Value>, Problem> {
    let wrong = || Problem::new(RefusalCode::BadRequest, "this is the ceremony of something else");
    let (decision, passkey, approval) = match console.passkeys.decides(&ask.ceremony)? {
        Deciding::ByLogin { session: own, decision, approval } if own == session.id => {
            (*decision, None, *approval)
        }
        Deciding::ByPasskey { session: own, decision, keys, state } if own == session.id => {
            let asserted = console.passkeys.asserted(&ask.credential, keys, &state)?;
            let approval = signed(&console, &decision, &asserted, &ask.credential);
            (*decision, Some((asserted.id, asserted.credential)), approval)
        }
        _ => return Err(wrong()),
    };
    if decision.run != run || decision.step != step {
        return Err(wrong());
    }
    let Signed { run, step, outcome, notes, digest, .. } = decision;
    let decision = Decision { step, outcome, notes, digest, passkey, approval };
    let judged = console.orchestrator.decide_shown(console.caller(&session)?, &run, decision).await?;
    Ok(Json(json!({ "to": format!("/runs/{run}?decided={}", judged.index), "index": judged.index })))
}

/// The approval of a decision that a passkey signed.
fn signed(console: &Console, decision: &Signed, asserted: &Asserted, credential: &Value) -> Approval {
    let part = |name: &str| {
        let part = credential.pointer(&format!("/response/{name}")).and_then(Value::as_str);
        part.unwrap_or_default().to_owned()
    };
    Approval::Passkey {
        digest: decision.digest.clone(),
        statement: decision.statement.clone(),
        origin: console.origin.clone(),
        passkey: asserted.id.clone(),
        key: asserted.credential.pointer("/cred/cred").cloned().unwrap_or_default(),
        authenticator_data: part("authenticatorData"),
        client_data: part("clientDataJSON"),
        signature: part("signature"),
    }
}
