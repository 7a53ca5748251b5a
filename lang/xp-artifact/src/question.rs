//! What was asked of a workflow and what the compiler answered, as the artifact carries it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::PatternSet;

use crate::declaration::ThingExpr;
use crate::formula::Formula;
use crate::parts::{ActionId, Atom, Datum, Effect, Expr, RoleId};

/// Some uses: all those of an effect, or of one action (with some arguments fixed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Uses {
    /// Every action with this effect.
    Effect(Effect),
    /// One action, by qualified name. It need not be granted anywhere.
    Action {
        /// `github.contents.write`.
        name: String,
        /// The action in the workflow's table, when some grant names it.
        id: Option<ActionId>,
        /// Arguments (by parameter index) that must have this value.
        args: Vec<(u32, Expr)>,
    },
}

/// Things whose content is not for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// The things; their arguments are [`Self::given`].
    pub thing: ThingExpr,
    /// What the things' arguments are, by number.
    pub given: Vec<Expr>,
    /// As it stands in the source, `store.Dataset(dataset)`.
    pub text: String,
}

/// Uses that the author lets content of some things reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Secrets that are all among these things may reach the uses.
    pub things: Secret,
    /// Which uses.
    pub uses: Uses,
    /// Why, in the author's words.
    pub because: String,
}

/// Where content must not come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sinks {
    /// These uses.
    Uses(Uses),
    /// Every use that publishes, or writes what somebody may read who may not read the things themselves.
    Outsiders,
    /// Every use that publishes, or writes anything but the things themselves, whoever may read that. What is judged as the very
    /// thing that goes in there may pass.
    Anybody(Vec<Allowance>),
}

/// A question, the always asked ones first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Every step can open.
    StepsOpen,
    /// Every outcome can happen.
    OutcomesHappen,
    /// From no reachable situation is there no way on.
    NeverStuck,
    /// Every step can settle in each of its openings.
    Progress,
    /// Automatic outcomes of a step exclude each other and cover all evidence.
    AutomaticOutcomes,
    /// Every name used in a grant has a value whenever its step is open.
    NamesBound,
    /// Every scope lets something through and is no wider than what it narrows.
    Scopes,
    /// Nothing is written while evidence or approval about it is in force or being gathered.
    FreshEvidence,
    /// No irreversible effect can be repeated by a loop.
    IrreversibleOnce,
    /// Nothing is deployed before somebody judged it.
    ReviewedBeforeDeploy,
    /// How often each step opens and each grant is used at most, printed.
    Bounds,
    /// No role can use both in one run.
    NoRole(Uses, Uses),
    /// No principal (controller) can use both in one run.
    NoPrincipal(Uses, Uses),
    /// Whenever the first can be used, the formula is in force.
    Requires(Uses, Formula),
    /// It can never be used.
    Never(Uses),
    /// The path argument of the action stays inside.
    OnlyWithin(Uses, Extent),
    /// At most this many uses in a run.
    AtMost(Uses, u32),
    /// What a roster must pin of the parameters, it does. Asked of a workflow and a roster, never in an artifact.
    StartRights,
    /// Untrusted text reaches the uses only through a role.
    Through(Uses, RoleId),
    /// As [`Self::Through`], and when the role judges what passes, its controller was shown nothing else that strangers wrote.
    Unexposed(Uses, RoleId),
    /// What is in the things reaches the uses only through a role, or never.
    Private(Box<Secret>, Sinks, Option<RoleId>),
}

macro_rules! kinds {
    ($($pattern:pat => $name:ident = $word:literal;)*) => {
        /// Which question, without its arguments. Spelled here and nowhere else: `no_role` in artifacts and configurations,
        /// `no-role` in reports and ids.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = concat!("`", $word, "`")] $name,)*
        }

        impl Kind {
            /// All kinds, in the order of [`Question`].
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As artifacts and configurations write it, `no_role`: the tag of [`Question`] in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }

        impl Question {
            /// Which question it is.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self {
                    $($pattern => Kind::$name,)*
                }
            }
        }
    };
}

kinds! {
    Self::StepsOpen => StepsOpen = "steps_open";
    Self::OutcomesHappen => OutcomesHappen = "outcomes_happen";
    Self::NeverStuck => NeverStuck = "never_stuck";
    Self::Progress => Progress = "progress";
    Self::AutomaticOutcomes => AutomaticOutcomes = "automatic_outcomes";
    Self::NamesBound => NamesBound = "names_bound";
    Self::Scopes => Scopes = "scopes";
    Self::FreshEvidence => FreshEvidence = "fresh_evidence";
    Self::IrreversibleOnce => IrreversibleOnce = "irreversible_once";
    Self::ReviewedBeforeDeploy => ReviewedBeforeDeploy = "reviewed_before_deploy";
    Self::Bounds => Bounds = "bounds";
    Self::StartRights => StartRights = "start_rights";
    Self::NoRole(..) => NoRole = "no_role";
    Self::NoPrincipal(..) => NoPrincipal = "no_principal";
    Self::Requires(..) => Requires = "requires";
    Self::Never(_) => Never = "never";
    Self::OnlyWithin(..) => OnlyWithin = "only_within";
    Self::AtMost(..) => AtMost = "at_most";
    Self::Through(..) => Through = "through";
    Self::Unexposed(..) => Unexposed = "unexposed";
    Self::Private(..) => Private = "private";
}

impl Kind {
    /// As reports and ids write it, `no-role`.
    #[must_use]
    pub fn hyphenated(self) -> String {
        self.as_str().replace('_', "-")
    }

    /// The kind of this word, as artifacts write it.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|kind| kind.as_str() == word).copied()
    }
}

/// A set of paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// The paths in this list.
    Datum(Datum),
    /// The paths that match.
    Patterns(PatternSet),
}

/// How a question was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Proved,
    /// It does not, and a trace shows it.
    Refuted,
    /// The situation cannot occur.
    Vacuous,
    /// It holds given something the workflow does not ensure.
    Conditional,
    /// No answer within the limits, or no method yet.
    Unknown,
    /// The machine refuses what would break it.
    Enforced,
}

impl Status {
    /// The answer lets an artifact be built and run: it is proved, the machine enforces it, or the situation cannot occur
    /// and the author accepts that. Every gate asks this and nothing else.
    #[must_use]
    pub fn holds(self, vacuous_ok: bool) -> bool {
        match self {
            Self::Proved | Self::Enforced => true,
            Self::Vacuous => vacuous_ok,
            Self::Refuted | Self::Conditional | Self::Unknown => false,
        }
    }

    /// The word for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Refuted => "refuted",
            Self::Vacuous => "vacuous",
            Self::Conditional => "conditional",
            Self::Unknown => "unknown",
            Self::Enforced => "enforced",
        }
    }
}

/// A question with its answer, as stored in the artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// Stable within the workflow, `bug_fix/merge-requires`.
    pub id: String,
    /// The question.
    pub question: Question,
    /// Source text of the clause, or the name of the always asked question.
    pub source: String,
    /// The answer.
    pub status: Status,
    /// The author accepts that the situation cannot occur.
    pub vacuous_ok: bool,
    /// Class of its certificate; `unchecked` until one is defined for the kind of question.
    pub certificate: String,
    /// A reachable example of the guarded situation: outcomes in settling order.
    pub witness: Option<Vec<Atom>>,
    /// What a proof assumes of the world, in words; empty if nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assuming: Vec<String>,
}

impl Obligation {
    /// As [`Status::holds`].
    #[must_use]
    pub fn holds(&self) -> bool {
        self.status.holds(self.vacuous_ok)
    }
}
