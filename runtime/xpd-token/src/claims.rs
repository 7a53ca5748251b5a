//! Claims of both token classes, and the checks on them that hold whoever signed the token.

use serde::{Deserialize, Serialize};
use xp_scope::Digest;

use crate::error::TokenError;
use crate::form::{is_jti, is_name, is_principal_name, is_thumbprint};

/// Longest lifetime of a grant, in seconds.
pub const MAX_GRANT_SECONDS: i64 = 120;
/// Longest lifetime of a session token, in seconds.
pub const MAX_SESSION_SECONDS: i64 = 900;
/// Longest lifetime of the session of a workload, in seconds.
pub const MAX_WORKLOAD_SECONDS: i64 = 600;

/// The key a token is bound to (RFC 9449 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// RFC 7638 thumbprint.
    pub jkt: String,
}

/// The one kind of authorization detail (RFC 9396) that is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailType {
    /// One action in one step.
    #[serde(rename = "xp_step")]
    XpStep,
}

/// An authorization detail (RFC 9396): one action at one connector instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationDetail {
    /// Always `xp_step`.
    #[serde(rename = "type")]
    pub kind: DetailType,
    /// The connector instance.
    pub locations: [String; 1],
    /// The action, `tickets.issues.comment`.
    pub actions: [String; 1],
}

impl AuthorizationDetail {
    /// One action at one connector instance.
    #[must_use]
    pub fn step(instance: impl Into<String>, action: impl Into<String>) -> Self {
        Self { kind: DetailType::XpStep, locations: [instance.into()], actions: [action.into()] }
    }
}

/// What a grant authorizes: one attempt at one step, with one digest of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepBinding {
    /// Digest of the artifact.
    pub art: Digest,
    /// Run id.
    pub run: String,
    /// Name of the step.
    pub step: String,
    /// Ordinal of the step's opening within the run.
    pub opening: u64,
    /// Ordinal of the attempt on the grant within the opening.
    pub attempt: u64,
    /// Digest of the request: declaration, instance and complete canonical arguments.
    pub req: Digest,
}

/// Claims of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantClaims {
    /// Issuer.
    pub iss: String,
    /// Audience: the one proxy that may claim the grant.
    pub aud: String,
    /// Principal.
    pub sub: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Not before, seconds since 1970.
    pub nbf: i64,
    /// Expiry, seconds since 1970. The grant is expired from this second on.
    pub exp: i64,
    /// Id of the grant's row in the store: 32 hex digits, see [`crate::jti`].
    pub jti: String,
    /// Thumbprint of the principal's key.
    pub cnf: Confirmation,
    /// Run id, equal to `xp.run`, under its registered claim name.
    pub txn: String,
    /// Exactly one authorization detail.
    pub authorization_details: [AuthorizationDetail; 1],
    /// What the grant authorizes.
    pub xp: StepBinding,
}

impl GrantClaims {
    /// Checks that hold for every grant. Run before signing and after verifying.
    pub(crate) fn check(&self) -> Result<(), TokenError> {
        common(&self.iss, &self.aud, &self.sub, &self.jti, &self.cnf, &self.txn)?;
        lifetime(self.iat, self.nbf, self.exp, MAX_GRANT_SECONDS)?;
        let [detail] = &self.authorization_details;
        let ([instance], [action]) = (&detail.locations, &detail.actions);
        require(is_name(instance) && is_name(action), "authorization_details")?;
        require(is_name(&self.xp.step), "xp.step")?;
        require(self.xp.run == self.txn, "xp.run")
    }
}

/// Claims of a session token (RFC 9068). A session authorizes its holder to request grants in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionClaims {
    /// Issuer.
    pub iss: String,
    /// Audience: the orchestrator.
    pub aud: String,
    /// Principal.
    pub sub: String,
    /// OAuth client id. Equal to the principal where no separate client is registered.
    pub client_id: String,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Not before, seconds since 1970.
    pub nbf: i64,
    /// When the session was opened, milliseconds since 1970. `iat` has a resolution of one second, which does
    /// not order the session against a revocation in the same second.
    pub xp_opened: u64,
    /// Expiry, seconds since 1970. The session is expired from this second on.
    pub exp: i64,
    /// 32 hex digits, see [`crate::jti`].
    pub jti: String,
    /// Thumbprint of the principal's key.
    pub cnf: Confirmation,
    /// `xp:run:<id>`.
    pub scope: String,
    /// Run id.
    pub txn: String,
    /// For the session of a workload, whose key is in no roster: the part of the roster by which its token was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xp_workload: Option<String>,
}

impl SessionClaims {
    /// The scope of a session for this run.
    #[must_use]
    pub fn scope_of(run: &str) -> String {
        format!("xp:run:{run}")
    }

    /// Checks that hold for every session. Run before signing and after verifying.
    pub(crate) fn check(&self) -> Result<(), TokenError> {
        common(&self.iss, &self.aud, &self.sub, &self.jti, &self.cnf, &self.txn)?;
        let of_workload = self.xp_workload.is_some();
        let longest = if of_workload { MAX_WORKLOAD_SECONDS } else { MAX_SESSION_SECONDS };
        lifetime(self.iat, self.nbf, self.exp, longest)?;
        require(self.xp_workload.as_deref().is_none_or(is_name), "xp_workload")?;
        require(is_principal_name(&self.client_id), "client_id")?;
        require(self.scope == Self::scope_of(&self.txn), "scope")
    }
}

fn common(
    iss: &str,
    aud: &str,
    sub: &str,
    jti: &str,
    cnf: &Confirmation,
    txn: &str,
) -> Result<(), TokenError> {
    require(is_name(iss), "iss")?;
    require(is_name(aud), "aud")?;
    require(is_principal_name(sub), "sub")?;
    require(is_jti(jti), "jti")?;
    require(is_thumbprint(&cnf.jkt), "cnf")?;
    require(is_name(txn), "txn")
}

fn lifetime(iat: i64, nbf: i64, exp: i64, max: i64) -> Result<(), TokenError> {
    require(iat >= 0, "iat")?;
    require(nbf >= iat, "nbf")?;
    require(exp > nbf && exp.saturating_sub(iat) <= max, "exp")
}

fn require(holds: bool, claim: &'static str) -> Result<(), TokenError> {
    if holds { Ok(()) } else { Err(TokenError::Claim(claim)) }
}
