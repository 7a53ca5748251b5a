//! Refusals: values with a stable code and the clause that refused.

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, GrantIx, StepId};

/// Why an input was refused. Codes are stable; clients match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No such step, outcome, submission or datum.
    Unknown,
    /// The principal does not play the role.
    WrongRole,
    /// The principal's controller already acts where it must not.
    NotSeparate,
    /// The step may not do this at all.
    NotGranted,
    /// The step is not open yet.
    OutOfSequence,
    /// The step is closed or closing, or the token is of an earlier opening.
    StepClosed,
    /// An argument is outside its pin.
    OutOfScope,
    /// An argument names something that has no value.
    Unbound,
    /// A value is not of its type.
    BadValue,
    /// The grant has no use left.
    UsedUp,
    /// Too many unused tokens of this grant at once, or too many tries.
    TooMany,
    /// The token ran out.
    Expired,
    /// The token was used before, or never issued.
    Replayed,
    /// The token is bound to another principal or key.
    WrongKey,
    /// The token is good for other arguments.
    WrongArguments,
    /// The outcome cannot be chosen.
    NotJudgeable,
    /// The evidence an outcome needs is not there.
    NoEvidence,
    /// A submission is missing.
    NotSubmitted,
    /// The judge was not shown what is judged, in this opening.
    NotShown,
    /// The run was stopped, or the principal barred.
    Killed,
    /// The run is over.
    RunOver,
    /// Another run holds the resource.
    Leased,
    /// The token is not in the state the input needs.
    NotClaimed,
    /// The artifact contradicts itself; nothing is done.
    Broken,
}

impl Code {
    /// The code as it stands on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::WrongRole => "wrong_role",
            Self::NotSeparate => "not_separate",
            Self::NotGranted => "not_granted",
            Self::OutOfSequence => "out_of_sequence",
            Self::StepClosed => "step_closed",
            Self::OutOfScope => "out_of_scope",
            Self::Unbound => "unbound",
            Self::BadValue => "bad_value",
            Self::UsedUp => "used_up",
            Self::TooMany => "too_many",
            Self::Expired => "expired",
            Self::Replayed => "replayed",
            Self::WrongKey => "wrong_key",
            Self::WrongArguments => "wrong_arguments",
            Self::NotJudgeable => "not_judgeable",
            Self::NoEvidence => "no_evidence",
            Self::NotSubmitted => "not_submitted",
            Self::NotShown => "not_shown",
            Self::Killed => "killed",
            Self::RunOver => "run_over",
            Self::Leased => "leased",
            Self::NotClaimed => "not_claimed",
            Self::Broken => "broken",
        }
    }
}

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
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Why, for programs.
    pub code: Code,
    /// Why, for people: lower case, no full stop, names as in the source.
    pub reason: String,
    /// The clause that refused.
    pub clause: Option<Clause>,
}

impl Refusal {
    /// A refusal by a clause.
    pub(crate) fn by(code: Code, clause: Clause, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), clause: Some(clause) }
    }

    /// A refusal without a clause.
    pub(crate) fn of(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), clause: None }
    }

    /// The artifact contradicts itself. Machine construction rules this out; kept so that nothing can panic.
    pub(crate) fn broken() -> Self {
        Self::of(Code::Broken, "the artifact contradicts itself")
    }
}
