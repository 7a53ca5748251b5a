//! Taking an artifact in. The request's body is the file itself.

use serde::{Deserialize, Serialize};

/// An artifact that may be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeployResponse {
    /// Its digest.
    pub artifact: String,
    /// Name of its workflow.
    pub name: String,
    /// It was not here before, deployed in this way.
    pub new: bool,
    /// Runs of this deployment are shadow runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shadow: bool,
}
