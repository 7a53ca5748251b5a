//! Stopping things.

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
    /// One run, by its id.
    Run(String),
    /// One principal by its name, in every run.
    Principal(String),
}

/// Something is on the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recorded {
    /// Index of the log entry about it.
    pub index: u64,
}
