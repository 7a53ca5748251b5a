//! Where each part of a workflow stands in the source.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xp_artifact::workflow::{Atom, GrantIx, LoopId, RoleId, StepId, SubmissionIx};
use xp_diagnostics::Span;

/// A part of a workflow that a message can point at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The workflow's name.
    Workflow,
    /// A role where it is declared.
    Role(RoleId),
    /// The n-th declared separation.
    Separation(u32),
    /// A step's name.
    Step(StepId),
    /// The `after` formula of a step; the step's name where there is none.
    After(StepId),
    /// The condition in the head of a step.
    When(StepId),
    /// One atom of an `after` formula, as written there: the step whose guard it is, and the atom.
    AfterAtom(StepId, Atom),
    /// A grant, whole.
    Grant(StepId, GrantIx),
    /// The n-th pin of a grant; the grant's action where the pin is a default.
    Pin(StepId, GrantIx, u32),
    /// The limit of a grant; its action where it is implied.
    Limit(StepId, GrantIx),
    /// A submission.
    Submission(StepId, SubmissionIx),
    /// An outcome, whole line.
    Outcome(Atom),
    /// The evidence condition of an outcome.
    Condition(Atom),
    /// The reopening of an outcome.
    Loop(LoopId),
    /// The `finish` clause; the workflow's name where there is none.
    Finish,
    /// The n-th `assume` line.
    Assumption(u32),
}

/// Spans by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Listed", into = "Listed")]
pub struct Spans {
    table: BTreeMap<Place, Span>,
    fallback: Option<Span>,
}

/// The form that JSON can hold: a place is no key of an object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    table: Vec<(Place, Span)>,
    fallback: Option<Span>,
}

impl From<Spans> for Listed {
    fn from(spans: Spans) -> Self {
        Self { table: spans.table.into_iter().collect(), fallback: spans.fallback }
    }
}

impl From<Listed> for Spans {
    fn from(listed: Listed) -> Self {
        Self { table: listed.table.into_iter().collect(), fallback: listed.fallback }
    }
}

impl Spans {
    /// An empty table; `fallback` answers for places nobody recorded.
    #[must_use]
    pub fn new(fallback: Span) -> Self {
        Self { table: BTreeMap::new(), fallback: Some(fallback) }
    }

    /// Records a place; the first record wins.
    pub fn put(&mut self, place: Place, span: Span) {
        self.table.entry(place).or_insert(span);
    }

    /// The span of a place, if it was recorded or there is a fallback.
    #[must_use]
    pub fn get(&self, place: Place) -> Option<Span> {
        self.table.get(&place).copied().or(self.fallback)
    }

    /// Every place recorded, in order, with its span.
    pub fn iter(&self) -> impl Iterator<Item = (Place, Span)> + '_ {
        self.table.iter().map(|(place, span)| (*place, *span))
    }

    /// The span of places nobody recorded.
    #[must_use]
    pub fn fallback(&self) -> Option<Span> {
        self.fallback
    }
}
