//! Claims, keys and tokens assembled by hand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use xp_scope::Digest;
use xpd_token::{
    AuthorizationDetail, Confirmation, Expected, GrantClaims, KeyPair, KeyRing, SessionClaims, StepBinding,
};

pub const NOW: i64 = 1_795_000_000;
pub const ISSUER: &str = "https://xpd.example/";
pub const PROXY: &str = "proxy-1";
pub const DIGEST: &str = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

pub fn key(seed: u8) -> KeyPair {
    KeyPair::from_seed([seed; 32]).unwrap()
}

pub fn agent() -> KeyPair {
    key(9)
}

fn digest() -> Digest {
    Digest::parse(DIGEST).unwrap()
}

pub fn grant() -> GrantClaims {
    GrantClaims {
        iss: ISSUER.into(),
        aud: PROXY.into(),
        sub: "developer-1".into(),
        iat: NOW,
        nbf: NOW,
        exp: NOW + 60,
        jti: xpd_token::jti([7; 16]),
        cnf: Confirmation { jkt: agent().kid().into() },
        txn: "run-1".into(),
        authorization_details: [AuthorizationDetail::step("github-main", "github.issues.comment")],
        xp: StepBinding {
            art: digest(),
            run: "run-1".into(),
            step: "triage".into(),
            opening: 1,
            attempt: 1,
            req: digest(),
        },
    }
}

pub fn session() -> SessionClaims {
    SessionClaims {
        iss: ISSUER.into(),
        aud: "orchestrator".into(),
        sub: "developer-1".into(),
        client_id: "developer-1".into(),
        iat: NOW,
        nbf: NOW,
        xp_opened: 0,
        exp: NOW + 900,
        jti: xpd_token::jti([8; 16]),
        cnf: Confirmation { jkt: agent().kid().into() },
        scope: "xp:run:run-1".into(),
        txn: "run-1".into(),
        xp_workload: None,
    }
}

pub fn ring(keys: &[&KeyPair]) -> KeyRing {
    KeyRing::new(keys.iter().map(|key| key.public().clone()))
}

pub fn at<'a>(keys: &'a KeyRing, audience: &'a str, now: i64, jkt: &'a str) -> Expected<'a> {
    Expected { issuer: ISSUER, audience, keys, now, jkt }
}

/// A compact token with exactly this header and payload, signed by the key.
pub fn compact(header: &str, payload: &str, key: &KeyPair) -> String {
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

/// The token with `change` applied to its header and payload, signed again by the key.
pub fn resigned(token: &str, key: &KeyPair, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let (header, payload) = texts(token);
    let (mut header, mut payload) =
        (serde_json::from_str(&header).unwrap(), serde_json::from_str(&payload).unwrap());
    change(&mut header, &mut payload);
    compact(&header.to_string(), &payload.to_string(), key)
}
