//! Who is asking: tokens and proofs of possession.

use std::fmt::Display;

use xp_machine::Actor;
use xp_machine::event::Principal;
use xp_wire::RefusalCode;
use xp_wire::proof::{PROOF_WINDOW_SECONDS, Proof, ProofError, Received, verify_proof};
use xpd_proxy::{Fault, Refused};
use xpd_store::{Clock as _, Scope, StoreError};
use xpd_token::{Expected, GrantClaims, Origin};

use super::Orchestrator;
use crate::memory::Tx;
use crate::roster::{ADMIN, RECOVERY};
use crate::rules::Rules;

/// What somebody may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A principal of the roster: what its roles may.
    Principal,
    /// An administrator that the roster names.
    Administrator,
    /// Whoever holds the administrative key in the server's own folder: an administrator without a name of its own.
    Server,
    /// Whoever holds the recovery key: may lift a kill alone, and nothing else.
    Recovery,
}

/// Somebody who proved to hold a registered key, for this request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who, with all roles the roster gives; in a run it may be fewer, see [`actor`].
    actor: Actor,
    standing: Standing,
    /// Thumbprint of the key.
    pub(super) key: String,
    /// Identity of the proof, to be burned.
    proof: String,
    /// Until when it is remembered, seconds.
    until: i64,
    /// When its session was opened, milliseconds, if it came with one.
    session: Option<u64>,
}

impl Caller {
    /// The name of the principal.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.actor.principal.name
    }

    /// What it may ask for.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }
}

/// Who holds a key, by these settings.
fn holder(rules: &Rules, admin: &str, key: &str) -> Option<(Actor, Standing)> {
    let named = |name: &str, standing| {
        let principal = Principal { name: name.to_owned(), controller: name.to_owned() };
        Some((Actor { principal, roles: Vec::new() }, standing))
    };
    if let Some(member) = rules.roster.by_key(key) {
        return Some((member.actor(), Standing::Principal));
    }
    if let Some(name) = rules.roster.administrator(key) {
        return named(name, Standing::Administrator);
    }
    if rules.recovery.as_deref() == Some(key) {
        return named(RECOVERY, Standing::Recovery);
    }
    (key == admin).then(|| named(ADMIN, Standing::Server))?
}

/// A caller as the machine is told, in a run: with the roles it had when the run began and still has.
pub(super) fn actor(tx: &mut Tx<'_>, caller: &Caller, run: &str) -> Result<Actor, StoreError> {
    let (rules, mut actor) = (tx.rules(), caller.actor.clone());
    let Some(opened) = tx.run(run)?.map(|run| run.opened) else { return Ok(actor) };
    actor.roles.retain(|role| {
        let part = rules.roster.part(&caller.key, role);
        part.is_some_and(|part| rules.since.get(&part).is_none_or(|since| *since <= opened))
    });
    Ok(actor)
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
        verify_proof(proof, received).map_err(|error| match (error, self.clock.trouble()) {
            // It may be the caller's clock that is right.
            (ProofError::Time, Some(trouble)) => Fault::refused(RefusalCode::ClockOff, trouble.to_string()),
            (error, _) => unproved(error, received.url),
        })
    }

    fn caller(&self, proof: Proof) -> Result<Caller, Fault> {
        let found = holder(&self.live.now(), &self.keys.admin, &proof.jkt);
        let (actor, standing) = found.ok_or_else(|| unauthenticated(&UNREGISTERED))?;
        let until = proof.iat.saturating_add(2 * PROOF_WINDOW_SECONDS);
        Ok(Caller { actor, standing, key: proof.jkt, proof: proof.jti, until, session: None })
    }

    /// A caller who stops things or lets them go on. It is believed by the machine's own clock too, which is all that it has
    /// at hand while the server's is off; so its proof is never forgotten.
    fn overseer(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let machine = i64::try_from(self.clock.machine() / 1_000).unwrap_or(i64::MAX);
        let proved = match verify_proof(proof, received) {
            Err(ProofError::Time) => verify_proof(proof, &Received { now: machine, ..*received }),
            other => other,
        };
        let proved = proved.map_err(|error| unproved(error, received.url))?;
        Ok(Caller { until: i64::MAX, ..self.caller(proved)? })
    }

    /// A principal, by its registered key alone.
    ///
    /// # Errors
    /// The proof does not hold, or the key is not registered.
    pub fn by_key(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.caller(self.prove(proof, received)?)?;
        if caller.standing != Standing::Principal {
            let why = "this is asked by a principal of the roster; an administrator is none";
            return Err(Fault::refused(RefusalCode::Unknown, why));
        }
        Ok(caller)
    }

    /// An administrator: one that the roster names, or whoever holds the key in the server's own folder.
    ///
    /// # Errors
    /// The proof does not hold, or is by another key.
    pub fn by_admin(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.overseer(proof, received)?;
        match caller.standing {
            Standing::Administrator | Standing::Server => Ok(caller),
            Standing::Principal | Standing::Recovery => {
                let why = "this is asked with an administrator's key, and the proof is by another one";
                Err(Fault::refused(RefusalCode::Unknown, why))
            }
        }
    }

    /// An administrator, or whoever holds the recovery key.
    ///
    /// # Errors
    /// The proof does not hold, or is by another key.
    pub fn by_lifter(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.overseer(proof, received)?;
        if caller.standing == Standing::Principal {
            let why = "this is asked with an administrator's key or the recovery key, and the proof is by another one";
            return Err(Fault::refused(RefusalCode::Unknown, why));
        }
        Ok(caller)
    }

    /// A principal in a session of one run.
    ///
    /// # Errors
    /// Token or proof do not hold, or the session is of another run.
    pub fn by_session(&self, proof: &str, received: &Received<'_>, run: &str) -> Result<Caller, Fault> {
        let token = token(received)?;
        let proof = self.prove(proof, received)?;
        let expected = Expected {
            issuer: &self.name,
            audience: &self.name,
            keys: &self.keys.session_ring,
            now: received.now,
            jkt: &proof.jkt,
        };
        let claims = xpd_token::verify_session(token, &expected).map_err(|error| unauthenticated(&error))?;
        if claims.txn != run {
            return Err(Fault::unknown("run"));
        }
        let caller = self.caller(proof)?;
        if caller.actor.principal.name != claims.sub {
            return Err(Fault::unknown("run"));
        }
        let opened = claims.xp_opened;
        Ok(Caller { session: Some(opened), ..caller })
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
        let name = &self.name;
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

const UNREGISTERED: &str = "the key of the proof is not registered here";

/// A proof is good for one request; its key must still be registered, and a principal that was refused too often waits.
pub(super) fn admit(tx: &mut Tx<'_>, caller: &Caller) -> Result<(), Fault> {
    let (rules, admin) = (tx.rules(), tx.admin().to_owned());
    if holder(&rules, &admin, &caller.key) != Some((caller.actor.clone(), caller.standing)) {
        return Err(unauthenticated(&UNREGISTERED));
    }
    if !tx.burn(&caller.key, &caller.proof, caller.until)? {
        return Err(Refused::new(RefusalCode::ProofReplayed, "the proof was used before").into());
    }
    if let Some(opened) = caller.session {
        let scopes = [Scope::Principal(caller.name().to_owned())];
        // A kill in force shows in what is answered; one that was lifted since took the session along.
        if tx.stopped(&scopes, None)?.is_none()
            && let Some(scope) = tx.stopped(&scopes, Some(opened))?
        {
            let why = format!("the session is of before the end of a stop ({scope}); open another");
            return Err(Refused::new(RefusalCode::Killed, why).into());
        }
    }
    // Whoever stops things must never be told to wait.
    if caller.standing == Standing::Principal && tx.memory.limiter.suspended(caller.name(), tx.now) {
        return Err(Refused::new(RefusalCode::Suspended, "too many refusals in this minute").into());
    }
    Ok(())
}
