//! What anybody may read about a server.

use serde::{Deserialize, Serialize};

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerResponse {
    /// Issuer of its tokens, origin of its log.
    pub name: String,
    /// Of the program.
    pub version: String,
    /// The log's public key, as a C2SP verifier key.
    pub log_key: String,
    /// What its separation of deciding and acting is worth.
    pub deployment: Deployment,
}

/// How deciding and acting are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Deployment {
    /// Orchestrator and proxy are one process: a forgotten check is stopped, an intruder is not.
    OneProcess,
}

/// What the server cannot do now, and a few figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthResponse {
    /// The worst of what it cannot do.
    pub status: HealthStatus,
    /// What it cannot do, by name.
    pub cannot: Vec<HealthCondition>,
    /// Runs that are not over.
    pub open_runs: u64,
    /// Actions whose end nobody knows.
    pub in_doubt: u64,
    /// Entries of the log.
    pub log_entries: u64,
}

/// Something that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HealthCondition {
    /// Of which part: `disk`, `store`, `witness`.
    pub name: String,
    /// How bad it is; never `ok`.
    pub status: HealthStatus,
    /// What is not done, and why.
    pub detail: String,
}

/// How a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthStatus {
    /// It does all that it is for.
    Ok,
    /// Something is not done, the rest goes on.
    Degraded,
    /// Nothing that agents ask for is done, and no operator decided so; the status of the answer is 503.
    Failing,
}

/// The keys that sign tokens (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JwkSet {
    /// One for each kind of token.
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The key's 32 bytes, base64url.
    pub x: String,
    /// As the header of a token names it.
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `EdDSA`.
    pub alg: String,
}
