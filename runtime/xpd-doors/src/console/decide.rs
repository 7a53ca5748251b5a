//! A decision: what is decided is put into the challenge that the passkey signs, and then recorded.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use xp_wire::RefusalCode;
use xpd_audit::approval::{self, Approval, Statement};
use xpd_engine::orchestrator::Decision;

use super::Console;
use super::passkey::{Purpose, Signed};
use super::session::{DEAD, OfPost, random};
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
    let known = console.orchestrator.passkeys(session.person.clone()).await?;
    let notes = ask.notes.filter(|notes| !notes.is_empty());
    let (outcome, digest) = (ask.outcome, drawn.digest);
    // Its SHA-256 is the challenge.
    let said = Statement {
        person: session.person,
        run: run.clone(),
        step: step.clone(),
        outcome: outcome.clone(),
        reason: notes.clone(),
        digest: digest.clone(),
    };
    let statement = said.text(&random()?);
    let decision = Signed { run, step, outcome, notes, digest, statement };
    Ok(Json(console.passkeys.sign(&session.id, decision, &known)?))
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
    let Purpose::Decide { session: own, decision, keys, state } = console.passkeys.take(&ask.ceremony)?
    else {
        return Err(wrong());
    };
    if own != session.id || decision.run != run || decision.step != step {
        return Err(wrong());
    }
    let asserted = console.passkeys.asserted(&ask.credential, keys, &state)?;
    let Signed { run, step, outcome, notes, digest, statement } = *decision;
    let part = |name: &str| {
        let part = ask.credential.pointer(&format!("/response/{name}")).and_then(Value::as_str);
        part.unwrap_or_default().to_owned()
    };
    let approval = Approval {
        class: approval::PASSKEY.to_owned(),
        digest: digest.clone(),
        statement,
        origin: console.origin.clone(),
        passkey: asserted.id.clone(),
        key: asserted.credential.pointer("/cred/cred").cloned().unwrap_or_default(),
        authenticator_data: part("authenticatorData"),
        client_data: part("clientDataJSON"),
        signature: part("signature"),
    };
    let passkey = (asserted.id, asserted.credential);
    let decision = Decision { step, outcome, notes, digest, passkey, approval };
    let judged = console.orchestrator.decide_shown(console.caller(&session)?, &run, decision).await?;
    Ok(Json(json!({ "to": format!("/runs/{run}?decided={}", judged.index), "index": judged.index })))
}
