//! Checking a proof against the request it came with.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::claims::{Claims, MAX_PROOF_JTI, PROOF_TYPE, PROOF_WINDOW_SECONDS};
use super::compact::{self, CompactError, Parts};
use super::error::ProofError;
use super::form::{base64url, body_digest, token_digest};
use super::jwk::PublicJwk;
use super::url;

/// The request a proof came with.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// HTTP method as received.
    pub method: &'a str,
    /// The URL this server has for the request, never one taken from the proof.
    pub url: &'a str,
    /// The token that came along, if any.
    pub token: Option<&'a str>,
    /// Body bytes as received.
    pub body: &'a [u8],
    /// The store's time, seconds since 1970.
    pub now: i64,
}

/// A proof that holds, once the store has not seen `(jkt, jti)` before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Thumbprint of the key.
    pub jkt: String,
    /// Unique per key.
    pub jti: String,
    /// When it was made, seconds since 1970.
    pub iat: i64,
    /// The key.
    pub key: PublicJwk,
}

/// Verifies a proof against the request it came with.
pub fn verify_proof(proof: &str, received: &Received<'_>) -> Result<Proof, ProofError> {
    compact::provider();
    let Parts { header, payload, message, signature } = compact::parts(proof)?;
    compact::no_forbidden(&header, &["kid"])?;
    if header.keys().any(|name| !["alg", "typ", "jwk"].contains(&name.as_str())) {
        return Err(ProofError::UnknownHeader);
    }
    if header.get("typ").and_then(Value::as_str) != Some(PROOF_TYPE) {
        return Err(ProofError::WrongType);
    }
    let jwk = header.get("jwk").and_then(Value::as_object).ok_or(ProofError::Key)?;
    let key = PublicJwk::from_json(jwk)?;
    let (algorithm, decoding) = match (&key, header.get("alg").and_then(Value::as_str)) {
        (PublicJwk::Ed25519 { x }, Some("EdDSA")) => (Algorithm::EdDSA, DecodingKey::from_ed_der(x)),
        (PublicJwk::P256 { x, y }, Some("ES256")) => {
            let key = DecodingKey::from_ec_components(&base64url(x), &base64url(y));
            (Algorithm::ES256, key.map_err(|_| ProofError::Key)?)
        }
        _ => return Err(ProofError::Algorithm),
    };
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &decoding, algorithm) {
        Ok(true) => {}
        Ok(false) => return Err(ProofError::Signature),
        Err(_) => return Err(CompactError::Malformed.into()),
    }
    let claims: Claims =
        serde_json::from_value(Value::Object(payload)).map_err(|_| ProofError::Claim("shape"))?;
    check(&claims, received)?;
    Ok(Proof { jkt: key.thumbprint(), jti: claims.jti, iat: claims.iat, key })
}

fn check(claims: &Claims, received: &Received<'_>) -> Result<(), ProofError> {
    if claims.jti.is_empty()
        || claims.jti.len() > MAX_PROOF_JTI
        || !claims.jti.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(ProofError::Claim("jti"));
    }
    if claims.htm != received.method {
        return Err(ProofError::Method);
    }
    if url::normalise(&claims.htu)? != url::normalise(received.url)? {
        return Err(ProofError::Url);
    }
    if claims.iat.abs_diff(received.now) > PROOF_WINDOW_SECONDS.unsigned_abs() {
        return Err(ProofError::Time);
    }
    if claims.ath != received.token.map(token_digest) {
        return Err(ProofError::Token);
    }
    let body = body_digest(received.body);
    match &claims.xp_body {
        Some(claimed) if *claimed == body => Ok(()),
        None if received.body.is_empty() => Ok(()),
        _ => Err(ProofError::Body),
    }
}
