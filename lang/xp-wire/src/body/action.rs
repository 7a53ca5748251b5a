//! Using a grant.

use serde::{Deserialize, Serialize};

/// Uses a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct ActionRequest<V> {
    /// Arguments: an object, each by its name. Left out, those the token was cut for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub args: Option<V>,
    /// For repeating the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// What an action gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct ActionResponse<V> {
    /// What came back, of the type that the action declares.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub result: Option<V>,
    /// It is evidence of the step's current opening.
    pub bound: bool,
    /// Index of the log entry about its end.
    pub index: u64,
    /// The stored answer to an earlier request.
    pub replayed: bool,
}
