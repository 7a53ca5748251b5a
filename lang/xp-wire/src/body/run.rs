//! Starting a run, and where one is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Starts a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct StartRequest<V> {
    /// Digest of an artifact, or name of a workflow: the one deployed last.
    pub artifact: String,
    /// Its parameters: an object, each by its name.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: V,
    /// Principals by role, where they are named at once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub staff: BTreeMap<String, String>,
    /// For repeating the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A run that goes on, for administrators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct OpenRun<V> {
    /// Its id.
    pub run: String,
    /// It is a shadow run: nothing is sent but what the operator lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Name of its workflow.
    pub workflow: String,
    /// Digest of its artifact.
    pub artifact: String,
    /// Its parameters: an object, each by its name.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub params: V,
}

/// A run that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartResponse {
    /// Its id.
    pub run: String,
    /// It is a shadow run: nothing is sent but what the operator lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Digest of its artifact.
    pub artifact: String,
    /// Index of the log entry about it.
    pub index: u64,
    /// The stored answer to an earlier request.
    pub replayed: bool,
}

/// Where a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// It is a shadow run: nothing is sent but what the operator lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
    /// Name of its workflow.
    pub workflow: String,
    /// Digest of its artifact.
    pub artifact: String,
    /// Whether it is over, and how it came to that.
    pub status: RunStatus,
    /// The outcome that ended it, `review.refused`; only with `ended`.
    pub ended_by: Option<String>,
    /// Log entries so far.
    pub entries: u64,
    /// Nothing more is logged about it: the evidence is complete.
    pub closed: bool,
    /// Its steps, in the order of the workflow.
    pub steps: Vec<StepSummary>,
}

/// Whether a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunStatus {
    /// It is not.
    Running,
    /// The outcome that finishes the workflow was reached.
    Finished,
    /// Another outcome ended it.
    Ended,
    /// It was stopped.
    Killed,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepSummary {
    /// Its name.
    pub step: String,
    /// Its role may act in it now.
    pub open: bool,
    /// How often it was opened.
    pub opening: u32,
    /// The outcome it settled with, `review.approved`.
    pub outcome: Option<String>,
}
