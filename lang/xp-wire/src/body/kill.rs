//! Stopping things, and letting them go on.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stops something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KillRequest {
    /// What is stopped.
    pub scope: KillScope,
    /// For the log.
    pub reason: String,
}

/// What is stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KillScope {
    /// All runs, and no new ones.
    Everything,
    /// Every run of an artifact, by its digest, or of all artifacts of a workflow, by its name; and no new ones.
    Artifact(String),
    /// One run, by its id. It is over then, for good.
    Run(String),
    /// One principal by its name, in every run.
    Principal(String),
    /// One connector instance by its name, in every run.
    Connector(String),
}

/// Something was stopped: from here on nothing of it leaves the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KillResponse {
    /// Index of the log entry about it.
    pub index: u64,
    /// Actions that were under way and were ended.
    pub ended: Vec<EndedAction>,
}

/// An action that a kill ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EndedAction {
    /// Identity of its token.
    pub jti: String,
    /// The run.
    pub run: String,
    /// The step.
    pub step: String,
    /// Qualified action.
    pub action: String,
    /// The connector instance.
    pub instance: String,
    /// Whose it was.
    pub principal: String,
    /// Requests and commands that were under way.
    pub requests: Vec<String>,
    /// Something with an effect was sent, and nobody knows whether it happened.
    pub in_doubt: bool,
}

impl fmt::Display for EndedAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { jti, run, step, action, instance, principal, requests, in_doubt } = self;
        write!(f, "{action} at {instance} by {principal} in step {step} of run {run} ({jti})")?;
        if !requests.is_empty() {
            write!(f, ": {}", requests.join(", "))?;
        }
        f.write_str(if *in_doubt { "; in doubt" } else { "; nothing with an effect was sent" })
    }
}

/// Asks that a kill be lifted. It takes two administrators, or the recovery key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiftRequest {
    /// What was stopped, as it was stopped.
    pub scope: KillScope,
    /// For the log.
    pub reason: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiftResponse {
    /// Index of the log entry about it.
    pub index: u64,
    /// It is lifted. If not, another administrator must ask the same within a day.
    pub lifted: bool,
}

/// A kill in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopInForce {
    /// What is stopped, in words.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Who stopped it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Who asked that it be lifted.
    pub asked_by: Option<String>,
}

/// Something is on the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recorded {
    /// Index of the log entry about it.
    pub index: u64,
}
