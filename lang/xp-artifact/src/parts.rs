//! What workflows and questions are made of: ids, outcomes, formulas, data, effects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::Value;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the table it indexes.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The id of a position; saturates, and the validator refuses tables that large.
            #[must_use]
            pub fn of(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    };
}

id!(
    /// Indexes [`Workflow::roles`].
    RoleId
);
id!(
    /// Indexes [`Workflow::steps`].
    StepId
);
id!(
    /// Indexes [`Workflow::actions`].
    ActionId
);
id!(
    /// Indexes [`Workflow::loops`].
    LoopId
);
id!(
    /// Indexes [`Workflow::params`].
    ParamId
);
id!(
    /// Indexes [`Step::grants`] of one step.
    GrantIx
);
id!(
    /// Indexes [`Step::outcomes`] of one step.
    OutcomeIx
);
id!(
    /// Indexes [`Step::submissions`] of one step.
    SubmissionIx
);

/// One outcome of one step: the atom of every guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Atom {
    /// The step.
    pub step: StepId,
    /// The outcome of that step.
    pub outcome: OutcomeIx,
}

/// What an action does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Issues, comments, reviews.
    Discuss,
    /// Refs and contents.
    Write,
    /// Brings a change into a protected branch.
    Merge,
    /// Puts something into service.
    Deploy,
    /// Runs code.
    Execute,
    /// Removes something.
    Delete,
    /// Moves money.
    Pay,
    /// Makes something public.
    Publish,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Discuss,
        Self::Write,
        Self::Merge,
        Self::Deploy,
        Self::Execute,
        Self::Delete,
        Self::Pay,
        Self::Publish,
    ];

    /// The word it has in source and artifact.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Discuss => "discuss",
            Self::Write => "write",
            Self::Merge => "merge",
            Self::Deploy => "deploy",
            Self::Execute => "execute",
            Self::Delete => "delete",
            Self::Pay => "pay",
            Self::Publish => "publish",
        }
    }
}

/// A value known before the action: a literal or a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// A literal.
    Literal(Value),
    /// A datum of the run.
    Datum(Datum),
    /// Text with data in it.
    Template(Vec<TemplatePart>),
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplatePart {
    /// As it stands.
    Text(String),
    /// An integer or text datum, printed.
    Datum(Datum),
}

/// A name with a path of fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Datum {
    /// What it starts from.
    pub root: Root,
    /// Fields followed from there.
    pub fields: Vec<String>,
}

impl Datum {
    /// The use that gave it, and its path in the result; none of what is no result.
    #[must_use]
    pub fn of_result(&self) -> Option<((StepId, GrantIx), &[String])> {
        match self.root {
            Root::Result { step, grant } => Some(((step, grant), &self.fields)),
            Root::Param(_) | Root::Submission { .. } => None,
        }
    }
}

/// Where a datum comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Root {
    /// A parameter of the run.
    Param(ParamId),
    /// The latest result of a grant of a step (which has a binder).
    Result {
        /// The step.
        step: StepId,
        /// The grant in it.
        grant: GrantIx,
    },
    /// A submission of a step.
    Submission {
        /// The step.
        step: StepId,
        /// The submission in it.
        submission: SubmissionIx,
    },
}

impl Root {
    /// The step that makes it; parameters have none.
    #[must_use]
    pub fn step(self) -> Option<StepId> {
        match self {
            Self::Param(_) => None,
            Self::Result { step, .. } | Self::Submission { step, .. } => Some(step),
        }
    }
}
