//! What a process that ended left behind: doubts, tokens that ran out, outcomes that are due.

use std::sync::Arc;

use xp_machine::Event;
use xp_scope::Value;

use super::Orchestrator;
use super::caller::{Caller, admit};
use super::decide::{Question, counted, decide, follow};
use super::end::{Answer, resolve};
use super::permit::{Permit, Spent};
use crate::fault::Fault;
use crate::store::{GrantRow, Tx};

/// A person's word on an action in doubt.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The token.
    pub jti: String,
    /// What came back, if it was carried out.
    pub result: Option<Value>,
}

impl Orchestrator {
    /// Turns claims whose process has ended into doubts, takes what is due, and gives the doubts to be resolved.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn recover(&self) -> Result<Vec<Permit>, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let keys = Arc::clone(&self.keys);
        self.store
            .write(move |tx| {
                let mut permits = Vec::new();
                for row in tx.unfinished()? {
                    if row.phase == "claimed" {
                        let event = Event::Doubt { jti: row.jti.clone() };
                        let question =
                            Question { run: &row.run, principal: None, leased_by: None, by: None, event };
                        let _ = decide(tx, &limiter, question)?;
                        tx.move_grant(&row.jti, &["claimed"], "in_doubt", None)?;
                    }
                    permits.extend(permit(tx, &keys, row)?);
                }
                for id in tx.open_runs()? {
                    let Some(run) = tx.run(&id)? else { continue };
                    for atom in run.machine.due(&run.state) {
                        follow(tx, &limiter, &id, atom.step)?;
                    }
                }
                Ok(permits)
            })
            .await
    }

    /// The doubts there are.
    ///
    /// # Errors
    /// The store cannot say.
    pub async fn doubts(&self) -> Result<Vec<Permit>, Fault> {
        let keys = Arc::clone(&self.keys);
        self.store
            .write(move |tx| {
                let rows: Vec<GrantRow> =
                    tx.unfinished()?.into_iter().filter(|row| row.phase == "in_doubt").collect();
                let permits =
                    rows.into_iter().map(|row| permit(tx, &keys, row)).collect::<Result<Vec<_>, _>>()?;
                Ok(permits.into_iter().flatten().collect())
            })
            .await
    }

    /// Resolves a doubt by what the connector found.
    ///
    /// # Errors
    /// It is not in doubt, or the result is not of the declared type.
    pub async fn resolved(&self, spent: Spent, result: Option<Value>) -> Result<Answer, Fault> {
        let limiter = Arc::clone(&self.limiter);
        let jti = spent.jti().to_owned();
        self.store
            .write(move |tx| {
                let row = tx.grant(&jti)?.ok_or_else(|| Fault::unknown("grant"))?;
                resolve(tx, &limiter, &row, result, None)
            })
            .await
    }

    /// Resolves a doubt by a person's word.
    ///
    /// # Errors
    /// It is not in doubt, or the result is not of the declared type.
    pub async fn resolve(&self, caller: Caller, word: Resolution) -> Result<Answer, Fault> {
        let limiter = Arc::clone(&self.limiter);
        self.store
            .write(move |tx| {
                admit(tx, &limiter, &caller)?;
                let row = tx.grant(&word.jti)?.filter(|row| row.phase == "in_doubt");
                let row = row.ok_or_else(|| Fault::unknown("action in doubt"))?;
                resolve(tx, &limiter, &row, word.result, Some(caller.name()))
            })
            .await
    }

    /// Drops tokens that ran out unused, and records refusals that were only counted.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn sweep(&self) -> Result<(), Fault> {
        let limiter = Arc::clone(&self.limiter);
        self.store
            .write(move |tx| {
                counted(tx, &limiter)?;
                for row in tx.run_out(tx.now)? {
                    let held = tx.run(&row.run)?.is_some_and(|run| run.state.holds.contains_key(&row.jti));
                    if held {
                        let event = Event::Expire { jti: row.jti.clone() };
                        let question =
                            Question { run: &row.run, principal: None, leased_by: None, by: None, event };
                        let _ = decide(tx, &limiter, question)?;
                    }
                    tx.move_grant(&row.jti, &["issued"], "expired", None)?;
                }
                Ok(())
            })
            .await
    }
}

fn permit(tx: &mut Tx<'_>, keys: &crate::keys::Keys, row: GrantRow) -> Result<Option<Permit>, Fault> {
    let Some(run) = tx.run(&row.run)? else { return Ok(None) };
    let marker = keys.marker(&row.jti, &row.req);
    Ok(Some(Permit::won(Arc::clone(&run.machine), row, marker)))
}
