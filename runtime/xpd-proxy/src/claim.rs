//! A token is used: one durable step from issued to claimed, or nothing.

use std::sync::Arc;

use xpd_store::{Phase, StoreError};

use crate::authority::{Authority, Decision, Use};
use crate::ending::Answer;
use crate::fault::{self, Fault};
use crate::hooks::CrashAt;
use crate::permit::{Held, Won};
use crate::proxy::Proxy;

/// What came of a claim.
enum Claimed {
    /// It was won: act.
    Won(Box<Won>),
    /// The stored answer.
    Before(Answer),
}

impl<A: Authority> Proxy<A> {
    /// Claims, acts, records. Goes on whether or not the asker stays.
    ///
    /// # Errors
    /// The claim is refused, or the store cannot.
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

    /// Claims, in one transaction with the decision and its record.
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
                // The authority said yes and the row says no: believe neither.
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
