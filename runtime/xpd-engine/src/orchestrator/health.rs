//! The server's health conditions.

use xpd_store::Scope;

use super::Orchestrator;
use crate::health::{Condition, Health, Severity};

/// Name of the condition of the data folder's disk.
pub const DISK: &str = "disk";
/// Name of the clock's condition.
pub const CLOCK: &str = "clock";
/// Name of the condition for kills in force.
pub const KILL: &str = "kill";

impl Orchestrator {
    /// The conditions, to which every part reports.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// All current conditions.
    pub async fn conditions(&self) -> Vec<Condition> {
        self.update_conditions().await;
        self.health.conditions()
    }

    /// Why no new run may be started because of the disk; `None` if it may.
    pub(super) fn disk_is_low(&self) -> Option<String> {
        let (most, percent) = (self.rules().disk_percent, self.store.disk_percent()?);
        (percent >= most)
            .then(|| format!("the disk is {percent} % full: from {most} % on no new run is started"))
    }

    /// Updates the conditions of disk, clock and kills.
    pub(super) async fn update_conditions(&self) {
        self.update_disk();
        let trouble = self.trouble().map(|why| (Severity::Failing, format!("nothing is granted: {why}")));
        self.health.put(CLOCK, trouble);
        // If this fails, the store reports a condition of its own.
        if let Ok(stops) = self.store.read(|rows| rows.stops()).await {
            let everything = Scope::Everything.to_string();
            let all = stops.iter().any(|stop| stop.scope == everything);
            let condition = match stops.len() {
                0 => None,
                _ if all => Some("everything is stopped".to_owned()),
                count => Some(format!("kills in force: {count}")),
            };
            // A kill is a decision and not a fault. `Degraded` keeps load balancers from removing the server,
            // so agents get `killed` and operators reach it.
            self.health.put(KILL, condition.map(|what| (Severity::Degraded, what)));
        }
    }

    fn update_disk(&self) {
        let full =
            "the disk is full: nothing is recorded but what stops things or ends them, so nothing is done";
        let condition = match self.store.is_full() {
            true => Some((Severity::Failing, full.to_owned())),
            false => self.disk_is_low().map(|why| (Severity::Degraded, why)),
        };
        self.health.put(DISK, condition);
    }
}
