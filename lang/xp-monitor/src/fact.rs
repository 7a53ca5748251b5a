//! What a monitor is told of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, GrantIx, StepId, SubmissionIx};
use xp_scope::Value;

/// A grant and its step.
pub type GrantAt = (StepId, GrantIx);

/// Something that happened, in the order in which the machine accepted it.
#[derive(Clone, Debug)]
pub enum Fact<'a> {
    /// A use was granted.
    Requested {
        /// Identity of the token.
        id: &'a str,
        /// The use.
        of: Use,
    },
    /// The token came to nothing before it was claimed.
    Dropped {
        /// Identity of the token.
        id: &'a str,
    },
    /// The use begins: from here on it may have happened.
    Claimed {
        /// Identity of the token.
        id: &'a str,
    },
    /// The use is over.
    Ended {
        /// Identity of the token.
        id: &'a str,
        /// How.
        end: End<'a>,
    },
    /// Something was handed in.
    Submitted {
        /// In this step.
        step: StepId,
        /// What.
        submission: SubmissionIx,
        /// The controller behind the principal.
        by: &'a str,
    },
    /// Work was sent back with a note.
    Noted {
        /// The step in which it was judged.
        from: StepId,
        /// The step that is opened again.
        to: StepId,
        /// The controller behind the judge.
        by: &'a str,
    },
    /// A step settled.
    Settled(Atom),
    /// These steps are unsettled, and what was bound in them is gone.
    Reset(&'a [StepId]),
    /// The run is over. Claims in flight may still end.
    Over,
}

/// How a use ended.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// It was carried out.
    Done {
        /// What came back.
        result: &'a Value,
        /// The result is the one that later steps see.
        bound: bool,
    },
    /// It was tried and failed; what it changed is unknown.
    Failed,
    /// It was not carried out, and counts no longer.
    GivenBack,
}

/// A use of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// The grant.
    pub at: GrantAt,
    /// Number of the step's opening.
    pub opening: u32,
    /// The controller behind the principal.
    pub by: String,
    /// The arguments.
    pub args: BTreeMap<String, Value>,
    /// What came back, where the use is over and a monitor remembers that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}
