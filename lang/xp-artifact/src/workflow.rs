//! The compiled workflow: what the machine runs and what every proof is about.
//!
//! Everything is referred to by index, so the types can cross a process or a language border; names are kept for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use xp_scope::thing::Kinds;
use xp_scope::{PatternSet, Type, Value};

use crate::declaration::Clauses;
pub use crate::formula::Formula;
use crate::formula::Test;
pub use crate::parts::{
    ActionId, Atom, Datum, Effect, Expr, GrantIx, LoopId, OutcomeIx, ParamId, RoleId, Root, StepId,
    SubmissionIx, TemplatePart,
};
use crate::question::Question;
pub use crate::transport::Transport;

/// A workflow, complete: nothing outside it is needed to run or to prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Name in the source.
    pub name: String,
    /// Documentation comment, one string with line breaks.
    pub doc: Option<String>,
    /// What a run is started with.
    pub params: Vec<Param>,
    /// Who acts.
    pub roles: Vec<Role>,
    /// Which roles must have different controllers in one run.
    pub separations: Vec<Separation>,
    /// Record types by qualified name (`github.Issue`), sorted by name.
    pub records: Vec<Record>,
    /// Every kind of thing that a declaration names, and those that enclose it; sorted by name.
    pub kinds: Kinds,
    /// Every action a grant names, with its complete declaration.
    pub actions: Vec<Action>,
    /// The steps, in source order.
    pub steps: Vec<Step>,
    /// The reopenings, in source order.
    pub loops: Vec<Loop>,
    /// When the run is over. Positive.
    pub finish: Formula,
    /// What the author says of the world, which proofs may rest on and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<Assumption>,
    /// What a run holds from its start until it is over, so that no other run acts on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<Lease>,
    /// What the machine enforces: it refuses what would break one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Guard>,
}

/// Nobody outside changes a thing while a run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// The thing; its arguments are [`Self::given`].
    pub thing: crate::declaration::ThingExpr,
    /// What the thing's arguments are, by number.
    pub given: Vec<Expr>,
    /// As it stands in the source, `Invoice(invoice)`.
    pub text: String,
    /// Why.
    pub because: String,
}

impl Assumption {
    /// What is assumed and why, as answers that rest on it say.
    #[must_use]
    pub fn words(&self) -> String {
        format!("nobody else changes `{}`: {}", self.text, self.because)
    }
}

/// Things that belong to one run at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The things; their arguments are [`Self::given`].
    pub thing: crate::declaration::ThingExpr,
    /// What the arguments are, by number: parameters of the run and literals.
    pub given: Vec<Expr>,
    /// As they stand in the source, `Invoice(invoice)`.
    pub text: String,
}

/// A property that is enforced while a run goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Name of its obligation, which the artifact carries as enforced.
    pub id: String,
    /// The question. It has a monitor, and uses alone can break it.
    pub question: Question,
    /// Source text of the clause.
    pub source: String,
}

/// A parameter of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Name in the source.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A role. One principal plays a role of agents for the whole run; a role of people is taken by any that are listed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Name in the source.
    pub name: String,
    /// What kind of principal may play it.
    pub kind: RoleKind,
}

/// What kind of principal plays a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoleKind {
    /// An AI agent.
    Agent,
    /// People, each of whom judges for himself.
    Human,
}

/// Roles whose controllers must differ pairwise over the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// At least two, distinct.
    pub roles: Vec<RoleId>,
    /// Where the rule comes from.
    pub reason: SeparationReason,
}

/// Why roles are separate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeparationReason {
    /// A `separate roles` clause.
    Declared,
    /// By default: the judge of this step is not the one who made what is judged.
    Judges(StepId),
}

/// A record type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Qualified name, `github.Issue`.
    pub name: String,
    /// Its fields, in declaration order.
    pub fields: Vec<Field>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Type.
    pub ty: Type,
    /// A value need not have it; JSON has no member for it then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// The declaration of an action of a connector, as the proofs assume it and the server must have registered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The connector, `github`.
    pub connector: String,
    /// The action inside it, `issues.search`.
    pub name: String,
    /// Its arguments, in declaration order.
    pub params: Vec<ActionParam>,
    /// Type of its result.
    pub result: Type,
    /// What it does.
    pub effect: Effect,
    /// It cannot be undone.
    pub irreversible: bool,
    /// Its result holds text that strangers may have written.
    pub reveals_untrusted: bool,
    /// Its result holds private data.
    pub reveals_private: bool,
    /// Its arguments reach the public.
    pub publishes: bool,
    /// Its result is a measurement by the connector, not somebody's word.
    pub attests: bool,
    /// What it does to things.
    pub clauses: Clauses,
    /// Fields of the result that identify the content a reader was shown (`head` of a pull request).
    pub shows: Vec<String>,
    /// How a repeat after a crash is resolved.
    pub repeat: Repeat,
    /// How it is done at the upstream, where that is declared and not code of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
}

impl Action {
    /// A use leaves everything as it was, by its declaration.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.clauses.is_harmless(self.publishes, self.irreversible)
    }
}

/// An argument of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionParam {
    /// Name.
    pub name: String,
    /// Type.
    pub ty: Type,
    /// Value when a grant or a call leaves it out.
    pub default: Option<Value>,
    /// A use need not have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// What to do with a claim whose end nobody saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Acting again changes nothing more.
    Idempotent,
    /// The connector can look whether it happened.
    Probe,
    /// A person decides.
    Manual,
}

/// A step: who, after what, may do what, how often, and how it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Name in the source.
    pub name: String,
    /// Who acts in it.
    pub role: RoleId,
    /// When it is open (while unsettled). Positive.
    pub after: Formula,
    /// What the role may do while it is open.
    pub grants: Vec<Grant>,
    /// What the role hands in while it is open; each is required before a continuing outcome.
    pub submissions: Vec<Submission>,
    /// How it ends.
    pub outcomes: Vec<Outcome>,
    /// For how long it is open at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<TimeLimit>,
}

/// For how long an opening of a step takes uses, submissions and judgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeLimit {
    /// Milliseconds from the moment at which it opened, at least 1.
    pub millis: u64,
    /// The outcome of the step that is taken then.
    pub then: OutcomeIx,
}

impl Workflow {
    /// Whether people take the role.
    #[must_use]
    pub fn is_human(&self, role: RoleId) -> bool {
        self.roles.get(role.index()).is_some_and(|role| role.kind == RoleKind::Human)
    }

    /// Some role is one of people.
    #[must_use]
    pub fn has_people(&self) -> bool {
        self.roles.iter().any(|role| role.kind == RoleKind::Human)
    }
}

impl Step {
    /// What a request calls a grant: the name of its result, or else its number within the step, from 1.
    #[must_use]
    pub fn grant_name(&self, grant: GrantIx) -> Option<String> {
        let named = self.grants.get(grant.index())?;
        Some(named.binder.clone().unwrap_or_else(|| (u64::from(grant.0) + 1).to_string()))
    }

    /// The grant that a request calls so. A grant has one name only.
    #[must_use]
    pub fn grant_named(&self, name: &str) -> Option<GrantIx> {
        let all = (0..self.grants.len()).map(GrantIx::of);
        all.into_iter().find(|grant| self.grant_name(*grant).as_deref() == Some(name))
    }
}

/// A capability: one action with every argument pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What may be done.
    pub action: ActionId,
    /// One pin for each parameter of the action, in its order.
    pub pins: Vec<Pin>,
    /// How often.
    pub limit: Limit,
    /// Name under which the latest result of the opening is bound.
    pub binder: Option<String>,
    /// Lifetime of a token for it, in seconds.
    pub ttl_seconds: u32,
}

/// How often a grant may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// At most this many uses, at least 1.
    pub uses: u32,
    /// Counted over what.
    pub per: Per,
}

/// What a limit counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// One opening of the step.
    Opening,
    /// The whole run.
    Run,
}

/// What an argument may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pin {
    /// Exactly this.
    Is(Expr),
    /// An element of this list, and inside these patterns when there are any.
    OneOf {
        /// The list.
        set: Expr,
        /// Patterns every element used must also match.
        within: Option<PatternSet>,
    },
    /// Any path that matches.
    Within(PatternSet),
    /// Free text, neutralised by the connector and at most this many characters.
    Content {
        /// Length bound in characters.
        max: u32,
    },
    /// Anything of the type; nothing as well, if the parameter is optional.
    Any,
    /// Nothing: the parameter is optional, and a use has no such argument.
    Absent,
}

/// Something a role hands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Name in the source.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// For paths: patterns every one must match.
    pub within: Option<PatternSet>,
    /// For lists: at most this many elements, at least 1 of them.
    pub max: u32,
}

/// One way a step ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Name in the source.
    pub name: String,
    /// How it comes about.
    pub how: How,
    /// What the judge must have been shown in this opening, and what the judgement is bound to.
    pub of: Option<Datum>,
    /// Why the evidence of an automatic outcome stands for a judgement of that; the proofs check that it is independent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<String>,
    /// So many people of different controllers must have judged so; one judgement suffices where this is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<u32>,
    /// What follows.
    pub then: Then,
}

impl Workflow {
    /// The most people, of different controllers, that an outcome of the step needs; none for a step of agents.
    #[must_use]
    pub fn people_needed(&self, step: &Step) -> Option<u32> {
        let role = self.roles.get(step.role.index())?;
        let needed = step.outcomes.iter().map(Outcome::votes).max();
        needed.filter(|_| role.kind == RoleKind::Human)
    }

    /// The least number of people, of different controllers, of whom enough judge alike whatever each of them says, where fewer may
    /// be enough for every outcome and still leave the step open: it has no time limit and no outcome that one person takes.
    #[must_use]
    pub fn people_who_settle(&self, step: &Step) -> Option<u32> {
        let needed = self.people_needed(step)?;
        let by_one = |outcome: &Outcome| matches!(outcome.how, How::Judged) && outcome.votes() == 1;
        if step.within.is_some() || step.outcomes.iter().any(by_one) {
            return None;
        }
        let split: u32 = step.outcomes.iter().map(|outcome| outcome.votes().saturating_sub(1)).sum();
        Some(split.saturating_add(1)).filter(|always| *always > needed)
    }
}

impl Outcome {
    /// The number of people whose judgements settle it.
    #[must_use]
    pub fn votes(&self) -> u32 {
        self.distinct.unwrap_or(1)
    }
}

/// How an outcome comes about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The role decides.
    Judged,
    /// The role decides and evidence is required.
    JudgedIf(Condition),
    /// It settles by itself when the evidence is there.
    Auto(Condition),
    /// Only when the loop has been used up.
    Exhausted(LoopId),
    /// Only when the time limit of the step has passed.
    TimedOut,
}

/// What follows an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The step is settled and the run goes on.
    Settle,
    /// The run ends.
    End,
    /// The target of the loop is opened again.
    Reopen(LoopId),
}

/// A condition over the step's own evidence, parameters, and data of steps before it. A literal, negated or not, that reads
/// unbound or doubtful data is false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The grant has a result in this opening.
    Bound(GrantIx),
    /// The comparison holds of values that are there; results of the own step are those of this opening.
    Test(Test),
    /// All hold.
    All(Vec<Condition>),
    /// Any holds.
    Any(Vec<Condition>),
}

/// A bounded reopening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loop {
    /// The step whose outcome reopens.
    pub step: StepId,
    /// That outcome.
    pub outcome: OutcomeIx,
    /// The upstream step that is opened again, with everything downstream of it.
    pub target: StepId,
    /// How often in a run, at least 1.
    pub max: u32,
    /// The outcome of `step` taken instead when the bound is reached.
    pub exhausted: OutcomeIx,
    /// Notes of the judge survive the reopening.
    pub notes: bool,
}
