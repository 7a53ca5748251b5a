//! Issuing and verifying tokens of both classes.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xp_wire::proof::compact::{self, CompactError, MAX_TOKEN_BYTES, Parts};

use crate::claims::{GrantClaims, SessionClaims};
use crate::error::TokenError;
use crate::form::{GRANT_TYPE, SESSION_TYPE};
use crate::keys::{KeyPair, KeyRing};

/// What a token must match to be accepted.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Expected issuer.
    pub issuer: &'a str,
    /// Expected audience.
    pub audience: &'a str,
    /// The keys trusted for this class of token.
    pub keys: &'a KeyRing,
    /// The store's time, seconds since 1970, against which `nbf` and `exp` are checked.
    pub now: i64,
    /// Thumbprint of the key whose possession was proved; see [`xp_wire::proof::verify_proof`].
    pub jkt: &'a str,
}

/// The part of [`Expected`] that does not depend on time or on the bearer.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// Expected issuer.
    pub issuer: &'a str,
    /// Expected audience.
    pub audience: &'a str,
    /// The keys trusted for this class of token.
    pub keys: &'a KeyRing,
}

impl<'a> Expected<'a> {
    fn origin(&self) -> Origin<'a> {
        Origin { issuer: self.issuer, audience: self.audience, keys: self.keys }
    }
}

/// Signs a grant.
pub fn issue_grant(claims: &GrantClaims, key: &KeyPair) -> Result<String, TokenError> {
    claims.check()?;
    sign(GRANT_TYPE, claims, key)
}

/// Signs a session token.
pub fn issue_session(claims: &SessionClaims, key: &KeyPair) -> Result<String, TokenError> {
    claims.check()?;
    sign(SESSION_TYPE, claims, key)
}

/// Verifies a grant. The result does not authorize an action: the caller must also claim the grant's row in
/// the store, and the request must have the digest `xp.req`, which the machine compares at the claim.
pub fn verify_grant(token: &str, expected: &Expected<'_>) -> Result<GrantClaims, TokenError> {
    let claims = authentic_grant(token, &expected.origin())?;
    current(claims.iat, claims.nbf, claims.exp, expected.now)?;
    if claims.cnf.jkt == expected.jkt { Ok(claims) } else { Err(TokenError::Binding) }
}

/// Verifies signature, header and claims of a grant, but neither its validity period nor the bearer's key.
/// The caller decides from the grant's row whether the grant is current and who may use it.
pub fn authentic_grant(token: &str, origin: &Origin<'_>) -> Result<GrantClaims, TokenError> {
    let claims: GrantClaims = verify(token, GRANT_TYPE, origin)?;
    claims.check()?;
    Ok(claims)
}

/// Verifies a session token.
pub fn verify_session(token: &str, expected: &Expected<'_>) -> Result<SessionClaims, TokenError> {
    let claims: SessionClaims = verify(token, SESSION_TYPE, &expected.origin())?;
    claims.check()?;
    current(claims.iat, claims.nbf, claims.exp, expected.now)?;
    if claims.cnf.jkt == expected.jkt { Ok(claims) } else { Err(TokenError::Binding) }
}

fn sign<C: Serialize>(typ: &str, claims: &C, key: &KeyPair) -> Result<String, TokenError> {
    compact::provider();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.kid().to_owned());
    let token = jsonwebtoken::encode(&header, claims, key.encoding()).map_err(|_| TokenError::Signing)?;
    if token.len() > MAX_TOKEN_BYTES { Err(CompactError::TooLarge.into()) } else { Ok(token) }
}

fn verify<C: DeserializeOwned>(token: &str, typ: &str, origin: &Origin<'_>) -> Result<C, TokenError> {
    compact::provider();
    let Parts { header, payload, .. } = compact::parts(token)?;
    compact::no_forbidden(&header, &["jwk"])?;
    if header.keys().any(|name| !["alg", "typ", "kid"].contains(&name.as_str())) {
        return Err(TokenError::UnknownHeader);
    }
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if text("alg") != Some("EdDSA") {
        return Err(TokenError::Algorithm);
    }
    if text("typ") != Some(typ) {
        return Err(TokenError::WrongType);
    }
    let key = text("kid").and_then(|kid| origin.keys.get(kid)).ok_or(TokenError::UnknownKey)?;
    // `jsonwebtoken` also accepts a list that contains the audience. Here `aud` must be a single string.
    if !payload.get("aud").is_some_and(Value::is_string) {
        return Err(TokenError::Audience);
    }
    if !payload.get("iss").is_some_and(Value::is_string) {
        return Err(TokenError::Issuer);
    }
    jsonwebtoken::decode::<C>(token, &key.decoding(), &validation(origin))
        .map(|data| data.claims)
        .map_err(|error| refusal(error.kind()))
}

/// States every relevant default of the library explicitly.
fn validation(origin: &Origin<'_>) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.algorithms = vec![Algorithm::EdDSA];
    validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
    validation.leeway = 0;
    validation.reject_tokens_expiring_in_less_than = 0;
    // The library compares with the system clock; `current` compares with the store's time instead.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = true;
    validation.set_audience(&[origin.audience]);
    validation.set_issuer(&[origin.issuer]);
    validation.sub = None;
    validation
}

fn refusal(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        ErrorKind::MissingRequiredClaim(name) => TokenError::Claim(match name.as_str() {
            "exp" => "exp",
            "nbf" => "nbf",
            "sub" => "sub",
            _ => "required",
        }),
        // The claims do not deserialize: one is missing, unknown or of the wrong type.
        ErrorKind::Json(_) => TokenError::Claim("shape"),
        _ => CompactError::Malformed.into(),
    }
}

/// Checks the validity period without leeway, since issuer and verifier share one clock.
fn current(iat: i64, nbf: i64, exp: i64, now: i64) -> Result<(), TokenError> {
    if now < iat || now < nbf {
        return Err(TokenError::NotYet);
    }
    if now >= exp { Err(TokenError::Expired) } else { Ok(()) }
}
