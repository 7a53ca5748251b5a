//! Asking for a grant.

use serde::{Deserialize, Serialize};

/// Asks for a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct GrantRequest<V> {
    /// The step it is for.
    pub step: String,
    /// Qualified action, `tickets.issues.read`.
    pub action: String,
    /// The grant of the step that is to serve it, as an offer names it. Needed only where several fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// Arguments: an object, each by its name. Those that can have one value only may be left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub args: V,
    /// For repeating the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct GrantResponse<V> {
    /// The token: good for one use, with these arguments, by the key that asked.
    pub grant: String,
    /// Its identity, as the log and `doubts` name it.
    pub jti: String,
    /// The complete arguments.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub args: V,
    /// Opening of the step it is good for.
    pub opening: u32,
    /// Number of the attempt in that opening.
    pub attempt: u32,
    /// Milliseconds since 1970.
    pub expires: u64,
    /// Index of the log entry about it.
    pub index: u64,
    /// The stored answer to an earlier request.
    pub replayed: bool,
}
