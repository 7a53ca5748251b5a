//! Steps: grants, submissions, outcomes, and the formulas that order them.

use xp_diagnostics::Span;

use super::name::{Doc, Name, Path};
use super::pin::{Arg, Expr, Int, Patterns, Text};
use super::ty::Type;

/// `step name by role after formula { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What its doc comment says.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// Who acts in it.
    pub role: Name,
    /// `by agent NAME`, `by human NAME`: the role is declared here.
    pub declares_role: Option<RoleKind>,
    /// When it is open; none means from the start.
    pub after: Option<Formula>,
    /// What data must be like for it to be open.
    pub when: Option<Condition>,
    /// `may` lines.
    pub grants: Vec<Grant>,
    /// `submit` lines.
    pub submissions: Vec<Submission>,
    /// `outcome` lines.
    pub outcomes: Vec<Outcome>,
    /// `within 2h else late` lines; more than one is a fault that is reported.
    pub within: Option<Within>,
    /// A member was not understood.
    pub damaged: bool,
    /// From `step` to the token before the opening brace.
    pub head: Span,
    /// From `step` to the closing brace.
    pub span: Span,
}

/// Who takes a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleKind {
    /// `agent`.
    Agent,
    /// `human`.
    Human,
}

/// `within 2h else late`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// How long, in seconds.
    pub seconds: Int,
    /// The outcome that is taken then.
    pub late: Exhausted,
    /// The line.
    pub span: Span,
}

/// `by 2 distinct`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinct {
    /// How many.
    pub people: Int,
    /// All of it.
    pub span: Span,
}

/// `may action(args) limit as binder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The action, `github.issues.read`.
    pub action: Path,
    /// What its arguments may be, in source order.
    pub args: Vec<Arg>,
    /// How often; none means 100 per opening.
    pub limit: Option<Limit>,
    /// The name of its latest result.
    pub binder: Option<Name>,
    /// The line.
    pub span: Span,
}

/// `once per run`, `max 5`, `max 5 per opening`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many uses; 1 for `once`.
    pub uses: Int,
    /// Counted over what; none means an opening.
    pub per: Option<Per>,
    /// All of it.
    pub span: Span,
}

/// What a limit counts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// `per opening`.
    Opening,
    /// `per run`.
    Run,
}

/// `submit name: type within […] max n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Patterns every path must match.
    pub within: Option<Patterns>,
    /// At most this many elements.
    pub max: Option<Int>,
    /// The line.
    pub span: Span,
}

/// `outcome name of datum if condition -> …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub name: Name,
    /// What was judged.
    pub of: Option<Path>,
    /// How it comes about.
    pub how: How,
    /// So many people must judge so.
    pub distinct: Option<Distinct>,
    /// Why the evidence stands for somebody's judgement.
    pub counts: Option<Text>,
    /// What follows; none means the step is settled and the run goes on.
    pub then: Option<Then>,
    /// The line.
    pub span: Span,
}

/// How an outcome comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The role decides (or it is the `then` of a loop).
    Judged,
    /// `if condition`.
    If(Condition),
    /// `auto when condition`.
    Auto(Condition),
}

/// What follows an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Then {
    /// Which.
    pub kind: ThenKind,
    /// From the arrow to the end.
    pub span: Span,
}

/// The forms of what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThenKind {
    /// `-> end`.
    End,
    /// `-> reopen step with notes (max n, then outcome)`.
    Reopen {
        /// The step opened again.
        step: Name,
        /// `with notes`.
        notes: bool,
        /// How often in a run.
        max: Int,
        /// What is taken when that is used up.
        exhausted: Exhausted,
    },
}

/// The outcome taken when a loop is used up, or a time limit has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// Its name.
    pub name: Name,
    /// `-> end`: it is declared here. Without, the step declares it.
    pub ends: Option<Span>,
}

/// A positive formula over outcomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    /// Which.
    pub kind: FormulaKind,
    /// Where, without parentheses around it.
    pub span: Span,
}

/// The forms of a formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormulaKind {
    /// A step ended in a way.
    Atom(Atom),
    /// A comparison of data.
    Test(Comparison),
    /// `a and b`; at least two.
    All(Vec<Formula>),
    /// `a or b`; at least two.
    Any(Vec<Formula>),
}

/// `step.outcome`, `step.any`, `step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// The step.
    pub step: Name,
    /// Which outcome.
    pub outcome: AtomOutcome,
}

/// Which outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtomOutcome {
    /// `step.outcome`.
    Named(Name),
    /// `step.any`: any continuing one.
    Any(Span),
    /// `step`: the only continuing one.
    Only,
}

/// `datum <= value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What is compared.
    pub left: Path,
    /// How.
    pub relation: Relation,
    /// With what.
    pub right: Expr,
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    More,
    /// `>=`.
    AtLeast,
}

/// A condition over the step's own evidence, parameters and earlier data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which.
    pub kind: ConditionKind,
    /// Where, without parentheses around it.
    pub span: Span,
}

/// The forms of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// `b`, `b.flag`.
    Is(Path),
    /// `not b.flag`.
    Not(Path),
    /// `b.amount <= 1000`.
    Test(Comparison),
    /// `not ( … )`.
    NotGroup(Box<Condition>),
    /// `a and b`; at least two.
    All(Vec<Condition>),
    /// `a or b`; at least two.
    Any(Vec<Condition>),
}
