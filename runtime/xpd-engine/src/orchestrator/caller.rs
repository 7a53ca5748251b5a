//! Who is asking: tokens and proofs of possession.

use std::fmt::Display;

use xp_machine::Actor;
use xp_machine::event::Principal;
use xp_wire::RefusalCode;
use xp_wire::proof::{PROOF_WINDOW_SECONDS, Proof, ProofError, Received, verify_proof};
use xpd_proxy::{Fault, Refused};
use xpd_token::{Expected, GrantClaims, Origin};

use super::Orchestrator;
use crate::memory::Tx;
use crate::roster::ADMIN;

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
    Fault::refused(RefusalCode::Unauthenticated, error.to_string())
}

/// Which URL a proof must name is no secret, and whoever asks by another name for the same place cannot guess it.
fn unproved(error: ProofError, url: &str) -> Fault {
    match error {
        ProofError::Url => {
            Fault::refused(RefusalCode::Unauthenticated, format!("{error}: it must name `{url}`"))
        }
        _ => unauthenticated(&error),
    }
}

impl Orchestrator {
    /// The time that proofs and tokens are compared with, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now() / 1_000).unwrap_or(i64::MAX)
    }

    fn prove(&self, proof: &str, received: &Received<'_>) -> Result<Proof, Fault> {
        verify_proof(proof, received).map_err(|error| unproved(error, received.url))
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
                return Err(Fault::refused(
                    RefusalCode::Unauthenticated,
                    "the key of the proof is not registered here",
                ));
            }
        };
        let until = proof.iat.saturating_add(2 * PROOF_WINDOW_SECONDS);
        Ok(Caller { actor, key: proof.jkt, proof: proof.jti, until })
    }

    /// A principal, by its registered key alone.
    ///
    /// # Errors
    /// The proof does not hold, or the key is not registered.
    pub fn by_key(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.caller(self.prove(proof, received)?)?;
        if caller.key == self.keys.admin {
            let why = "this is asked by a principal of the roster; the administrator is none";
            return Err(Fault::refused(RefusalCode::Unknown, why));
        }
        Ok(caller)
    }

    /// The administrator, by the key in the server's own folder.
    ///
    /// # Errors
    /// The proof does not hold, or is by another key.
    pub fn by_admin(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.caller(self.prove(proof, received)?)?;
        if caller.key == self.keys.admin {
            return Ok(caller);
        }
        Err(Fault::refused(
            RefusalCode::Unknown,
            "this is asked with the administrator's key, and the proof is by another one",
        ))
    }

    /// A principal in a session of one run.
    ///
    /// # Errors
    /// Token or proof do not hold, or the session is of another run.
    pub fn by_session(&self, proof: &str, received: &Received<'_>, run: &str) -> Result<Caller, Fault> {
        let token = token(received)?;
        let proof = self.prove(proof, received)?;
        let expected = Expected {
            issuer: &self.rules.name,
            audience: &self.rules.name,
            keys: &self.keys.session_ring,
            now: received.now,
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
        proof: &str,
        received: &Received<'_>,
        run: &str,
    ) -> Result<(Caller, GrantClaims), Fault> {
        let token = token(received)?;
        let proof = self.prove(proof, received)?;
        let name = &self.rules.name;
        let origin = Origin { issuer: name, audience: name, keys: &self.keys.grant_ring };
        let claims = xpd_token::authentic_grant(token, &origin).map_err(|error| unauthenticated(&error))?;
        if claims.txn != run {
            return Err(Fault::unknown("run"));
        }
        Ok((self.caller(proof)?, claims))
    }
}

fn token<'r>(received: &Received<'r>) -> Result<&'r str, Fault> {
    let missing =
        || Fault::refused(RefusalCode::Unauthenticated, "a token is missing: `Authorization: DPoP …`");
    received.token.ok_or_else(missing)
}

/// A proof is good for one request, and a principal that was refused too often waits.
pub(super) fn admit(tx: &mut Tx<'_>, caller: &Caller) -> Result<(), Fault> {
    if !tx.burn(&caller.key, &caller.proof, caller.until)? {
        return Err(Refused::new(RefusalCode::ProofReplayed, "the proof was used before").into());
    }
    // Whoever stops things must never be told to wait.
    if caller.name() != ADMIN && tx.memory.limiter.suspended(caller.name(), tx.now) {
        return Err(Refused::new(RefusalCode::Suspended, "too many refusals in this minute").into());
    }
    Ok(())
}
