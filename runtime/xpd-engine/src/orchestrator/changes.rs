//! What follows from an accepted input.

use xp_artifact::workflow::StepId;
use xp_machine::{Accepted, Change};

pub(super) fn changes(accepted: &Accepted) -> &[Change] {
    match accepted {
        Accepted::Ended { changes, .. } | Accepted::Done { changes } | Accepted::Closing { changes, .. } => {
            changes
        }
        Accepted::Granted { .. }
        | Accepted::Claimed { .. }
        | Accepted::Shown { .. }
        | Accepted::Voted { .. } => &[],
    }
}

/// The steps that were opened.
pub(super) fn opened(accepted: &Accepted) -> Vec<StepId> {
    let opened = changes(accepted).iter().filter_map(|change| match change {
        Change::Opened { step, .. } => Some(*step),
        _ => None,
    });
    opened.collect()
}
