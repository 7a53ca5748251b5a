//! Sessions: a token for one run, in exchange for a proof by a registered key.

use serde::{Deserialize, Serialize};

/// Opens a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionRequest {
    /// The run it is for.
    pub run: String,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionResponse {
    /// Sent as `Authorization: DPoP <token>`, each time with a proof by the same key.
    pub access_token: String,
    /// How the token is sent (RFC 9449).
    pub token_type: TokenType,
    /// Seconds.
    pub expires_in: i64,
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenType {
    /// With a proof of possession.
    DPoP,
}
