//! Actions whose end nobody saw, resolved by the class of their declaration: repeat, look, or leave to a person.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use xp_artifact::workflow::Repeat;

use super::Proxy;
use crate::connectors::ActError;
use crate::fault::Fault;
use crate::orchestrator::Permit;

/// How often doubts are looked for.
const EVERY: Duration = Duration::from_secs(2);
/// Longest pause between two tries of one doubt.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Tries of one doubt.
struct Tries {
    since: Instant,
    next: Instant,
    pause: Duration,
}

impl Proxy {
    /// Resolves what the last process left, then goes on doing so until the task it gives is ended.
    ///
    /// # Errors
    /// The store cannot say what is left.
    pub async fn recover(self: &Arc<Self>) -> Result<JoinHandle<()>, Fault> {
        let mut tries = HashMap::new();
        for permit in self.orchestrator.recover().await? {
            self.attempt(&mut tries, permit).await;
        }
        let own = Arc::downgrade(self);
        Ok(tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(proxy) = own.upgrade() else { return };
                if let Err(fault) = proxy.orchestrator.sweep().await {
                    tracing::warn!(?fault, "sweeping failed");
                }
                match proxy.orchestrator.doubts().await {
                    Ok(doubts) => {
                        for permit in doubts {
                            proxy.attempt(&mut tries, permit).await;
                        }
                    }
                    Err(fault) => tracing::warn!(?fault, "doubts cannot be read"),
                }
            }
        }))
    }

    async fn attempt(&self, tries: &mut HashMap<String, Tries>, permit: Permit) {
        let now = Instant::now();
        let known =
            tries.entry(permit.jti().to_owned()).or_insert(Tries { since: now, next: now, pause: EVERY });
        if now < known.next {
            return;
        }
        known.pause = (known.pause * 2).min(MAX_PAUSE);
        known.next = now + known.pause.min(self.grace.max(EVERY));
        // Whoever sent it has ended, but what was sent may still arrive: only a second look counts as a no.
        let settled = now.duration_since(known.since) >= self.grace;
        let jti = permit.jti().to_owned();
        match self.resolve(permit, settled).await {
            Ok(true) => {
                tries.remove(&jti);
            }
            Ok(false) => {}
            Err(fault) => tracing::warn!(jti, ?fault, "a doubt could not be resolved"),
        }
    }

    async fn resolve(&self, permit: Permit, settled: bool) -> Result<bool, Fault> {
        let Ok((order, spent)) = permit.spend() else { return Ok(false) };
        let found = match spent.repeat() {
            Repeat::Manual => return Ok(false),
            Repeat::Idempotent => self.perform(&order).await.map(Some),
            Repeat::Probe => self.look(&order.instance, &order.call).await,
        };
        match found {
            Ok(Some(value)) => {
                self.orchestrator.resolved(spent, Some(self.scrubber.value(value))).await?;
                Ok(true)
            }
            Ok(None) if settled => {
                self.orchestrator.resolved(spent, None).await?;
                Ok(true)
            }
            Ok(None) | Err(ActError::NotSent(_) | ActError::Refused { .. } | ActError::Unknown(_)) => {
                Ok(false)
            }
        }
    }
}
