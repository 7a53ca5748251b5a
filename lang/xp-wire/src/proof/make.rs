//! Making a proof for one request.

use serde_json::json;

use super::claims::{Claims, PROOF_TYPE};
use super::error::ProofError;
use super::form::{self, base64url, body_digest, token_digest};
use super::jwk::PublicJwk;
use super::url;

/// The request a proof is made for.
#[derive(Clone, Copy, Debug)]
pub struct ProofRequest<'a> {
    /// HTTP method, in capitals.
    pub method: &'a str,
    /// Absolute URL; query and fragment are left out of the proof.
    pub url: &'a str,
    /// The token sent along, if any.
    pub token: Option<&'a str>,
    /// Body bytes; empty for none.
    pub body: &'a [u8],
    /// The agent's time, seconds since 1970.
    pub now: i64,
    /// Fresh randomness.
    pub random: [u8; 16],
}

/// Makes a proof with an Ed25519 key: its public half, and what signs with it.
///
/// # Errors
/// The URL is none that a proof can name.
pub fn make_proof(
    public: &[u8; 32],
    sign: impl FnOnce(&[u8]) -> [u8; 64],
    request: &ProofRequest<'_>,
) -> Result<String, ProofError> {
    let jwk = PublicJwk::Ed25519 { x: *public }.to_json();
    let header = json!({ "typ": PROOF_TYPE, "alg": "EdDSA", "jwk": jwk });
    let claims = Claims {
        jti: form::jti(request.random),
        htm: request.method.to_owned(),
        htu: url::normalise(request.url)?,
        iat: request.now,
        ath: request.token.map(token_digest),
        xp_body: (!request.body.is_empty()).then(|| body_digest(request.body)),
    };
    let claims = serde_json::to_vec(&claims).map_err(|_| ProofError::Claim("shape"))?;
    let message = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(&claims));
    let signature = base64url(&sign(message.as_bytes()));
    Ok(format!("{message}.{signature}"))
}
