//! Refusals: values with a stable code and the clause that refused.

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, GrantIx, StepId};
use xp_wire::RefusalCode;

/// The part of the workflow that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// `by` of a step.
    Role(StepId),
    /// The n-th separation.
    Separation(u32),
    /// `after` of a step.
    After(StepId),
    /// The grants of a step, none of which names the action.
    Grants(StepId),
    /// The n-th pin of a grant.
    Pin(StepId, GrantIx, u32),
    /// The limit of a grant.
    Limit(StepId, GrantIx),
    /// An outcome.
    Outcome(Atom),
    /// A step as a whole.
    Step(StepId),
    /// The n-th guard of the workflow.
    Guard(u32),
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Why, for programs.
    pub code: RefusalCode,
    /// Why, for people: lower case, no full stop, names as in the source.
    pub reason: String,
    /// The clause that refused.
    pub clause: Option<Clause>,
}

impl Refusal {
    /// A refusal by a clause.
    pub(crate) fn by(code: RefusalCode, clause: Clause, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), clause: Some(clause) }
    }

    /// A refusal without a clause.
    pub(crate) fn of(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), clause: None }
    }

    /// The artifact contradicts itself. Machine construction rules this out; kept so that nothing can panic.
    pub(crate) fn broken() -> Self {
        Self::of(RefusalCode::Broken, "the artifact contradicts itself")
    }
}
