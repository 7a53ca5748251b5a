//! Checkpoints go where this host does not reach: to witnesses that cosign them, to a file, to a URL. A log that is older
//! than what a witness has cosigned, or another one, stops the server.

mod sink;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use xpd_engine::Orchestrator;
use xpd_engine::health::Severity;
use xpd_store::StoreError;

use crate::config::LogConfig;
use sink::Sinks;
use witness::Witnesses;

/// Between two tries where something failed.
const AGAIN: Duration = Duration::from_secs(5);

/// Exports the checkpoints of one server.
pub(crate) struct Export {
    sinks: Sinks,
    witnesses: Option<Witnesses>,
}

impl Export {
    /// As configured.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(config: &LogConfig, log_key: &xpd_audit::note::Vkey) -> Result<Self, StoreError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()
            .map_err(StoreError::broken)?;
        let witnesses = config
            .policy
            .as_ref()
            .map(|policy| Witnesses::new(policy.clone(), log_key.clone(), http.clone()));
        Ok(Self { sinks: Sinks::new(config, http), witnesses })
    }

    /// Asks the witnesses what they have cosigned, before anything is done on this log. One that does not answer is no
    /// reason not to start.
    ///
    /// # Errors
    /// A witness has cosigned more of this log, or another one under its key.
    pub async fn before(&self, orchestrator: &Orchestrator) -> Result<(), StoreError> {
        match &self.witnesses {
            Some(witnesses) => witnesses.compare_all(orchestrator).await,
            None => Ok(()),
        }
    }

    /// Exports each checkpoint until it is told to stop.
    ///
    /// # Errors
    /// As [`Self::before`]; nothing is exported after it.
    pub async fn run(
        mut self,
        orchestrator: Arc<Orchestrator>,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let mut signed = orchestrator.signed();
        loop {
            signed.mark_unchanged();
            let done = tokio::select! {
                done = self.round(&orchestrator) => done?,
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            };
            let wait = if done { Duration::MAX } else { AGAIN };
            tokio::select! {
                changed = signed.changed() => if changed.is_err() { return Ok(()) },
                () = tokio::time::sleep(wait) => {}
                _ = stop.wait_for(|stop| *stop) => return Ok(()),
            }
        }
    }

    /// The checkpoint signed last goes everywhere. False if something failed that may work later.
    async fn round(&mut self, orchestrator: &Arc<Orchestrator>) -> Result<bool, StoreError> {
        let Ok(Some(mut note)) = orchestrator.checkpoint().await else { return Ok(false) };
        let mut done = true;
        if let Some(witnesses) = &mut self.witnesses {
            let (cosigned, missing) = witnesses.cosign(orchestrator, &note).await?;
            note = cosigned;
            done &= missing.is_none();
            orchestrator.health().put("witness", missing.map(|why| (Severity::Degraded, why)));
        }
        let failed = self.sinks.put(&note).await;
        done &= failed.is_none();
        orchestrator.health().put("export", failed.map(|why| (Severity::Degraded, why)));
        Ok(done)
    }
}

pub use witness::largest;
