//! The names of one workflow: who and what is declared, faulty declarations among them.

use std::collections::{BTreeMap, HashMap};

use xp_artifact::workflow::{ActionId, GrantIx, OutcomeIx, ParamId, RoleId, RoleKind, StepId, SubmissionIx};
use xp_diagnostics::{Sources, Span};
use xp_scope::Type;
use xp_syntax::ast;

use crate::connector::{ActionDecl, Connectors};

/// What every pass over a workflow reads.
pub struct Context<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The connectors it may name.
    pub connectors: &'a Connectors,
    /// The tree.
    pub ast: &'a ast::Workflow,
    /// Its names.
    pub names: Symbols<'a>,
}

/// The names of a workflow.
#[derive(Default)]
pub struct Symbols<'a> {
    /// Parameters in source order; the type is none when it is faulty.
    pub params: Vec<(&'a ast::Name, Option<Type>)>,
    /// By name.
    pub param_ids: HashMap<&'a str, ParamId>,
    /// Roles in the order of their declaration.
    pub roles: Vec<&'a ast::Name>,
    /// Who takes each role.
    pub role_kinds: Vec<RoleKind>,
    /// By name.
    pub role_ids: HashMap<&'a str, RoleId>,
    /// Steps in source order.
    pub steps: Vec<StepSymbols<'a>>,
    /// By name; of two with one name, the first.
    pub step_ids: HashMap<&'a str, StepId>,
    /// The first step that makes something of this name, to tell what was meant.
    pub makers: HashMap<&'a str, StepId>,
    /// The actions that grants name, by qualified name: the table of the artifact.
    pub actions: BTreeMap<&'a str, (ActionId, &'a ActionDecl)>,
}

/// The names of a step.
pub struct StepSymbols<'a> {
    /// The tree.
    pub ast: &'a ast::Step,
    /// Who acts; none when that is faulty.
    pub role: Option<RoleId>,
    /// The action of each grant; none when that is faulty.
    pub grants: Vec<Option<&'a ActionDecl>>,
    /// What it makes: results and submissions.
    pub products: HashMap<&'a str, Product>,
    /// Its outcomes in source order, those declared by a `then` after the outcome that names them.
    pub outcomes: Vec<OutcomeSymbol<'a>>,
    /// By name; of two with one name, the first.
    pub outcome_ids: HashMap<&'a str, OutcomeIx>,
    /// Outcomes after which the run goes on with the step settled.
    pub continuing: Vec<OutcomeIx>,
    /// The results that some continuing outcome makes sure of.
    pub sure: Vec<GrantIx>,
    /// What its outcomes make sure of cannot be told, because one is faulty.
    pub unsure: bool,
}

/// What a step makes.
#[derive(Clone, Debug)]
pub struct Product {
    /// Which.
    pub kind: ProductKind,
    /// Its type; none when that is faulty.
    pub ty: Option<Type>,
    /// Its name.
    pub span: Span,
}

/// What makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductKind {
    /// The latest result of a grant.
    Result(GrantIx),
    /// Handed in.
    Submission(SubmissionIx),
}

/// An outcome.
pub struct OutcomeSymbol<'a> {
    /// Its name.
    pub name: &'a ast::Name,
    /// Its declaration.
    pub source: OutcomeSource<'a>,
    /// The outcome whose loop takes it when used up.
    pub exhausts: Option<OutcomeIx>,
    /// The time limit of the step takes it.
    pub late: bool,
}

/// Where an outcome is declared.
#[derive(Clone, Copy)]
pub enum OutcomeSource<'a> {
    /// An `outcome` line.
    Line(&'a ast::Outcome),
    /// In the `then` of another outcome, `then rejected -> end`.
    Then(&'a ast::Exhausted),
    /// In the time limit, `within 2h else late -> end`.
    Late(&'a ast::Exhausted),
}

impl OutcomeSource<'_> {
    /// The step is settled and the run goes on.
    pub fn continues(self) -> bool {
        matches!(self, Self::Line(line) if line.then.is_none())
    }
}

impl<'a> Symbols<'a> {
    /// A step by id.
    pub fn step(&self, id: StepId) -> Option<&StepSymbols<'a>> {
        self.steps.get(id.index())
    }

    /// The name of a step; empty for a missing one.
    pub fn step_name(&self, id: StepId) -> &'a str {
        self.steps.get(id.index()).map_or("", |step| step.ast.name.text.as_str())
    }

    /// Whether people take the role.
    pub fn is_human(&self, id: RoleId) -> bool {
        self.role_kinds.get(id.index()) == Some(&RoleKind::Human)
    }

    /// The name of a role; empty for a missing one.
    pub fn role_name(&self, id: RoleId) -> &'a str {
        self.roles.get(id.index()).map_or("", |name| name.text.as_str())
    }
}

impl<'a> StepSymbols<'a> {
    /// An outcome by index.
    pub fn outcome(&self, index: OutcomeIx) -> Option<&OutcomeSymbol<'a>> {
        self.outcomes.get(index.index())
    }

    /// The names of its continuing outcomes.
    pub fn continuing_names(&self) -> Vec<&'a str> {
        self.continuing
            .iter()
            .filter_map(|index| self.outcome(*index))
            .map(|found| found.name.text.as_str())
            .collect()
    }
}
