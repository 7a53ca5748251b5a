//! What this server cannot do now.

use super::Orchestrator;
use crate::health::{Condition, Health, Severity};

/// The condition of the disk under the data folder.
pub const DISK: &str = "disk";

impl Orchestrator {
    /// Where every part says what it cannot do.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// All that cannot be done now.
    #[must_use]
    pub fn conditions(&self) -> Vec<Condition> {
        self.look_at_disk();
        self.health.conditions()
    }

    /// Why no new run may be started, if the disk is too full for one.
    pub(super) fn disk_is_low(&self) -> Option<String> {
        let (most, percent) = (self.rules.disk_percent, self.store.disk_percent()?);
        (percent >= most)
            .then(|| format!("the disk is {percent} % full: from {most} % on no new run is started"))
    }

    /// Says how the disk is.
    pub(super) fn look_at_disk(&self) {
        let full =
            "the disk is full: nothing is recorded but what stops things or ends them, so nothing is done";
        let condition = match self.store.is_full() {
            true => Some((Severity::Failing, full.to_owned())),
            false => self.disk_is_low().map(|why| (Severity::Degraded, why)),
        };
        self.health.put(DISK, condition);
    }
}
