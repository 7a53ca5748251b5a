//! Export of checkpoints to witnesses, to a file and to a URL. The server stops if its log is older than, or
//! inconsistent with, a checkpoint that a witness has cosigned.

mod sink;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::watch;
use xpd_egress::Reach;
use xpd_engine::Orchestrator;
use xpd_engine::health::Severity;
use xpd_store::StoreError;

use crate::config::LogConfig;
use sink::Sinks;
use witness::Witnesses;

/// Interval between attempts after a failure.
const AGAIN: Duration = Duration::from_secs(5);

/// Time limit for a request, including its answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// URL and HTTP client of a destination.
fn destination(url: &str, reach: &Reach) -> Result<(Url, reqwest::Client), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("`{url}`: {error}");
    let url = Url::parse(url).map_err(|error| wrong(&error))?;
    let http = xpd_egress::client(&url, reach).map_err(|error| wrong(&error))?.timeout(TIMEOUT).build();
    Ok((url, http.map_err(|error| crate::with_causes(&error))?))
}

/// Exports the checkpoints of a server.
pub(crate) struct Export {
    sinks: Sinks,
    witnesses: Option<Witnesses>,
}

impl Export {
    /// An export with this configuration.
    ///
    /// # Errors
    /// No HTTP client can be created.
    pub fn new(config: &LogConfig, log_key: &xpd_audit::note::Vkey) -> Result<Self, StoreError> {
        let witnesses =
            config.policy.as_ref().map(|policy| Witnesses::new(policy, log_key.clone(), &config.reach));
        Ok(Self {
            sinks: Sinks::new(config).map_err(StoreError::Folder)?,
            witnesses: witnesses.transpose().map_err(StoreError::Folder)?,
        })
    }

    /// Compares the log with what the witnesses have cosigned, before it is used. A witness that does not
    /// answer is logged and skipped.
    ///
    /// # Errors
    /// A witness has cosigned a larger checkpoint of this log, or one of another log under its key.
    pub async fn before(&self, orchestrator: &Orchestrator) -> Result<(), StoreError> {
        match &self.witnesses {
            Some(witnesses) => witnesses.compare_all(orchestrator).await,
            None => Ok(()),
        }
    }

    /// Exports each new checkpoint until told to stop.
    ///
    /// # Errors
    /// As [`Self::before`]. Nothing is exported after an error.
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

    /// Exports the last signed checkpoint to every destination. Returns false after a failure that may be
    /// temporary.
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
