//! The closed set of entry kinds.

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

            /// The kind's name in an entry.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

kinds! {
    /// A run was started.
    RunOpened = "run.opened",
    /// A grant was decided; its token may be issued.
    DecisionGranted = "decision.granted",
    /// A request was refused.
    DecisionRefused = "decision.refused",
    /// A grant was claimed; from this entry on the action may be under way.
    GrantClaimed = "grant.claimed",
    /// The proxy is about to perform the action.
    ActionStarted = "action.started",
    /// The action was performed; the entry has its result.
    ActionResult = "action.result",
    /// The action was not carried out.
    ActionFailed = "action.failed",
    /// It is unknown whether the action was performed.
    ActionInDoubt = "action.in_doubt",
    /// A doubt was resolved: the action is known to have been performed or not.
    ActionResolved = "action.resolved",
    /// A grant expired unclaimed.
    GrantExpired = "grant.expired",
    /// A role made a submission.
    Submitted = "submitted",
    /// A principal was shown a datum.
    Viewed = "viewed",
    /// A role judged an outcome.
    Judged = "judged",
    /// An automatic outcome was taken.
    Settled = "settled",
    /// The time limit of a step passed.
    TimedOut = "timed_out",
    /// An artifact was deployed.
    ArtifactDeployed = "artifact.deployed",
    /// Roster, rules, bindings or keys changed.
    ConfigChanged = "config.changed",
    /// A kill stopped everything, or an artifact, a run, a principal or a connector.
    Killed = "killed",
    /// An administrator asked to lift a kill.
    KillLiftAsked = "kill.lift_asked",
    /// A kill was lifted.
    KillLifted = "kill.lifted",
    /// An administrator made a link with which a person may enrol a passkey.
    PersonInvited = "person.invited",
    /// A passkey was enrolled; it works once an administrator confirmed it.
    PersonEnrolled = "person.enrolled",
    /// An administrator confirmed a passkey.
    PersonConfirmed = "person.confirmed",
    /// A passkey was suspended, because its link was used again.
    PersonSuspended = "person.suspended",
    /// An administrator withdrew all passkeys, links and sessions of a person.
    PersonRevoked = "person.revoked",
    /// A person logged in.
    PersonLoggedIn = "person.logged_in",
    /// A person logged out.
    PersonLoggedOut = "person.logged_out",
    /// A summary of refusals that were not logged one by one.
    RefusalsCounted = "refusals.counted",
    /// The run ended. No entry of the run follows.
    RunClosed = "run.closed",
}

impl Kind {
    /// The kind of an entry for an accepted decision on this event.
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
            Event::TimeOut { .. } => Self::TimedOut,
            Event::Kill { .. } | Event::Bar { .. } => Self::Killed,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
