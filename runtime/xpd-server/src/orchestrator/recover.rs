//! What a process that ended left behind: doubts, tokens that ran out, outcomes that are due.

use std::sync::Arc;

use xp_machine::Event;

use super::Orchestrator;
use super::decide::{Question, counted, decide, follow};
use crate::fault::Fault;
use crate::store::StoreError;

impl Orchestrator {
    /// Turns claims whose process has ended into doubts, and takes what is due. Sends nothing.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn recover(&self) -> Result<(), Fault> {
        let limiter = Arc::clone(&self.limiter);
        self.store
            .insist(move |tx| {
                for row in tx.unfinished()?.into_iter().filter(|row| row.phase == "claimed") {
                    let event = Event::Doubt { jti: row.jti.clone() };
                    let question =
                        Question { run: &row.run, principal: None, leased_by: None, by: None, event };
                    let _ = decide(tx, &limiter, question)?;
                    tx.move_grant(&row.jti, &["claimed"], "in_doubt", None)?;
                }
                for id in tx.open_runs()? {
                    let Some(run) = tx.run(&id)? else { continue };
                    for atom in run.machine.due(&run.state) {
                        follow(tx, &limiter, &id, atom.step)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Makes the reserve again where it was used, drops tokens that ran out, and records refusals that were only counted.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn sweep(&self) -> Result<(), Fault> {
        let store = Arc::clone(&self.store);
        let room = tokio::task::spawn_blocking(move || store.refill_reserve()).await;
        if !room.map_err(|_| StoreError::Closed)? {
            return Ok(());
        }
        let limiter = Arc::clone(&self.limiter);
        self.store
            .write(move |tx| {
                counted(tx, &limiter)?;
                for row in tx.run_out(tx.now)? {
                    let held = tx.run(&row.run)?.is_some_and(|run| run.state.holds().contains_key(&row.jti));
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
