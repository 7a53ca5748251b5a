//! What a role does in a step besides acting: hand in, look, decide.

use serde::{Deserialize, Serialize};

/// Hands something in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct SubmissionRequest<V> {
    /// The step it is for.
    pub step: String,
    /// Name of the submission.
    pub name: String,
    /// Of the type that the workflow declares.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub value: V,
    /// For repeating the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Asks to be shown a datum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewRequest {
    /// The step it is read for.
    pub step: String,
    /// `propose.files`.
    pub datum: String,
}

/// A datum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct ViewResponse<V> {
    /// Its value.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub value: V,
    /// Its digest, as the log has it.
    pub digest: String,
    /// Index of the log entry about the first time it was shown.
    pub index: u64,
}

/// Decides an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JudgementRequest {
    /// The step that is decided.
    pub step: String,
    /// Name of the outcome.
    pub outcome: String,
    /// For those to whom the work goes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// For repeating the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A submission or a judgement was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaidResponse {
    /// Index of the log entry about it.
    pub index: u64,
    /// It takes effect when what is under way has ended.
    pub pending: bool,
    /// The stored answer to an earlier request.
    pub replayed: bool,
}
