//! What a principal may do in a run now.

use serde::{Deserialize, Serialize};

/// Without a parameter, so that its schema is named without one.
#[cfg(feature = "openapi")]
type AnyOfferedGrant = OfferedGrant<serde_json::Value>;

/// An open step of one of the principal's roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct Offer<V> {
    /// Name of the step.
    pub step: String,
    /// Name of the role.
    pub role: String,
    /// Number of the opening.
    pub opening: u32,
    /// What may be done.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<AnyOfferedGrant>))]
    pub grants: Vec<OfferedGrant<V>>,
    /// What is to be handed in: its name, and whether it was.
    pub submissions: Vec<(String, bool)>,
    /// The outcomes the role may decide.
    pub outcomes: Vec<OfferedOutcome>,
    /// Notes left by those who sent the work back, oldest first.
    pub notes: Vec<String>,
    /// Values and notes of the run are left out until the principal plays the role: it does from its first view or act on. Arguments
    /// with only one possible value can be left out of a request.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// A grant of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(bound = ""))]
pub struct OfferedGrant<V> {
    /// Its name in requests: the name of its result, or its number within the step, from 1.
    pub grant: String,
    /// Qualified action.
    pub action: String,
    /// Each argument: its name, what it must be in words, and its value where only one is possible.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<(String, String, serde_json::Value)>))]
    pub args: Vec<(String, String, Option<V>)>,
    /// Uses left.
    pub left: u32,
}

/// An outcome of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfferedOutcome {
    /// Its name.
    pub outcome: String,
    /// The datum that must have been seen, `propose.files`.
    pub of: Option<String>,
    /// The evidence it needs is there.
    pub evidence: bool,
}
