//! The workflow as a graph with ids, what is asked of it, and what was answered.
//!
//! There is no second intermediate representation: a [`Model`] wraps the artifact's own [`Workflow`], so that what is
//! proved is literally what the machine runs. Source positions live beside it in [`Spans`].

mod graph;
pub mod protocol;
mod spans;
mod verdict;

pub use graph::Dependencies;
pub use spans::{Place, Spans};
pub use verdict::{Limits, Prover, ProverError, Verdict};

use serde::{Deserialize, Serialize};
use xp_artifact::question::Question;
use xp_artifact::workflow::Workflow;
use xp_diagnostics::Span;

/// A resolved and typed workflow with what must be shown of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What the machine will run.
    pub workflow: Workflow,
    /// Where each part of it stands in the source.
    pub spans: Spans,
    /// Every question, the always asked ones first.
    pub obligations: Vec<ProofObligation>,
}

/// A question with its place in the source. The artifact keeps it with its answer, as `xp_artifact::question::Obligation`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofObligation {
    /// Stable within the workflow, `bug_fix/merge-requires`.
    pub id: String,
    /// The question.
    pub question: Question,
    /// Source text of the clause, or a sentence for the always asked ones.
    pub source: String,
    /// The clause, or the workflow's name for the always asked ones.
    pub span: Span,
    /// The author accepts that the situation cannot occur.
    pub vacuous_ok: bool,
}
