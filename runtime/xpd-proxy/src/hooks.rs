//! Places where the crash tests end the process. Off unless the configuration and the environment both ask for it.

use serde::Deserialize;

/// A point in the life of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashAt {
    /// The grant is durable, its token not handed out.
    AfterGrant,
    /// The claim is durable, nothing was sent.
    AfterClaim,
    /// The action was carried out, its result known to nobody else.
    AfterEffect,
    /// The result is written but not committed.
    BeforeRecord,
}

/// Which point, if any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks {
    /// Where the process ends.
    pub crash_at: Option<CrashAt>,
}

impl Hooks {
    /// Whether the process ends here.
    #[must_use]
    pub fn at(self, point: CrashAt) -> bool {
        self.crash_at == Some(point)
    }

    /// Ends the process, if this is the point.
    pub fn reach(self, point: CrashAt) {
        if self.at(point) {
            std::process::abort();
        }
    }
}
