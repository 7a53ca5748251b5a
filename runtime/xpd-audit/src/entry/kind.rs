//! The closed list of kinds.

use std::fmt;

use serde::{Deserialize, Serialize};
use xp_machine::Event;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What an entry records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As it stands in an entry.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// A run began.
    RunOpened = "run.opened",
    /// A token may be issued.
    DecisionGranted = "decision.granted",
    /// Something was refused.
    DecisionRefused = "decision.refused",
    /// A token was used; from here on the action may be under way.
    GrantClaimed = "grant.claimed",
    /// The proxy is about to act.
    ActionStarted = "action.started",
    /// The action was carried out and this is what came back.
    ActionResult = "action.result",
    /// The action was not carried out.
    ActionFailed = "action.failed",
    /// Nobody knows whether the action was carried out.
    ActionInDoubt = "action.in_doubt",
    /// A doubt was resolved.
    ActionResolved = "action.resolved",
    /// A token ran out unused.
    GrantExpired = "grant.expired",
    /// A role handed something in.
    Submitted = "submitted",
    /// A principal was shown a datum.
    Viewed = "viewed",
    /// A role decided an outcome.
    Judged = "judged",
    /// An automatic outcome was taken.
    Settled = "settled",
    /// An artifact was deployed here.
    ArtifactDeployed = "artifact.deployed",
    /// Roster, rules, bindings or keys changed.
    ConfigChanged = "config.changed",
    /// Everything, an artifact, a run or a principal was stopped.
    Killed = "killed",
    /// Somebody asked that a kill be lifted.
    KillLiftAsked = "kill.lift_asked",
    /// A kill was lifted.
    KillLifted = "kill.lifted",
    /// More refusals than are logged one by one.
    RefusalsCounted = "refusals.counted",
    /// A run is over; nothing of it follows.
    RunClosed = "run.closed",
}

impl Kind {
    /// The kind of an accepted decision about this event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        match event {
            Event::Request { .. } => Self::DecisionGranted,
            Event::Claim { .. } => Self::GrantClaimed,
            Event::Complete { .. } => Self::ActionResult,
            Event::Fail { .. } => Self::ActionFailed,
            Event::Doubt { .. } => Self::ActionInDoubt,
            Event::Resolve { .. } => Self::ActionResolved,
            Event::Expire { .. } => Self::GrantExpired,
            Event::Submit { .. } => Self::Submitted,
            Event::View { .. } => Self::Viewed,
            Event::Judge { .. } => Self::Judged,
            Event::Settle { .. } => Self::Settled,
            Event::Kill { .. } | Event::Bar { .. } => Self::Killed,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
