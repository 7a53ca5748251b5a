//! Ceremonies of passkeys. Each is kept in memory until it is finished, once, or runs out.
//!
//! The library makes its challenges itself. That of a decision must be the digest of what is decided, so that the passkey signs it;
//! it is put into the serialised state.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    Uuid,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};
use xp_scope::Digest;
use xp_wire::RefusalCode;
use xpd_audit::approval::Approval;
use xpd_engine::orchestrator::PersonPasskey;

use super::session::random;
use crate::api::problem::Problem;

/// Ceremonies at once; beyond it the oldest is given up.
const MOST: usize = 1_024;
/// How long a ceremony may take.
const LASTS: Duration = Duration::from_secs(5 * 60);

/// What a ceremony is for.
pub(super) enum Purpose {
    /// Enrolment by a link, whose secret this is.
    Enrol { secret: String, state: Box<PasskeyRegistration> },
    /// Login of a person.
    Login { person: String, keys: Vec<Passkey>, state: Box<PasskeyAuthentication> },
    /// A decision that rests on the login of its session.
    DecideByLogin { session: String, decision: Box<Signed>, approval: Box<Approval> },
    /// A decision in a session.
    Decide { session: String, decision: Box<Signed>, keys: Vec<Passkey>, state: Box<PasskeyAuthentication> },
}

/// What a passkey signs.
pub(super) struct Signed {
    pub run: String,
    pub step: String,
    pub outcome: String,
    pub notes: Option<String>,
    /// Digest of the request as it was drawn.
    pub digest: String,
    /// The text whose SHA-256 is the challenge.
    pub statement: String,
}

/// A verified assertion.
pub(super) struct Asserted {
    /// Id of the credential, base64url.
    pub id: String,
    /// The credential, its counter advanced.
    pub credential: Value,
}

pub(super) struct Passkeys {
    webauthn: Webauthn,
    ceremonies: Mutex<HashMap<String, (Instant, Purpose)>>,
}

fn failed(error: impl std::fmt::Display) -> Problem {
    Problem::new(RefusalCode::Unauthenticated, format!("the passkey was not accepted: {error}"))
}

fn internal(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "a passkey ceremony failed");
    Problem::new(RefusalCode::Internal, RefusalCode::Internal.text())
}

fn id(key: &Passkey) -> String {
    URL_SAFE_NO_PAD.encode(key.cred_id())
}

impl Passkeys {
    /// For the door that people reach under a URL, whose host is the relying party.
    pub fn new(url: &Url) -> Result<Self, String> {
        let host =
            url.domain().ok_or("passkeys need a name, no address: `http://localhost:PORT` on loopback")?;
        let builder = WebauthnBuilder::new(host, url).map_err(|error| error.to_string())?;
        let webauthn = builder.rp_name("xpd").build().map_err(|error| error.to_string())?;
        Ok(Self { webauthn, ceremonies: Mutex::new(HashMap::new()) })
    }

    /// Keeps what is to be finished by the browser's next request.
    pub fn keep(&self, purpose: Purpose) -> Result<String, Problem> {
        let name = random()?;
        let mut all = self.ceremonies.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (begun, _)| begun.elapsed() < LASTS);
        if all.len() >= MOST {
            let oldest = all.iter().min_by_key(|(_, (begun, _))| *begun).map(|(name, _)| name.clone());
            all.remove(&oldest.unwrap_or_default());
        }
        all.insert(name.clone(), (Instant::now(), purpose));
        Ok(name)
    }

    /// Takes a ceremony; it cannot be finished again.
    pub fn take(&self, name: &str) -> Result<Purpose, Problem> {
        let found = self.ceremonies.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        let found = found.filter(|(begun, _)| begun.elapsed() < LASTS);
        found
            .map(|(_, purpose)| purpose)
            .ok_or_else(|| failed("this took too long or was done before; start again"))
    }

    /// Begins the enrolment of a passkey.
    pub fn enrol(&self, secret: String, person: &str, known: &[PersonPasskey]) -> Result<Value, Problem> {
        let keys = keys(known)?;
        let others = keys.iter().map(|key| key.cred_id().clone()).collect();
        let begun = self.webauthn.start_passkey_registration(user(person), person, person, Some(others));
        let (options, state) = begun.map_err(internal)?;
        let ceremony = self.keep(Purpose::Enrol { secret, state: Box::new(state) })?;
        Ok(json!({ "ceremony": ceremony, "options": options, "person": person }))
    }

    /// Finishes it: the id and the public credential.
    pub fn enrolled(&self, answer: &Value, state: &PasskeyRegistration) -> Result<(String, Value), Problem> {
        let answer: RegisterPublicKeyCredential = serde_json::from_value(answer.clone()).map_err(failed)?;
        let key = self.webauthn.finish_passkey_registration(&answer, state).map_err(failed)?;
        Ok((id(&key), serde_json::to_value(&key).map_err(internal)?))
    }

    /// Begins a login.
    pub fn login(&self, person: String, known: &[PersonPasskey]) -> Result<Value, Problem> {
        let keys = keys(known)?;
        let (options, state) = self.webauthn.start_passkey_authentication(&keys).map_err(internal)?;
        let ceremony = self.keep(Purpose::Login { person, keys, state: Box::new(state) })?;
        Ok(json!({ "ceremony": ceremony, "options": options }))
    }

    /// Begins a decision: the challenge is the digest of its statement.
    pub fn sign(&self, session: &str, decision: Signed, known: &[PersonPasskey]) -> Result<Value, Problem> {
        let keys = keys(known)?;
        let (options, state) = self.webauthn.start_passkey_authentication(&keys).map_err(internal)?;
        let challenge = json!(URL_SAFE_NO_PAD.encode(challenge(&decision.statement)?));
        let mut options = serde_json::to_value(options).map_err(internal)?;
        let mut state = serde_json::to_value(state).map_err(internal)?;
        for (value, place) in [(&mut options, "/publicKey/challenge"), (&mut state, "/ast/challenge")] {
            *value.pointer_mut(place).ok_or_else(|| internal("the library's state has another form"))? =
                challenge.clone();
        }
        let state = Box::new(serde_json::from_value(state).map_err(internal)?);
        let purpose =
            Purpose::Decide { session: session.to_owned(), decision: Box::new(decision), keys, state };
        Ok(json!({ "ceremony": self.keep(purpose)?, "options": options }))
    }

    /// Verifies an assertion: signature, origin to the port, user verification, counter.
    pub fn asserted(
        &self,
        answer: &Value,
        keys: Vec<Passkey>,
        state: &PasskeyAuthentication,
    ) -> Result<Asserted, Problem> {
        let answer: PublicKeyCredential = serde_json::from_value(answer.clone()).map_err(failed)?;
        let result = self.webauthn.finish_passkey_authentication(&answer, state).map_err(failed)?;
        if !result.user_verified() {
            return Err(failed("the authenticator did not verify you"));
        }
        let mut own = keys.into_iter().filter(|key| key.cred_id() == result.cred_id());
        let mut key = own.next().ok_or_else(|| failed("it is another one"))?;
        key.update_credential(&result);
        Ok(Asserted { id: id(&key), credential: serde_json::to_value(&key).map_err(internal)? })
    }
}

fn challenge(statement: &str) -> Result<Vec<u8>, Problem> {
    let digest = Digest::of(statement.as_bytes());
    let hex = digest.hex().to_owned();
    let pairs = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    pairs.collect::<Option<Vec<u8>>>().ok_or_else(|| internal("a digest is not hexadecimal"))
}

/// The handle of a person at authenticators, which must not say who it is.
fn user(person: &str) -> Uuid {
    let digest = Digest::of(format!("xp-person-v1\n{person}").as_bytes());
    let mut bytes = [0; 16];
    for (byte, pair) in bytes.iter_mut().zip(digest.hex().as_bytes().chunks(2)) {
        let text = std::str::from_utf8(pair).unwrap_or_default();
        *byte = u8::from_str_radix(text, 16).unwrap_or_default();
    }
    Uuid::from_bytes(bytes)
}

fn keys(known: &[PersonPasskey]) -> Result<Vec<Passkey>, Problem> {
    let read = |known: &PersonPasskey| serde_json::from_value(known.credential.clone()).map_err(internal);
    known.iter().map(read).collect()
}
