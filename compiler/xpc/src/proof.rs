//! A proof of possession (RFC 9449) by the administrator's key, for one request. What the server asks for; written out here
//! because the compiler knows nothing of the runtime but its HTTP API.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Reads a key in PKCS#8 PEM. The error never quotes it.
pub fn key(path: &Path) -> Result<SigningKey, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("the administrator's key `{}` cannot be read: {error}", path.display()))?;
    SigningKey::from_pkcs8_pem(&text)
        .map_err(|_| format!("`{}` is no Ed25519 key in PEM (`BEGIN PRIVATE KEY`)", path.display()))
}

/// The value of the header `DPoP` of a POST with this body.
pub fn of(key: &SigningKey, url: &str, body: &[u8]) -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| "the clock stands before 1970")?;
    let x = base64url(key.verifying_key().as_bytes());
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": jwk });
    let claims = json!({
        "jti": base64url(&random), "htm": "POST", "htu": url, "iat": now.as_secs(), "xp_body": base64url(&Sha256::digest(body)),
    });
    let signed =
        format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = base64url(&key.sign(signed.as_bytes()).to_bytes());
    Ok(format!("{signed}.{signature}"))
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
