//! Decisions that a bridge to a chat sends. What it signed is all that counts: it has no cookie.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use xpd_engine::orchestrator::ChatAnswer;

use super::Console;
use crate::api::problem::Problem;

/// Whether a path is that of a bridge's decisions.
pub(super) fn is_decision(path: &str) -> bool {
    let name = path.strip_prefix("/bridges/").and_then(|rest| rest.strip_suffix("/decisions"));
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    /// The text that was signed.
    statement: String,
    /// The signature, base64url.
    signature: String,
}

pub(super) async fn decide(
    State(console): State<Console>,
    Path(bridge): Path<String>,
    Json(Sent { statement, signature }): Json<Sent>,
) -> Result<Json<Value>, Problem> {
    let answer = ChatAnswer { bridge, statement, signature };
    let judged = console.orchestrator.decide_in_chat(answer).await?;
    Ok(Json(json!({ "index": judged.index, "pending": judged.pending })))
}
