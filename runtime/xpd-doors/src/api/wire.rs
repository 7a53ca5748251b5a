//! What stands on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xp_scope::Value;

use super::problem::Problem;

/// A record of values, read strictly: a name twice is refused.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(crate) struct Values(Value);

impl Values {
    /// Its members.
    pub fn members(self) -> Result<BTreeMap<String, Value>, Problem> {
        match self.0 {
            Value::Record(members) => Ok(members),
            _ => Err(Problem::new("bad_request", "arguments and parameters are objects")),
        }
    }

    /// Of these members.
    pub fn of(members: BTreeMap<String, Value>) -> Self {
        Self(Value::Record(members))
    }
}

/// Starts a run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartRequest {
    /// Digest of an artifact, or name of a workflow.
    pub artifact: String,
    /// Its parameters.
    pub params: Values,
    /// Principals by role, where they are named at once.
    #[serde(default)]
    pub staff: BTreeMap<String, String>,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// A run that was started.
#[derive(Serialize, ToSchema)]
pub(crate) struct StartResponse {
    pub run: String,
    pub artifact: String,
    pub index: u64,
    pub replayed: bool,
}

/// Opens a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionRequest {
    /// The run it is for.
    pub run: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionResponse {
    pub access_token: String,
    /// Always `DPoP`.
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
}

/// Asks for a grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantRequest {
    /// The step it is for.
    pub step: String,
    /// Qualified action, `tickets.issues.read`.
    pub action: String,
    /// Arguments; those that can have one value only may be left out.
    pub args: Values,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// A grant.
#[derive(Serialize, ToSchema)]
pub(crate) struct GrantResponse {
    /// The token: good for one use, with these arguments, by the key that asked.
    pub grant: String,
    pub jti: String,
    /// The complete arguments.
    pub args: Values,
    pub opening: u32,
    pub attempt: u32,
    /// Milliseconds since 1970.
    pub expires: u64,
    pub index: u64,
    pub replayed: bool,
}

/// Uses a grant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionRequest {
    /// Arguments; left out, those the token was cut for.
    pub args: Option<Values>,
    /// For repeating the request.
    pub request_id: Option<String>,
}

/// What an action gave.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActionResponse {
    #[schema(value_type = Object)]
    pub result: Option<Value>,
    /// It is evidence of the step's current opening.
    pub bound: bool,
    pub index: u64,
    /// The stored answer to an earlier request.
    pub replayed: bool,
}

/// Hands something in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmissionRequest {
    pub step: String,
    /// Name of the submission.
    pub name: String,
    #[schema(value_type = Object)]
    pub value: Value,
    pub request_id: Option<String>,
}

/// Asks to be shown a datum.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewRequest {
    /// The step it is read for.
    pub step: String,
    /// `propose.files`.
    pub datum: String,
}

/// A datum.
#[derive(Serialize, ToSchema)]
pub(crate) struct ViewResponse {
    #[schema(value_type = Object)]
    pub value: Value,
    pub digest: String,
    pub index: u64,
}

/// Decides an outcome.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JudgementRequest {
    pub step: String,
    pub outcome: String,
    /// For those to whom the work goes back.
    pub notes: Option<String>,
    pub request_id: Option<String>,
}

/// It was accepted.
#[derive(Serialize, ToSchema)]
pub(crate) struct SaidResponse {
    pub index: u64,
    /// It takes effect when what is under way has ended.
    pub pending: bool,
    pub replayed: bool,
}

/// Stops something.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KillRequest {
    pub scope: KillScope,
    pub reason: String,
}

/// What is stopped.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KillScope {
    Everything,
    Run(String),
    Principal(String),
}

/// Something is on the record.
#[derive(Serialize, ToSchema)]
pub(crate) struct Recorded {
    pub index: u64,
}

/// A person's word on an action in doubt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveRequest {
    /// Whether it was carried out.
    pub done: bool,
    /// What came back: with `done` only, and always with it; `{}` for an action that gives nothing back. Never null.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = serde_json::Value, required = false)]
    pub result: Option<Value>,
}

/// Left out is one thing, null would be another: it is no value.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl ResolveRequest {
    /// What came back, if it was carried out.
    pub fn result(self) -> Result<Option<Value>, Problem> {
        let wrong = |why: &str| Err(Problem::new("bad_request", why));
        match (self.done, self.result) {
            (true, None) => wrong("`done` needs the `result`; `{}` where the action gives nothing back"),
            (false, Some(_)) => wrong("what was not done has no `result`"),
            (_, result) => Ok(result),
        }
    }
}

/// An artifact that may be run.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeployResponse {
    pub artifact: String,
    pub name: String,
    /// It was not here before.
    pub new: bool,
}

/// This server.
#[derive(Serialize, ToSchema)]
pub(crate) struct ServerResponse {
    /// Issuer of its tokens, origin of its log.
    pub name: String,
    pub version: &'static str,
    /// The log's public key.
    pub log_key: String,
    /// Orchestrator and proxy are one process: a forgotten check is stopped, an intruder is not.
    pub deployment: &'static str,
}
