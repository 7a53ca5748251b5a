//! Keys and hand-made tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::Value;
use xp_wire::proof::{ProofRequest, PublicJwk, make_proof};

pub const NOW: i64 = 1_795_000_000;

pub struct Key(SigningKey);

impl Key {
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub fn jwk(&self) -> PublicJwk {
        PublicJwk::Ed25519 { x: self.public() }
    }

    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    pub fn prove(&self, request: &ProofRequest<'_>) -> String {
        make_proof(&self.public(), |message| self.sign(message), request).unwrap()
    }
}

pub fn key(seed: u8) -> Key {
    Key(SigningKey::from_bytes(&[seed; 32]))
}

pub fn agent() -> Key {
    key(9)
}

/// A compact token of exactly these texts, signed by the key.
pub fn compact(header: &str, payload: &str, key: &Key) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Header and payload of a compact token.
pub fn texts(token: &str) -> (String, String) {
    let mut parts = token
        .split('.')
        .map(|part| String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(part).unwrap()).into_owned());
    (parts.next().unwrap(), parts.next().unwrap())
}

/// The token with one change to its header and payload, signed again by the key.
pub fn resigned(token: &str, key: &Key, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let (header, payload) = texts(token);
    let (mut header, mut payload) =
        (serde_json::from_str(&header).unwrap(), serde_json::from_str(&payload).unwrap());
    change(&mut header, &mut payload);
    compact(&header.to_string(), &payload.to_string(), key)
}
