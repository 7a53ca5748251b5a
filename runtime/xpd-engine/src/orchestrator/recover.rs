//! What a process that ended left behind: doubts, tokens that ran out, outcomes that are due.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use xp_machine::Event;
use xpd_proxy::Fault;
use xpd_store::{Phase, StoreError};

use super::Orchestrator;
use super::decide::{Question, counted, decide, follow, unless_refused};
use crate::health::Severity;

/// How often tokens that ran out are dropped.
const EVERY: Duration = Duration::from_secs(2);

impl Orchestrator {
    /// Turns claims whose process has ended into doubts, and takes what is due. Sends nothing.
    ///
    /// # Errors
    /// The store cannot.
    pub async fn recover(&self) -> Result<(), Fault> {
        self.insist(move |tx| {
            for row in tx.grants_in(Phase::Claimed)? {
                let event = Event::Doubt { jti: row.jti.clone() };
                unless_refused(decide(tx, Question::own(&row.run, event)))?;
                tx.move_grant(&row.jti, Phase::Claimed, Phase::InDoubt, None)?;
            }
            for id in tx.open_runs()? {
                let Some(run) = tx.run(&id)? else { continue };
                for atom in run.machine.due(&run.state) {
                    follow(tx, &id, atom.step)?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Drops tokens that ran out, until it is told to stop. Waits for no upstream.
    pub async fn keep_up(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let swept = self.sweep().await;
            self.look_around().await;
            let cannot = match swept {
                // The disk has a condition of its own.
                Ok(()) | Err(Fault::Store(StoreError::Full(_))) => None,
                Err(fault) => {
                    tracing::warn!(?fault, "sweeping failed");
                    Some((Severity::Failing, "the records cannot be written".to_owned()))
                }
            };
            self.health().put("store", cannot);
            if tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_ok() {
                return;
            }
        }
    }

    /// Makes the reserve again where it was used, drops tokens that ran out, and records refusals that were only counted.
    async fn sweep(&self) -> Result<(), Fault> {
        let (store, memory) = (Arc::clone(&self.store), Arc::clone(&self.memory));
        let room = tokio::task::spawn_blocking(move || {
            memory.keep_checkpoint();
            store.refill_reserve()
        });
        let room = room.await;
        if !room.map_err(|_| StoreError::Closed)? {
            return Ok(());
        }
        self.write(move |tx| {
            counted(tx)?;
            for row in tx.run_out(tx.now)? {
                let held = tx.run(&row.run)?.is_some_and(|run| run.state.holds().contains_key(&row.jti));
                if held {
                    let event = Event::Expire { jti: row.jti.clone() };
                    unless_refused(decide(tx, Question::own(&row.run, event)))?;
                }
                tx.move_grant(&row.jti, Phase::Issued, Phase::Expired, None)?;
            }
            Ok(())
        })
        .await
    }
}
