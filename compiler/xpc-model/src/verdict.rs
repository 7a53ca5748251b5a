//! Answers: verdicts, traces, and the trait a prover implements.

use std::time::Duration;

use xp_artifact::question::Status;
use xp_artifact::workflow::{Atom, GrantIx, LoopId, RoleId, StepId, SubmissionIx};
use xp_diagnostics::Span;
use xp_scope::Value;

use crate::{Model, Obligation, Place};

/// The answer to one obligation.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The answer in one word.
    pub status: Status,
    /// Why it is vacuous, conditional or unknown; empty otherwise.
    pub reason: String,
    /// The parts of the source a proof rests on.
    pub because: Vec<Place>,
    /// Each way it fails; non-empty exactly when refuted or vacuous.
    pub failures: Vec<Failure>,
    /// A reachable example of the guarded situation, in settling order.
    pub witness: Option<Vec<Atom>>,
    /// Lines for the reader: bounds, counts, what was assumed.
    pub notes: Vec<String>,
    /// Time spent.
    pub took: Duration,
}

/// One way an obligation fails.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Code of the diagnostic, `XP0601`.
    pub code: &'static str,
    /// The message, lower case, no full stop.
    pub message: String,
    /// What to underline.
    pub span: Span,
    /// Other places with their text.
    pub labels: Vec<(Span, String)>,
    /// Cures.
    pub help: Vec<String>,
    /// Events that lead to the violation, the last one being it; replayed on the machine.
    pub trace: Option<Trace>,
}

/// Events from the start of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The parameters the example assumes, by name.
    pub start: Vec<(String, Value)>,
    /// What the example assumes to be handed in, whenever the step is open.
    pub submissions: Vec<(StepId, SubmissionIx, Value)>,
    /// In order.
    pub events: Vec<Event>,
    /// What is wrong after the last one, in words.
    pub ends_in: String,
}

/// One event of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The step it happens in.
    pub step: StepId,
    /// The role acting.
    pub role: RoleId,
    /// A principal's name, where who acts matters.
    pub principal: Option<String>,
    /// What happens.
    pub kind: EventKind,
    /// Where it comes from in the source.
    pub span: Option<Span>,
}

/// What happens in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A grant is used.
    Use {
        /// Which.
        grant: GrantIx,
        /// With which arguments, by name.
        args: Vec<(String, Value)>,
        /// The result the example assumes.
        result: Value,
    },
    /// The step settles.
    Settle {
        /// With this outcome.
        outcome: Atom,
    },
    /// The step's outcome opens an earlier step again.
    Reopen {
        /// The outcome judged.
        outcome: Atom,
        /// The loop.
        by: LoopId,
    },
    /// The run ends.
    End {
        /// The outcome judged.
        outcome: Atom,
    },
}

/// Bounds on the work for one workflow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Per solver query, milliseconds.
    pub query_ms: u32,
    /// Solver memory, megabytes.
    pub memory_mb: u32,
    /// States a bounded search may visit.
    pub search_states: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { query_ms: 10_000, memory_mb: 4_096, search_states: 20_000 }
    }
}

/// Something that answers obligations.
pub trait Prover {
    /// One verdict for each obligation, in order.
    fn prove(&self, model: &Model, obligations: &[Obligation], limits: Limits) -> Vec<Verdict>;
}
