//! Who is asking: tokens and proofs of possession.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xp_machine::Actor;
use xp_machine::event::Principal;
use xp_wire::proof::compact::CompactError;
use xp_wire::proof::{PROOF_WINDOW_SECONDS, Proof, ProofError, verify_proof};
use xpd_token::{Expected, GrantClaims};

use super::Orchestrator;
use crate::fault::{Fault, Refused};
use crate::roster::ADMIN;

/// What came with a request, as this server saw it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The URL, by this server's own name for it.
    pub url: &'a str,
    /// The `DPoP` header.
    pub proof: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Somebody who proved to hold a registered key, for this request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who, with the roles the roster gives.
    pub(super) actor: Actor,
    /// Thumbprint of the key.
    pub(super) key: String,
    /// Identity of the proof, to be burned.
    pub(super) proof: String,
    /// Until when it is remembered, seconds.
    pub(super) until: i64,
}

impl Caller {
    /// The name of the principal.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.actor.principal.name
    }
}

fn unauthenticated(error: &impl Display) -> Fault {
    Fault::refused("unauthenticated", error.to_string())
}

/// Which URL a proof must name is no secret, and whoever asks by another name for the same place cannot guess it.
fn unproved(error: ProofError, url: &str) -> Fault {
    match error {
        ProofError::Url => Fault::refused("unauthenticated", format!("{error}: it must name `{url}`")),
        _ => unauthenticated(&error),
    }
}

impl Orchestrator {
    fn now(&self) -> i64 {
        i64::try_from(self.clock.now() / 1_000).unwrap_or(i64::MAX)
    }

    fn prove(&self, received: Received<'_>, token: Option<&str>) -> Result<Proof, Fault> {
        let Received { method, url, proof, body } = received;
        let received = xp_wire::proof::Received { method, url, token, body, now: self.now() };
        verify_proof(proof, &received).map_err(|error| unproved(error, url))
    }

    fn caller(&self, proof: Proof) -> Result<Caller, Fault> {
        let member = self.rules.roster.by_key(&proof.jkt);
        let actor = match member {
            Some(member) => member.actor(),
            None if proof.jkt == self.keys.admin => Actor {
                principal: Principal { name: ADMIN.to_owned(), controller: ADMIN.to_owned() },
                roles: Vec::new(),
            },
            None => {
                return Err(Fault::refused("unauthenticated", "the key of the proof is not registered here"));
            }
        };
        let until = proof.iat.saturating_add(2 * PROOF_WINDOW_SECONDS);
        Ok(Caller { actor, key: proof.jkt, proof: proof.jti, until })
    }

    /// A principal, by its registered key alone.
    ///
    /// # Errors
    /// The proof does not hold, or the key is not registered.
    pub fn by_key(&self, received: Received<'_>) -> Result<Caller, Fault> {
        let caller = self.caller(self.prove(received, None)?)?;
        if caller.key == self.keys.admin {
            let why = "this is asked by a principal of the roster; the administrator is none";
            return Err(Fault::refused("unknown", why));
        }
        Ok(caller)
    }

    /// The administrator, by the key in the server's own folder.
    ///
    /// # Errors
    /// The proof does not hold, or is by another key.
    pub fn by_admin(&self, received: Received<'_>) -> Result<Caller, Fault> {
        let caller = self.caller(self.prove(received, None)?)?;
        if caller.key == self.keys.admin {
            return Ok(caller);
        }
        Err(Fault::refused(
            "unknown",
            "this is asked with the administrator's key, and the proof is by another one",
        ))
    }

    /// A principal in a session of one run.
    ///
    /// # Errors
    /// Token or proof do not hold, or the session is of another run.
    pub fn by_session(&self, received: Received<'_>, token: &str, run: &str) -> Result<Caller, Fault> {
        let proof = self.prove(received, Some(token))?;
        let expected = Expected {
            issuer: &self.rules.name,
            audience: &self.rules.name,
            keys: &self.keys.session_ring,
            now: self.now(),
            jkt: &proof.jkt,
        };
        let claims = xpd_token::verify_session(token, &expected).map_err(|error| unauthenticated(&error))?;
        if claims.txn != run {
            return Err(Fault::unknown("run"));
        }
        let caller = self.caller(proof)?;
        if caller.actor.principal.name == claims.sub { Ok(caller) } else { Err(Fault::unknown("run")) }
    }

    /// The holder of a grant. Whether key, time and arguments fit is the machine's to say, on the record.
    ///
    /// # Errors
    /// The proof does not hold, or this server did not sign the token.
    pub fn by_grant(
        &self,
        received: Received<'_>,
        token: &str,
        run: &str,
    ) -> Result<(Caller, GrantClaims), Fault> {
        let proof = self.prove(received, Some(token))?;
        let stated = stated(token).ok_or_else(|| unauthenticated(&CompactError::Malformed))?;
        let expected = Expected {
            issuer: &self.rules.name,
            audience: &self.rules.name,
            keys: &self.keys.grant_ring,
            now: stated.nbf,
            jkt: &stated.cnf.jkt,
        };
        let claims = xpd_token::verify_grant(token, &expected).map_err(|error| unauthenticated(&error))?;
        if claims.txn != run {
            return Err(Fault::unknown("run"));
        }
        Ok((self.caller(proof)?, claims))
    }
}

/// What a token says, before anybody vouches for it.
fn stated(token: &str) -> Option<GrantClaims> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// A proof is good for one request, and a principal that was refused too often waits.
pub(super) fn admit(
    tx: &mut crate::store::Tx<'_>,
    limiter: &std::sync::Mutex<super::Limiter>,
    caller: &Caller,
) -> Result<(), Fault> {
    if !tx.burn(&caller.key, &caller.proof, caller.until)? {
        return Err(Refused::new("proof_replayed", "the proof was used before").into());
    }
    let now = tx.now;
    let limiter = limiter.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Whoever stops things must never be told to wait.
    if caller.name() != ADMIN && limiter.suspended(caller.name(), now) {
        return Err(Refused::new("suspended", "too many refusals in this minute").into());
    }
    Ok(())
}
