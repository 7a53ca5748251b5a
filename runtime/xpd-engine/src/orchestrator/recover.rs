//! Recovery after a restart, and periodic work: doubts, expired grants, outcomes that are due.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use xp_machine::Event;
use xpd_proxy::Fault;
use xpd_store::{Phase, StoreError};

use super::decide::{Question, counted, decide, follow, unless_refused};
use super::{Orchestrator, deadlines, time_outs};
use crate::health::Severity;

/// Interval between sweeps.
const EVERY: Duration = Duration::from_secs(2);

impl Orchestrator {
    /// Turns claims of the previous process into doubts and takes the outcomes that are due. Sends nothing to
    /// upstreams.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recover(&self) -> Result<(), Fault> {
        self.write_past_reserve(move |tx| {
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
                deadlines::note(tx, &id)?;
            }
            time_outs::submit(tx)?;
            Ok(())
        })
        .await
    }

    /// Sweeps periodically until told to stop. Does not wait for upstreams.
    pub async fn maintain(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let swept = self.sweep().await;
            self.update_conditions().await;
            let cannot = match swept {
                // A full disk is reported by the condition of the disk.
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

    /// One sweep: restores the reserve, expires grants, submits time limits that have passed, records counts of refusals.
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
            time_outs::submit(tx)?;
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
