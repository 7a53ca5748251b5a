//! Answers: verdicts, and the trait a prover implements.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use xp_artifact::question::Status;
use xp_artifact::workflow::Atom;
use xp_diagnostics::Diagnostic;

use crate::{Model, Place, ProofObligation};

/// The answer to one obligation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// The answer in one word.
    pub status: Status,
    /// Why it is vacuous, conditional or unknown; empty otherwise.
    pub reason: String,
    /// The parts of the source a proof rests on.
    pub because: Vec<Place>,
    /// Each way it fails, with the replayed run that shows it where there is one; non-empty exactly when refuted or vacuous.
    pub failures: Vec<Diagnostic>,
    /// A reachable example of the guarded situation, in settling order.
    pub witness: Option<Vec<Atom>>,
    /// Lines for the reader: bounds, counts, what was assumed.
    pub notes: Vec<String>,
    /// What the proof assumes of the world, in words; empty if nothing.
    pub assuming: Vec<String>,
    /// Time spent.
    pub took: Duration,
}

impl Verdict {
    /// An answer with nothing behind it yet.
    #[must_use]
    pub fn new(status: Status) -> Self {
        Self {
            status,
            reason: String::new(),
            because: Vec::new(),
            failures: Vec::new(),
            witness: None,
            notes: Vec::new(),
            assuming: Vec::new(),
            took: Duration::ZERO,
        }
    }

    /// No answer, and why.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), ..Self::new(Status::Unknown) }
    }
}

/// Bounds on the work for one workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Per solver query, milliseconds.
    pub query_ms: u32,
    /// Solver memory, megabytes.
    pub memory_mb: u32,
    /// States a bounded search may visit.
    pub search_states: u32,
    /// For all questions of a workflow together, milliseconds. Kept by whoever waits for the prover, which cannot keep a
    /// promise about itself.
    pub workflow_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { query_ms: 10_000, memory_mb: 4_096, search_states: 5_000, workflow_ms: 600_000 }
    }
}

/// Why there are no answers at all: the tool is not whole. What the input brings about is a verdict, not this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProverError(pub String);

/// Something that answers obligations.
pub trait Prover {
    /// One verdict for each obligation, in order.
    ///
    /// # Errors
    /// The prover is missing, of another build, or does not speak as agreed.
    fn prove(
        &mut self,
        model: &Model,
        obligations: &[ProofObligation],
        limits: Limits,
    ) -> Result<Vec<Verdict>, ProverError>;
}
