//! People: invitations and passkeys.

use serde::{Deserialize, Serialize};

/// Names a person of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonRequest {
    /// Name of the person.
    pub person: String,
}

/// A one-time link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InviteResponse {
    /// The link. Its fragment is secret.
    pub link: String,
    /// Seconds for which it can be used.
    pub expires_in: u64,
}

/// Confirms a passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmRequest {
    /// Name of the person.
    pub person: String,
    /// The number that the person's screen shows.
    pub number: String,
}

/// A passkey of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeySummary {
    /// Name of the person.
    pub person: String,
    /// Its credential id, base64url.
    pub passkey: String,
    /// Whether it works: `waiting`, `active` or `suspended`.
    pub state: String,
}
