//! The tree of a file: what was written, nothing resolved. Every node has the span of its text.
//!
//! What could not be read is left out and the innermost holder's `damaged` is set: a name that seems to be missing from
//! it may well be in the part that was not understood, so a later pass must not report it.

use xp_diagnostics::Span;

mod claim;
mod connector;
mod name;
mod pin;
mod step;
mod thing;
mod transport;
mod ty;

pub use claim::{Claim, ClaimKind, Extent, Prove, Uses, UsesArg, UsesKind};
pub use connector::{Action, ActionParam, Clause, ClauseKind, Connector, TypeDecl};
pub use name::{Doc, Name, Path};
pub use pin::{Arg, Expr, ExprKind, Int, LiteralKind, Patterns, Pin, PinKind, TemplatePart, Text};
pub use step::{
    Atom, AtomOutcome, Comparison, Condition, ConditionKind, Distinct, Exhausted, Formula, FormulaKind,
    Grant, How, Limit, Outcome, Per, Relation, RoleKind, Step, Submission, Then, ThenKind, Within,
};
pub use thing::{
    KeyPart, Making, Mark, MarkKind, OneThing, Readers, Resource, Source, Thing, ThingKey, ThingKeyKind,
    ThingKind,
};
pub use transport::{Filler, Transport};
pub use ty::{Field, Type, TypeKind};

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// `use` lines.
    pub uses: Vec<Use>,
    /// Connectors declared.
    pub connectors: Vec<Connector>,
    /// Workflows declared.
    pub workflows: Vec<Workflow>,
    /// A declaration was not understood.
    pub damaged: bool,
    /// The whole text.
    pub span: Span,
}

/// `use std.github`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// What is used.
    pub path: Path,
    /// The line.
    pub span: Span,
}

/// `workflow name(params) { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// What its doc comment says.
    pub doc: Option<Doc>,
    /// Its name.
    pub name: Name,
    /// What a run is started with.
    pub params: Vec<Param>,
    /// `agent a, b` and `human c` lines.
    pub roles: Vec<Roles>,
    /// `separate roles a, b` lines.
    pub separations: Vec<Separation>,
    /// `assume nobody else changes …` lines.
    pub assumptions: Vec<Assumption>,
    /// `lease …` lines.
    pub leases: Vec<Lease>,
    /// `secret T`.
    pub secrets: Vec<Secret>,
    /// `allow private T reaches A because "…"`.
    pub allowances: Vec<Allowance>,
    /// Steps, in source order.
    pub steps: Vec<Step>,
    /// What is to be proved or enforced.
    pub proves: Vec<Prove>,
    /// When the run is over.
    pub finish: Option<Finish>,
    /// A member was not understood.
    pub damaged: bool,
    /// From `workflow` to the closing brace.
    pub span: Span,
}

/// `assume nobody else changes T because "…"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// What nobody else changes.
    pub thing: Thing,
    /// Why.
    pub because: Text,
    /// The line.
    pub span: Span,
}

/// `lease T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What a run holds from its start.
    pub thing: Thing,
    /// The line.
    pub span: Span,
}

/// `secret T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// What is for nobody outside of a run.
    pub thing: Thing,
    /// The line.
    pub span: Span,
}

/// `allow private T reaches A because "…"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What may go there.
    pub thing: Thing,
    /// Where.
    pub uses: Uses,
    /// Why.
    pub because: Text,
    /// The line.
    pub span: Span,
}

/// A parameter of a workflow, `repo: github.Repo`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Both.
    pub span: Span,
}

/// `agent business, developer` or `human boss`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Who takes them.
    pub kind: RoleKind,
    /// The roles declared; at least one.
    pub names: Vec<Name>,
    /// The line.
    pub span: Span,
}

/// `separate roles business, developer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Separation {
    /// The roles named; at least one (that two are needed is not syntax).
    pub roles: Vec<Name>,
    /// The line.
    pub span: Span,
}

/// `finish when formula`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// When.
    pub formula: Formula,
    /// The line.
    pub span: Span,
}
