//! Public keys as JSON: the two kinds a proof may be made with, and their thumbprints.

use ed25519_dalek::VerifyingKey;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::error::ProofError;
use super::form::{base64url, key_bytes};

/// A public key that a proof may be made with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PublicJwk {
    /// `OKP` with curve `Ed25519` (RFC 8037), for `EdDSA`.
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
    /// `EC` with curve `P-256` (RFC 7518), for `ES256`.
    P256 {
        /// First coordinate.
        x: [u8; 32],
        /// Second coordinate.
        y: [u8; 32],
    },
}

impl PublicJwk {
    /// Reads a JWK. Members of a private key refuse; optional public members are not used.
    pub fn from_json(jwk: &Map<String, Value>) -> Result<Self, ProofError> {
        if ["d", "k", "p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| jwk.contains_key(*name)) {
            return Err(ProofError::PrivateKey);
        }
        let known = ["kty", "crv", "x", "y", "kid", "alg", "use", "key_ops", "ext"];
        if jwk.keys().any(|name| !known.contains(&name.as_str())) {
            return Err(ProofError::Key);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let coordinate = |name| text(name).and_then(key_bytes).ok_or(ProofError::Key);
        match (text("kty"), text("crv")) {
            (Some("OKP"), Some("Ed25519")) if !jwk.contains_key("y") => {
                let x = coordinate("x")?;
                // A key of small order would let anybody make its signatures.
                match VerifyingKey::from_bytes(&x) {
                    Ok(key) if !key.is_weak() => Ok(Self::Ed25519 { x }),
                    _ => Err(ProofError::Key),
                }
            }
            (Some("EC"), Some("P-256")) => Ok(Self::P256 { x: coordinate("x")?, y: coordinate("y")? }),
            _ => Err(ProofError::Key),
        }
    }

    /// The required members only.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Ed25519 { x } => json!({"crv": "Ed25519", "kty": "OKP", "x": base64url(x)}),
            Self::P256 { x, y } => {
                json!({"crv": "P-256", "kty": "EC", "x": base64url(x), "y": base64url(y)})
            }
        }
    }

    /// The RFC 7638 thumbprint (SHA-256, base64url): `kid` and `jkt`.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // Required members in lexicographic order, no white space; base64url needs no escapes.
        let text = match self {
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(x)),
            Self::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, base64url(x), base64url(y))
            }
        };
        base64url(&Sha256::digest(text))
    }
}
