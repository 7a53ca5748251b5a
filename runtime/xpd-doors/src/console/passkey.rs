//! Ceremonies of passkeys, each finished once or never. What is kept of them is kept by session or link, so that nobody can displace what
//! another one has begun.
//!
//! The library makes its challenges itself. That of a decision must be the digest of what is decided, so that the passkey signs it;
//! it is put into the serialised state.

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

use super::sealed::{Kept, Seal, Used};
use super::session::random;
use crate::api::problem::Problem;

/// How long a ceremony may take.
const LASTS: Duration = Duration::from_secs(5 * 60);
/// Decisions that a session has begun, and enrolments of a link.
const OF_ONE: usize = 8;
/// Logins by passkey that were finished and could be finished again. Each took an assertion.
const LOGINS: usize = 65_536;

/// What a decision needs to be finished.
pub(super) enum Deciding {
    /// It rests on the login of its session.
    ByLogin { session: String, decision: Box<Signed>, approval: Box<Approval> },
    /// A passkey signs it.
    ByPasskey {
        session: String,
        decision: Box<Signed>,
        keys: Vec<Passkey>,
        state: Box<PasskeyAuthentication>,
    },
}

/// An enrolment by a link, whose secret this is.
pub(super) struct Enrolling {
    pub secret: String,
    pub state: Box<PasskeyRegistration>,
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
    seal: Seal,
    /// Times of ceremonies are counted from here.
    since: Instant,
    logins: Used,
    /// By session.
    decisions: Kept<Deciding>,
    /// By link.
    enrolments: Kept<Enrolling>,
}

fn failed(error: impl std::fmt::Display) -> Problem {
    Problem::new(RefusalCode::Unauthenticated, format!("the passkey was not accepted: {error}"))
}

fn over() -> Problem {
    failed("this took too long or was done before; start again")
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
        Ok(Self {
            webauthn,
            seal: Seal::new()?,
            since: Instant::now(),
            logins: Used::new(LASTS, LOGINS),
            decisions: Kept::new(LASTS, OF_ONE),
            enrolments: Kept::new(LASTS, OF_ONE),
        })
    }

    /// Keeps a decision of a session that is to be finished by the browser's next request.
    pub fn deciding(&self, session: &str, what: Deciding) -> Result<String, Problem> {
        self.decisions.keep(session, what)
    }

    /// Takes a decision that was begun; it cannot be finished again.
    pub fn decides(&self, name: &str) -> Result<Deciding, Problem> {
        self.decisions.take(name).ok_or_else(over)
    }

    /// Takes an enrolment that was begun; it cannot be finished again.
    pub fn enrols(&self, name: &str) -> Result<Enrolling, Problem> {
        self.enrolments.take(name).ok_or_else(over)
    }

    /// Begins the enrolment of a passkey.
    pub fn enrol(&self, secret: String, person: &str, known: &[PersonPasskey]) -> Result<Value, Problem> {
        let keys = keys(known)?;
        let others = keys.iter().map(|key| key.cred_id().clone()).collect();
        let begun = self.webauthn.start_passkey_registration(user(person), person, person, Some(others));
        let (options, state) = begun.map_err(internal)?;
        let link = Digest::of(secret.as_bytes()).to_string();
        let ceremony = self.enrolments.keep(&link, Enrolling { secret, state: Box::new(state) })?;
        Ok(json!({ "ceremony": ceremony, "options": options, "person": person }))
    }

    /// Finishes it: the id and the public credential.
    pub fn enrolled(&self, answer: &Value, state: &PasskeyRegistration) -> Result<(String, Value), Problem> {
        let answer: RegisterPublicKeyCredential = serde_json::from_value(answer.clone()).map_err(failed)?;
        let key = self.webauthn.finish_passkey_registration(&answer, state).map_err(failed)?;
        Ok((id(&key), serde_json::to_value(&key).map_err(internal)?))
    }

    /// Begins a login. Anybody may, so nothing is kept of it: its name says what it is, and the challenge is made of the name.
    pub fn login(&self, person: &str, known: &[PersonPasskey]) -> Result<Value, Problem> {
        let text = json!([person, self.since.elapsed().as_secs(), random()?]).to_string();
        let ceremony = format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), self.seal.of("login", &text));
        let (options, ..) = self.authentication(known, &self.seal.of("challenge", &ceremony))?;
        Ok(json!({ "ceremony": ceremony, "options": options }))
    }

    /// The person of a login that was begun.
    pub fn logs_in(&self, ceremony: &str) -> Result<String, Problem> {
        let (text, seal) = ceremony.split_once('.').ok_or_else(over)?;
        let text = URL_SAFE_NO_PAD.decode(text).ok().and_then(|text| String::from_utf8(text).ok());
        let text = text.filter(|text| self.seal.is("login", text, seal)).ok_or_else(over)?;
        let (person, at, _): (String, u64, String) = serde_json::from_str(&text).map_err(|_| over())?;
        let age = self.since.elapsed().saturating_sub(Duration::from_secs(at));
        if age < LASTS { Ok(person) } else { Err(over()) }
    }

    /// Ends a login, once.
    pub fn logged_in(
        &self,
        ceremony: &str,
        answer: &Value,
        known: &[PersonPasskey],
    ) -> Result<Asserted, Problem> {
        if known.is_empty() {
            return Err(failed("none works any more"));
        }
        let (_, keys, state) = self.authentication(known, &self.seal.of("challenge", ceremony))?;
        let asserted = self.asserted(answer, keys, &state)?;
        if self.logins.first(ceremony) { Ok(asserted) } else { Err(over()) }
    }

    /// What the browser is asked, and what its answer is checked with, for a challenge of ours (base64url).
    fn authentication(
        &self,
        known: &[PersonPasskey],
        challenge: &str,
    ) -> Result<(Value, Vec<Passkey>, PasskeyAuthentication), Problem> {
        let keys = keys(known)?;
        let (options, state) = self.webauthn.start_passkey_authentication(&keys).map_err(internal)?;
        let mut options = serde_json::to_value(options).map_err(internal)?;
        let mut state = serde_json::to_value(state).map_err(internal)?;
        for (value, place) in [(&mut options, "/publicKey/challenge"), (&mut state, "/ast/challenge")] {
            *value.pointer_mut(place).ok_or_else(|| internal("the library's state has another form"))? =
                json!(challenge);
        }
        Ok((options, keys, serde_json::from_value(state).map_err(internal)?))
    }

    /// Begins a decision: the challenge is the digest of its statement.
    pub fn sign(&self, session: &str, decision: Signed, known: &[PersonPasskey]) -> Result<Value, Problem> {
        let challenge = URL_SAFE_NO_PAD.encode(challenge(&decision.statement)?);
        let (options, keys, state) = self.authentication(known, &challenge)?;
        let (own, decision) = (session.to_owned(), Box::new(decision));
        let what = Deciding::ByPasskey { session: own, decision, keys, state: Box::new(state) };
        Ok(json!({ "ceremony": self.deciding(session, what)?, "options": options }))
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
