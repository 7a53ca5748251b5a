//! Proofs of possession (RFC 9449): made by an agent for one request, verified by the server.
//!
//! RFC 9449 leaves the body out. `xp_body`, ours, covers it: base64url of the SHA-256 of the body's bytes, required
//! whenever there is a body. Whether a proof was seen before is for the store to say: `(jkt, jti)`, unique.

use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, OctetKeyPairParameters, OctetKeyPairType,
};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::TokenError;
use crate::form::PROOF_TYPE;
use crate::form::{base64url, body_digest, token_digest};
use crate::jwk::PublicJwk;
use crate::keys::KeyPair;
use crate::token::{Parts, no_forbidden, parts, provider};
use crate::url;

/// A proof may be this many seconds off the server's clock, either way.
pub const PROOF_WINDOW_SECONDS: i64 = 60;
/// Longest `jti` of a proof, in characters.
pub const MAX_PROOF_JTI: usize = 64;

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

// Members we do not know are allowed by RFC 9449; named twice they were refused before.
#[derive(Serialize, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xp_body: Option<String>,
}

/// Makes a proof for one request.
pub fn make_proof(key: &KeyPair, request: &ProofRequest<'_>) -> Result<String, TokenError> {
    provider();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(PROOF_TYPE.to_owned());
    header.jwk = Some(Jwk {
        common: CommonParameters::default(),
        algorithm: AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            key_type: OctetKeyPairType::OctetKeyPair,
            curve: EllipticCurve::Ed25519,
            x: base64url(key.public().bytes()),
        }),
    });
    let claims = Claims {
        jti: crate::form::jti(request.random),
        htm: request.method.to_owned(),
        htu: url::normalise(request.url)?,
        iat: request.now,
        ath: request.token.map(token_digest),
        xp_body: (!request.body.is_empty()).then(|| body_digest(request.body)),
    };
    jsonwebtoken::encode(&header, &claims, key.encoding()).map_err(|_| TokenError::Signing)
}

/// Verifies a proof against the request it came with.
pub fn verify_proof(proof: &str, received: &Received<'_>) -> Result<Proof, TokenError> {
    provider();
    let Parts { header, payload, message, signature } = parts(proof)?;
    no_forbidden(&header, &["kid"])?;
    if header.keys().any(|name| !["alg", "typ", "jwk"].contains(&name.as_str())) {
        return Err(TokenError::UnknownHeader);
    }
    if header.get("typ").and_then(Value::as_str) != Some(PROOF_TYPE) {
        return Err(TokenError::WrongType);
    }
    let jwk = header.get("jwk").and_then(Value::as_object).ok_or(TokenError::ProofKey)?;
    let key = PublicJwk::from_json(jwk)?;
    let (algorithm, decoding) = match (&key, header.get("alg").and_then(Value::as_str)) {
        (PublicJwk::Ed25519 { x }, Some("EdDSA")) => (Algorithm::EdDSA, DecodingKey::from_ed_der(x)),
        (PublicJwk::P256 { x, y }, Some("ES256")) => {
            let key = DecodingKey::from_ec_components(&base64url(x), &base64url(y));
            (Algorithm::ES256, key.map_err(|_| TokenError::ProofKey)?)
        }
        _ => return Err(TokenError::Algorithm),
    };
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &decoding, algorithm) {
        Ok(true) => {}
        Ok(false) => return Err(TokenError::Signature),
        Err(_) => return Err(TokenError::Malformed),
    }
    let claims: Claims =
        serde_json::from_value(Value::Object(payload)).map_err(|_| TokenError::Claim("shape"))?;
    check(&claims, received)?;
    Ok(Proof { jkt: key.thumbprint(), jti: claims.jti, iat: claims.iat, key })
}

fn check(claims: &Claims, received: &Received<'_>) -> Result<(), TokenError> {
    if claims.jti.is_empty()
        || claims.jti.len() > MAX_PROOF_JTI
        || !claims.jti.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(TokenError::Claim("jti"));
    }
    if claims.htm != received.method {
        return Err(TokenError::ProofMethod);
    }
    if url::normalise(&claims.htu)? != url::normalise(received.url)? {
        return Err(TokenError::ProofUrl);
    }
    if claims.iat.abs_diff(received.now) > PROOF_WINDOW_SECONDS.unsigned_abs() {
        return Err(TokenError::ProofTime);
    }
    if claims.ath != received.token.map(token_digest) {
        return Err(TokenError::ProofToken);
    }
    let body = body_digest(received.body);
    match &claims.xp_body {
        Some(claimed) if *claimed == body => Ok(()),
        None if received.body.is_empty() => Ok(()),
        _ => Err(TokenError::ProofBody),
    }
}
