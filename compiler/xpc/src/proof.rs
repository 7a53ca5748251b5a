//! A proof of possession (RFC 9449) by the administrator's key, for one request.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{Signer as _, SigningKey};
use xp_wire::proof::{ProofRequest, make_proof};

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
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| "the clock stands before 1970")?;
    let now = i64::try_from(since.as_secs()).map_err(|_| "the clock stands too far in the future")?;
    let request = ProofRequest { method: "POST", url, token: None, body, now, random };
    make_proof(key.verifying_key().as_bytes(), |message| key.sign(message).to_bytes(), &request)
        .map_err(|error| format!("`{url}`: {error}"))
}
