//! A provider that answers as a test tells it, for answers that a certified one does not give.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use xp_harness::stand_in::{Arrived, StandIn, json as answer};

/// What it answers.
pub struct Plan {
    /// Members of its metadata that differ.
    pub metadata: Value,
    /// Its keys.
    pub keys: Value,
    /// The answer for a code.
    pub tokens: Vec<u8>,
}

pub struct Provider {
    pub issuer: String,
    pub plan: Arc<Mutex<Plan>>,
    stand_in: StandIn,
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The public key as a provider publishes it.
pub fn public(key: &SigningKey, kid: &str) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
}

/// A signed token.
pub fn signed(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes());
    format!("{text}.{signature}")
}

/// A token that is authenticated by a shared secret.
pub fn maced(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let text = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

pub fn tokens(id_token: &str) -> Vec<u8> {
    let body = json!({ "access_token": "canary-access-token", "token_type": "Bearer", "id_token": id_token });
    answer(200, &body.to_string())
}

impl Provider {
    pub fn start() -> Self {
        let keys = json!({ "keys": [public(&key(1), "k")] });
        let plan = Arc::new(Mutex::new(Plan { metadata: json!({}), keys, tokens: answer(500, "{}") }));
        let own = Arc::clone(&plan);
        let stand_in = StandIn::new(move |request, _| Self::answers(request, &own.lock().unwrap()));
        Self { issuer: stand_in.url.clone(), plan, stand_in }
    }

    fn answers(request: &Arrived, plan: &Plan) -> Vec<u8> {
        let base = format!("http://{}/api", request.header("host").unwrap());
        match request.line.split(' ').nth(1).unwrap().trim_start_matches("/api") {
            "/.well-known/openid-configuration" => {
                let mut metadata = json!({
                    "issuer": base, "authorization_endpoint": format!("{base}/auth"), "token_endpoint": format!("{base}/token"),
                    "jwks_uri": format!("{base}/keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256", "EdDSA", "HS256", "none"],
                });
                metadata.as_object_mut().unwrap().extend(plan.metadata.as_object().unwrap().clone());
                answer(200, &metadata.to_string())
            }
            "/keys" => answer(200, &plan.keys.to_string()),
            "/token" => plan.tokens.clone(),
            _ => answer(404, "{}"),
        }
    }

    /// The requests with a code.
    pub fn asked(&self) -> Vec<Arrived> {
        let all = self.stand_in.requests();
        all.into_iter().filter(|request| request.line.ends_with("/token")).collect()
    }

    pub fn requests(&self) -> usize {
        self.stand_in.requests().len()
    }
}
