//! What this server cannot do now.

use xpd_store::Scope;

use super::Orchestrator;
use crate::health::{Condition, Health, Severity};

/// The condition of the disk under the data folder.
pub const DISK: &str = "disk";
/// The condition of the clock.
pub const CLOCK: &str = "clock";
/// What is stopped.
pub const KILL: &str = "kill";

impl Orchestrator {
    /// Where every part says what it cannot do.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// All that cannot be done now.
    pub async fn conditions(&self) -> Vec<Condition> {
        self.look_around().await;
        self.health.conditions()
    }

    /// Why no new run may be started, if the disk is too full for one.
    pub(super) fn disk_is_low(&self) -> Option<String> {
        let (most, percent) = (self.rules().disk_percent, self.store.disk_percent()?);
        (percent >= most)
            .then(|| format!("the disk is {percent} % full: from {most} % on no new run is started"))
    }

    /// Says how disk and clock are, and what is stopped.
    pub(super) async fn look_around(&self) {
        self.look_at_disk();
        let trouble = self.trouble().map(|why| (Severity::Failing, format!("nothing is granted: {why}")));
        self.health.put(CLOCK, trouble);
        // Where this cannot be read, the store has a condition of its own.
        if let Ok(stops) = self.store.read(|rows| rows.stops()).await {
            let everything = Scope::Everything.to_string();
            let all = stops.iter().any(|stop| stop.scope == everything);
            let condition = match stops.len() {
                0 => None,
                _ if all => Some("everything is stopped".to_owned()),
                count => Some(format!("kills in force: {count}")),
            };
            // Somebody's decision and no fault: who asks is to hear `killed` from this server, and operators reach it.
            self.health.put(KILL, condition.map(|what| (Severity::Degraded, what)));
        }
    }

    fn look_at_disk(&self) {
        let full =
            "the disk is full: nothing is recorded but what stops things or ends them, so nothing is done";
        let condition = match self.store.is_full() {
            true => Some((Severity::Failing, full.to_owned())),
            false => self.disk_is_low().map(|why| (Severity::Degraded, why)),
        };
        self.health.put(DISK, condition);
    }
}
