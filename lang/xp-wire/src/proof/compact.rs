//! Compact tokens (RFC 7515) as a signature must mean them: proofs, grants and sessions are read by this.

use serde_json::{Map, Value};

pub use super::error::CompactError;
use super::form::from_base64url;
use super::strict;

/// The largest token or proof that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The three parts of a compact token, the first two as strictly read objects.
pub struct Parts<'a> {
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub payload: Map<String, Value>,
    /// Header and payload as they were signed.
    pub message: &'a str,
    /// The signature in base64url.
    pub signature: &'a str,
}

/// Takes a compact token apart; nothing in it is trusted yet.
///
/// # Errors
/// It is too large, not three parts, or can be read in two ways.
pub fn parts(token: &str) -> Result<Parts<'_>, CompactError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(CompactError::TooLarge);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(CompactError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(CompactError::Malformed)?;
    // A third dot is not base64url, so it fails here.
    let object = |part: &str| strict::object(&from_base64url(part).ok_or(CompactError::Malformed)?);
    Ok(Parts { header: object(header)?, payload: object(payload)?, message, signature })
}

/// Refuses header members by which a token could choose its own key or ask for semantics we do not have, `and` these.
///
/// # Errors
/// It has one of them.
pub fn no_forbidden(header: &Map<String, Value>, and: &[&'static str]) -> Result<(), CompactError> {
    let forbidden = ["jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "zip", "enc", "b64"];
    match forbidden.iter().chain(and).find(|name| header.contains_key(**name)) {
        Some(name) => Err(CompactError::ForbiddenHeader(name)),
        None => Ok(()),
    }
}

/// Makes the choice of `aws-lc-rs` explicit: with two back ends in one build `jsonwebtoken` picks none and panics.
pub fn provider() {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
