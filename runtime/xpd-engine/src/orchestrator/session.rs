//! Sessions: one principal, one key, one run, fifteen minutes; ten for a workload, whose token is burned by it.

use xpd_proxy::Fault;
use xpd_store::StoreError;
use xpd_token::{Confirmation, MAX_SESSION_SECONDS, MAX_WORKLOAD_SECONDS, SessionClaims};

use super::caller::{Caller, actor};
use super::{Orchestrator, random_id, workload};

/// A session token.
#[derive(Clone, Debug)]
pub struct Session {
    /// The token.
    pub token: String,
    /// Lifetime in seconds.
    pub expires_in: i64,
}

impl Orchestrator {
    /// Opens a session in a run for a principal that has a role in it.
    ///
    /// # Errors
    /// The principal has no role in such a run.
    pub async fn open_session(&self, caller: Caller, run: &str) -> Result<Session, Fault> {
        let jti = random_id()?;
        let (id, name) = (run.to_owned(), self.name.clone());
        let claims = self.command(caller, move |tx, caller| {
            let now = tx.seconds();
            let mine = actor(tx, caller, &id)?;
            let found = tx.run(&id)?.ok_or_else(|| Fault::unknown("run"))?;
            let roles = &found.machine.workflow().roles;
            if !roles.iter().any(|role| mine.roles.contains(&role.name)) {
                return Err(Fault::unknown("run").into());
            }
            let by = caller.by_token();
            by.map_or(Ok(()), |by| workload::burn(tx, by))?;
            let lasts = if by.is_some() { MAX_WORKLOAD_SECONDS } else { MAX_SESSION_SECONDS };
            Ok(SessionClaims {
                iss: name.clone(),
                aud: name,
                sub: caller.name().to_owned(),
                client_id: caller.name().to_owned(),
                iat: now,
                nbf: now,
                xp_opened: tx.now,
                exp: now + lasts,
                jti,
                cnf: Confirmation { jkt: by.map_or(&caller.key, |by| &by.key).clone() },
                scope: SessionClaims::scope_of(&id),
                txn: id,
                xp_workload: by.map(|by| by.part.clone()),
            })
        });
        let claims = claims.await?;
        let token = xpd_token::issue_session(&claims, &self.keys.sessions).map_err(StoreError::broken)?;
        Ok(Session { token, expires_in: claims.exp - claims.iat })
    }
}
