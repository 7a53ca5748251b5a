//! Points at which crash tests end the process. Inactive unless both the configuration and the environment
//! enable them.

use serde::Deserialize;

/// A point in the life of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashAt {
    /// The grant is durable, its token was not returned.
    AfterGrant,
    /// The claim is durable, nothing was sent.
    AfterClaim,
    /// The action was performed, its result is not yet recorded.
    AfterEffect,
    /// The result is written but not committed.
    BeforeRecord,
}

/// The active crash point, if any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks {
    /// Point at which the process ends.
    pub crash_at: Option<CrashAt>,
}

impl Hooks {
    /// Whether `point` is the active one.
    #[must_use]
    pub fn at(self, point: CrashAt) -> bool {
        self.crash_at == Some(point)
    }

    /// Ends the process if `point` is the active one.
    pub fn reach(self, point: CrashAt) {
        if self.at(point) {
            std::process::abort();
        }
    }
}
