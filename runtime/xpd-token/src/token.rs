//! Issuing and verifying tokens of both classes.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::claims::{GrantClaims, SessionClaims};
use crate::error::TokenError;
use crate::form::from_base64url;
use crate::form::{GRANT_TYPE, MAX_TOKEN_BYTES, SESSION_TYPE};
use crate::keys::{KeyPair, KeyRing};
use crate::strict;

/// What a token must say to be accepted.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The only issuer.
    pub issuer: &'a str,
    /// The only audience.
    pub audience: &'a str,
    /// The keys trusted for this class of token.
    pub keys: &'a KeyRing,
    /// The store's time, seconds since 1970.
    pub now: i64,
    /// Thumbprint of the key whose possession was proved, from [`crate::verify_proof`].
    pub jkt: &'a str,
}

/// Whose tokens are meant: what stays true of a token as long as it exists.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The only issuer.
    pub issuer: &'a str,
    /// The only audience.
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

/// Verifies a grant. The caller must still win its row in the store and compare the arguments
/// ([`GrantClaims::authorises`]).
pub fn verify_grant(token: &str, expected: &Expected<'_>) -> Result<GrantClaims, TokenError> {
    let claims = authentic_grant(token, &expected.origin())?;
    current(claims.iat, claims.nbf, claims.exp, expected.now)?;
    if claims.cnf.jkt == expected.jkt { Ok(claims) } else { Err(TokenError::Binding) }
}

/// Verifies signature and shape of a grant, and nothing that time or its bearer change: whether it is current and who may
/// use it must be decided by whoever calls this, from the grant's row.
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

/// The three parts of a compact token, the first two as strictly read objects.
pub(crate) struct Parts<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) payload: Map<String, Value>,
    /// Header and payload as they were signed.
    pub(crate) message: &'a str,
    pub(crate) signature: &'a str,
}

/// Takes a compact token apart; nothing in it is trusted yet.
pub(crate) fn parts(token: &str) -> Result<Parts<'_>, TokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(TokenError::TooLarge);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(TokenError::Malformed)?;
    // A third dot is not base64url, so it fails here.
    let object = |part: &str| strict::object(&from_base64url(part).ok_or(TokenError::Malformed)?);
    Ok(Parts { header: object(header)?, payload: object(payload)?, message, signature })
}

/// Refuses header members by which a token could choose its own key or ask for semantics we do not have.
pub(crate) fn no_forbidden(header: &Map<String, Value>, and: &[&'static str]) -> Result<(), TokenError> {
    let forbidden = ["jku", "x5u", "x5c", "x5t", "x5t#S256", "crit", "zip", "enc", "b64"];
    match forbidden.iter().chain(and).find(|name| header.contains_key(**name)) {
        Some(name) => Err(TokenError::ForbiddenHeader(name)),
        None => Ok(()),
    }
}

/// Makes the choice of `aws-lc-rs` explicit: with two back ends in one build `jsonwebtoken` picks none and panics.
pub(crate) fn provider() {
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

fn sign<C: Serialize>(typ: &str, claims: &C, key: &KeyPair) -> Result<String, TokenError> {
    provider();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(typ.to_owned());
    header.kid = Some(key.kid().to_owned());
    let token = jsonwebtoken::encode(&header, claims, key.encoding()).map_err(|_| TokenError::Signing)?;
    if token.len() > MAX_TOKEN_BYTES { Err(TokenError::TooLarge) } else { Ok(token) }
}

fn verify<C: DeserializeOwned>(token: &str, typ: &str, origin: &Origin<'_>) -> Result<C, TokenError> {
    provider();
    let Parts { header, payload, .. } = parts(token)?;
    no_forbidden(&header, &["jwk"])?;
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
    // `jsonwebtoken` accepts a list with one match; exactly one audience is a string here.
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

/// Every default of the library that matters, said explicitly.
fn validation(origin: &Origin<'_>) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.algorithms = vec![Algorithm::EdDSA];
    validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
    validation.leeway = 0;
    validation.reject_tokens_expiring_in_less_than = 0;
    // The library reads the system's clock; `current` compares with the store's instead.
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
        // The claims are not those of the class: one missing, one too many, or one of the wrong type.
        ErrorKind::Json(_) => TokenError::Claim("shape"),
        _ => TokenError::Malformed,
    }
}

/// No leeway: one clock decides.
fn current(iat: i64, nbf: i64, exp: i64, now: i64) -> Result<(), TokenError> {
    if now < iat || now < nbf {
        return Err(TokenError::NotYet);
    }
    if now >= exp { Err(TokenError::Expired) } else { Ok(()) }
}
