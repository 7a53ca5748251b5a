//! Authentication: tokens and proofs of possession.

use std::fmt::Display;

use serde_json::json;
use xp_machine::Actor;
use xp_machine::event::Principal;
use xp_wire::RefusalCode;
use xp_wire::proof::{PROOF_WINDOW_SECONDS, Proof, ProofError, Received, verify_proof};
use xpd_audit::entry::Facts;
use xpd_proxy::{Fault, Refused};
use xpd_store::{Clock as _, Scope, StoreError};
use xpd_token::{Expected, GrantClaims, Origin};

use super::Orchestrator;
use super::provider_login::{self, ProviderLogin};
use super::workload::{self, ByToken, ForeignToken};
use crate::memory::Tx;
use crate::roster::{ADMIN, RECOVERY, person_key, person_of};
use crate::rules::Rules;
use crate::workloads::workload_key;

/// The class of a caller, which determines what it may request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A principal of the roster, with the rights of its roles.
    Principal,
    /// An administrator named in the roster.
    Administrator,
    /// The holder of the administrative key in the server's folder: an administrator without a name of its
    /// own.
    Server,
    /// The holder of the recovery key, who may lift a kill without a second person and do nothing else.
    Recovery,
}

/// A caller that has proved possession of a registered key for the current request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal with all roles in the roster; within a run these are restricted by [`actor`].
    actor: Actor,
    standing: Standing,
    /// Thumbprint of the caller's key.
    pub(super) key: String,
    /// Id of the proof of possession, to be recorded as used. None once it was, within the request that it came with.
    proof: Option<String>,
    /// Time until which the proof is recorded, seconds since 1970.
    until: i64,
    /// When the session was opened, milliseconds since 1970, if the caller has one.
    session: Option<u64>,
    /// The login at a provider by which the session was opened, if it was.
    login: Option<ProviderLogin>,
    /// The token of an issuer by which the session is or was opened, if it is one of a workload.
    by_token: Option<ByToken>,
}

impl Caller {
    /// Name of the principal.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.actor.principal.name
    }

    /// The login at a provider by which the session was opened, if it was.
    pub(super) fn login(&self) -> Option<&ProviderLogin> {
        self.login.as_ref()
    }

    /// How a workload came to its session, if the caller is one.
    pub(super) fn by_token(&self) -> Option<&ByToken> {
        self.by_token.as_ref()
    }

    /// The principal.
    pub(super) fn principal(&self) -> &Principal {
        &self.actor.principal
    }

    /// The caller within the rest of a request whose proof has been recorded as used.
    pub(super) fn admitted(self) -> Self {
        Self { proof: None, ..self }
    }

    /// Thumbprint of the caller's key.
    #[must_use]
    pub fn key(&self) -> &str {
        self.by_token().map_or(&self.key, |by| &by.key)
    }

    /// Class of the caller.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }
}

/// The holder of a key according to these rules.
fn holder(rules: &Rules, admin: &str, key: &str, now: u64) -> Result<(Actor, Standing), Fault> {
    let named = |name: &str, standing| {
        let principal = Principal::agent(name, name);
        Ok((Actor { principal, roles: Vec::new() }, standing))
    };
    match rules.roster.by_key(key) {
        Some(member) if member.counts(now) => return Ok((member.actor(), Standing::Principal)),
        Some(_) => return Err(unauthenticated(&ENDED)),
        None => {}
    }
    if let Some(name) = rules.roster.administrator(key) {
        return named(name, Standing::Administrator);
    }
    if rules.recovery.as_deref() == Some(key) {
        return named(RECOVERY, Standing::Recovery);
    }
    if key == admin { named(ADMIN, Standing::Server) } else { Err(unauthenticated(&UNREGISTERED)) }
}

/// The caller as an actor in a run, with the roles it had when the run began and still has.
pub(super) fn actor(tx: &mut Tx<'_>, caller: &Caller, run: &str) -> Result<Actor, StoreError> {
    let (rules, mut actor) = (tx.rules(), caller.actor.clone());
    let Some(opened) = tx.run(run)?.map(|run| run.opened) else { return Ok(actor) };
    // A login that the roster got later counts in later runs.
    if let Some(login) = caller.login() {
        let mut parts = rules.roster.login_parts(&login.issuer, &login.subject);
        if parts.any(|part| rules.since.get(&part).is_some_and(|since| *since > opened)) {
            actor.roles.clear();
        }
    }
    // As do the tokens of a workload.
    if caller.by_token().is_some_and(|by| rules.since.get(&by.part).is_some_and(|since| *since > opened)) {
        actor.roles.clear();
    }
    actor.roles.retain(|role| {
        let part = rules.roster.part(&caller.key, role);
        part.is_some_and(|part| rules.since.get(&part).is_none_or(|since| *since <= opened))
    });
    Ok(actor)
}

/// By what the caller shows who it is, for the entries of what it asks. Nothing is said of a key that the agent's user cannot copy, as
/// far as the roster says.
pub(super) fn binding(tx: &Tx<'_>, caller: &Caller) -> Facts {
    let in_file = || tx.rules().roster.by_key(&caller.key).is_some_and(|member| member.in_file);
    let class = match caller.by_token() {
        Some(_) => Some("oidc-bearer"),
        None => in_file().then_some("dpop-file"),
    };
    class.map(|class| ("binding".to_owned(), json!(class))).into_iter().collect()
}

fn unauthenticated(error: &impl Display) -> Fault {
    Fault::refused(RefusalCode::Unauthenticated, error.to_string())
}

/// The expected URL is not secret, and a client that uses another name for the server needs it to correct its
/// proof.
fn unproved(error: ProofError, url: &str) -> Fault {
    match error {
        ProofError::Url => {
            Fault::refused(RefusalCode::Unauthenticated, format!("{error}: it must name `{url}`"))
        }
        _ => unauthenticated(&error),
    }
}

impl Orchestrator {
    /// The time against which proofs and tokens are checked, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now() / 1_000).unwrap_or(i64::MAX)
    }

    fn prove(&self, proof: &str, received: &Received<'_>) -> Result<Proof, Fault> {
        verify_proof(proof, received).map_err(|error| match (error, self.clock.trouble()) {
            // The caller's clock may be right and the server's wrong.
            (ProofError::Time, Some(trouble)) => Fault::refused(RefusalCode::ClockOff, trouble.to_string()),
            (error, _) => unproved(error, received.url),
        })
    }

    fn caller(&self, proof: Proof) -> Result<Caller, Fault> {
        let (actor, standing) = holder(&self.live.now(), &self.keys.admin, &proof.jkt, self.clock.now())?;
        let until = proof.iat.saturating_add(2 * PROOF_WINDOW_SECONDS);
        Ok(Caller {
            actor,
            standing,
            key: proof.jkt,
            proof: Some(proof.jti),
            until,
            session: None,
            login: None,
            by_token: None,
        })
    }

    /// A workload of the roster, in a session or with the token that it exchanges.
    fn workload(&self, proof: Proof, name: &str, session: Option<u64>, by: ByToken) -> Result<Caller, Fault> {
        let rules = self.live.now();
        workload::in_force(&rules, name, &by)?;
        let key = workload_key(name);
        let (actor, standing) = holder(&rules, &self.keys.admin, &key, self.clock.now())?;
        let until = proof.iat.saturating_add(2 * PROOF_WINDOW_SECONDS);
        let (proof, by_token) = (Some(proof.jti), Some(by));
        Ok(Caller { actor, standing, key, proof, until, session, login: None, by_token })
    }

    /// Authenticates a workload by a token of an issuer, which is good for one session, bound to the key of the proof.
    ///
    /// # Errors
    /// The proof is invalid, or the roster names no such workload.
    pub fn by_foreign_token(
        &self,
        proof: &str,
        received: &Received<'_>,
        token: ForeignToken,
    ) -> Result<Caller, Fault> {
        let proof = self.prove(proof, received)?;
        let (name, part) = workload::meant(&self.live.now(), &token)?;
        let burns = Some((token.issuer, token.jti, token.until));
        let by = ByToken { key: proof.jkt.clone(), part, burns };
        self.workload(proof, &name, None, by)
    }

    /// Authenticates a caller of the oversight routes (kill, lift). Its proof is also accepted by the host's
    /// wall clock, since a local administrator has no other time while the server's clock differs; therefore
    /// the proof is recorded without expiry.
    fn by_overseer(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let machine = i64::try_from(self.clock.machine() / 1_000).unwrap_or(i64::MAX);
        let proved = match verify_proof(proof, received) {
            Err(ProofError::Time) => verify_proof(proof, &Received { now: machine, ..*received }),
            other => other,
        };
        let proved = proved.map_err(|error| unproved(error, received.url))?;
        Ok(Caller { until: i64::MAX, ..self.caller(proved)? })
    }

    /// The thumbprint of the key by which a request is proved, whether it is registered or not. Authenticates nobody.
    ///
    /// # Errors
    /// The proof is invalid.
    pub fn proved_key(&self, proof: &str, received: &Received<'_>) -> Result<String, Fault> {
        Ok(self.prove(proof, received)?.jkt)
    }

    /// Authenticates a principal by its registered key.
    ///
    /// # Errors
    /// The proof is invalid, or the key is not registered.
    pub fn by_key(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.caller(self.prove(proof, received)?)?;
        if caller.standing != Standing::Principal {
            let why = "this is asked by a principal of the roster; an administrator is none";
            return Err(Fault::refused(RefusalCode::Unknown, why));
        }
        Ok(caller)
    }

    /// Authenticates an administrator of the roster or the holder of the server's administrative key.
    ///
    /// # Errors
    /// The proof is invalid, or by another key.
    pub fn by_admin(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.by_overseer(proof, received)?;
        match caller.standing {
            Standing::Administrator | Standing::Server => Ok(caller),
            Standing::Principal | Standing::Recovery => {
                let why = "this is asked with an administrator's key, and the proof is by another one";
                Err(Fault::refused(RefusalCode::Unknown, why))
            }
        }
    }

    /// Authenticates an administrator or the holder of the recovery key.
    ///
    /// # Errors
    /// The proof is invalid, or by another key.
    pub fn by_lifter(&self, proof: &str, received: &Received<'_>) -> Result<Caller, Fault> {
        let caller = self.by_overseer(proof, received)?;
        if caller.standing == Standing::Principal {
            let why = "this is asked with an administrator's key or the recovery key, and the proof is by another one";
            return Err(Fault::refused(RefusalCode::Unknown, why));
        }
        Ok(caller)
    }

    /// Authenticates a principal in a session of one run.
    ///
    /// # Errors
    /// Token or proof is invalid, or the session is for another run.
    pub fn by_session(&self, proof: &str, received: &Received<'_>, run: &str) -> Result<Caller, Fault> {
        let (caller, own) = self.by_any_session(proof, received)?;
        if own == run { Ok(caller) } else { Err(Fault::unknown("run")) }
    }

    /// Authenticates a principal in a session; also gives the run, which the token alone selects.
    ///
    /// # Errors
    /// Token or proof is invalid.
    pub fn by_any_session(&self, proof: &str, received: &Received<'_>) -> Result<(Caller, String), Fault> {
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
        if let Some(part) = claims.xp_workload {
            let by = ByToken { key: proof.jkt.clone(), part, burns: None };
            return Ok((self.workload(proof, &claims.sub, Some(claims.xp_opened), by)?, claims.txn));
        }
        let caller = self.caller(proof)?;
        if caller.actor.principal.name != claims.sub {
            return Err(Fault::unknown("run"));
        }
        let opened = claims.xp_opened;
        Ok((Caller { session: Some(opened), ..caller }, claims.txn))
    }

    /// Authenticates the holder of a grant. Key, expiry and arguments are checked by the machine, whose
    /// decision is logged.
    ///
    /// # Errors
    /// The proof is invalid, or the token was not signed by this server.
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

impl Orchestrator {
    /// A person whom the people's door has authenticated, in a session that was opened then (milliseconds since 1970), by this login
    /// at a provider unless by a passkey.
    ///
    /// # Errors
    /// The roster names no such person.
    pub fn by_person(&self, name: &str, opened: u64, login: Option<ProviderLogin>) -> Result<Caller, Fault> {
        let rules = self.live.now();
        let member = rules
            .roster
            .person(name)
            .filter(|person| person.counts(self.clock.now()))
            .ok_or_else(|| unauthenticated(&NO_PERSON))?;
        let (actor, standing) = (member.actor(), Standing::Principal);
        Ok(Caller {
            actor,
            standing,
            key: person_key(name),
            proof: None,
            until: 0,
            session: Some(opened),
            login,
            by_token: None,
        })
    }
}

const NO_PERSON: &str = "the roster names no such person";

fn token<'r>(received: &Received<'r>) -> Result<&'r str, Fault> {
    let missing =
        || Fault::refused(RefusalCode::Unauthenticated, "a token is missing: `Authorization: DPoP …`");
    received.token.ok_or_else(missing)
}

const ENDED: &str = "the time of this principal is over: `until` in the roster";
const UNREGISTERED: &str = "the key of the proof is not registered here";

/// Records the proof as used and checks that the key is still registered, the session is not void and the
/// principal not suspended.
pub(super) fn admit(tx: &mut Tx<'_>, caller: &Caller) -> Result<(), Fault> {
    let (rules, admin) = (tx.rules(), tx.admin().to_owned());
    if holder(&rules, &admin, &caller.key, tx.now)? != (caller.actor.clone(), caller.standing) {
        return Err(unauthenticated(&UNREGISTERED));
    }
    if let (Some(person), Some(opened)) = (person_of(&caller.key), caller.session) {
        super::credentials::in_force(tx, person, opened)?;
        if let Some(login) = &caller.login {
            provider_login::in_force(&rules, caller.name(), login)?;
        }
    }
    if let Some(by) = &caller.by_token {
        workload::in_force(&rules, caller.name(), by)?;
    }
    if let Some(proof) = &caller.proof
        && !tx.record_proof(&caller.key, proof, caller.until)?
    {
        return Err(Refused::new(RefusalCode::ProofReplayed, "the proof was used before").into());
    }
    if let Some(opened) = caller.session {
        let scopes = [Scope::Principal(caller.name().to_owned())];
        // A kill in force is reported by the decision itself. One that was lifted voided the sessions opened
        // before it.
        if tx.stopped(&scopes, None)?.is_none()
            && let Some(scope) = tx.stopped(&scopes, Some(opened))?
        {
            let why = format!("the session is of before the end of a stop ({scope}); open another");
            return Err(Refused::new(RefusalCode::Killed, why).into());
        }
    }
    // Administrators are never suspended, since they must be able to kill.
    if caller.standing == Standing::Principal && tx.memory.limiter.suspended(caller.name(), tx.now) {
        return Err(Refused::new(RefusalCode::Suspended, "too many refusals in this minute").into());
    }
    Ok(())
}
