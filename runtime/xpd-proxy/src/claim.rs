//! The claim of a grant: one durable transition from issued to claimed.

use std::sync::Arc;

use xpd_store::{Phase, StoreError};

use crate::authority::{Authority, Decision, Use};
use crate::ending::Answer;
use crate::fault::{self, Fault};
use crate::hooks::CrashAt;
use crate::permit::{Held, Won};
use crate::proxy::Proxy;

/// Outcome of a claim.
enum Claimed {
    /// The grant was claimed: perform the action.
    Won(Box<Won>),
    /// The request was completed before; the stored answer.
    Before(Answer),
}

impl<A: Authority> Proxy<A> {
    /// Claims the grant, performs the action and records its end. Continues even if the caller disconnects.
    ///
    /// # Errors
    /// The claim is refused, or the store failed.
    pub async fn carry_out(self: &Arc<Self>, caller: A::Caller, using: Use) -> Result<Answer, Fault> {
        let own = Arc::clone(self);
        let under_way = Arc::clone(&self.acts).read_owned().await;
        let whole = tokio::spawn(async move {
            let _under_way = under_way;
            match own.claim(caller, using).await? {
                Claimed::Before(answer) => Ok(answer),
                Claimed::Won(won) => own.act(*won).await,
            }
        });
        whole.await.map_err(|_| Fault::Store(StoreError::Closed))?
    }

    /// Claims in one transaction with the decision and its log entry.
    async fn claim(&self, caller: A::Caller, using: Use) -> Result<Claimed, Fault> {
        let (authority, lines) = (Arc::clone(&self.authority), self.lines.clone());
        let claimed = fault::write(&self.store, move |tx| {
            let jti = using.claims.jti.clone();
            let warrant = match authority.claim(tx, caller, using)? {
                Decision::Allowed(warrant) => warrant,
                Decision::Before(answer) => return Ok(Claimed::Before(answer)),
            };
            let grant = tx.grant(&jti)?.ok_or_else(|| Fault::unknown("grant"))?;
            if !tx.move_grant(&jti, Phase::Issued, Phase::Claimed, None)? {
                // The authority allowed the claim although the row is not in phase issued: the state is
                // inconsistent, so fail.
                return Err(StoreError::Broken("a grant and its run differ".to_owned()).into());
            }
            Ok(Claimed::Won(Box::new(Won::claimed(Held::new(grant, warrant), &lines))))
        })
        .await?;
        if matches!(claimed, Claimed::Won(_)) {
            self.hooks.reach(CrashAt::AfterClaim);
        }
        Ok(claimed)
    }
}
