//! What all questions of one workflow share.

use std::cell::OnceCell;

use xp_diagnostics::Span;
use xp_diagnostics::Trace;
use xpc_model::{Limits, Place};

use crate::counts::{Counts, Openings};
use crate::cover::{self, Cover};
use crate::facts::Facts;
use crate::map::Map;
use crate::names;
use crate::plan::{self, Act};
use crate::refute::{Setting, Stage};
use crate::scarce;
use crate::session::Session;
use crate::violation::Violation;

/// A workflow with everything computed about it so far.
pub(crate) struct Context<'f, 'm> {
    pub facts: &'f Facts<'m>,
    pub session: Session<'f, 'm>,
    pub stage: Stage<'f, 'm>,
    cover: OnceCell<Cover>,
    counts: Counts,
    names_bound: OnceCell<bool>,
}

impl<'f, 'm> Context<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>, limits: Limits) -> Self {
        facts.rule_out(scarce::never(facts));
        Self {
            facts,
            session: Session::new(facts, limits),
            stage: Stage::new(facts, limits),
            cover: OnceCell::new(),
            counts: Counts::default(),
            names_bound: OnceCell::new(),
        }
    }

    pub fn cover(&self) -> &Cover {
        self.cover.get_or_init(|| cover::cover(&self.session, &self.stage))
    }

    pub fn openings(&self) -> Openings<'_, 'f, 'm> {
        Openings { counts: &self.counts, session: &self.session, cover: self.cover() }
    }

    /// Every name used in a grant has a value whenever its step is open; false also when that is not known.
    pub fn names_bound(&self) -> bool {
        *self.names_bound.get_or_init(|| names::always_bound(&self.session))
    }

    pub fn span(&self, place: Place) -> Span {
        let anywhere = self.facts.model.spans.get(Place::Workflow).unwrap_or_default();
        self.facts.span(place, anywhere)
    }

    /// A trace to a map, with uses on the way, that ends in the violation.
    pub fn trace(
        &self,
        map: &Map,
        uses: &[Act],
        violation: &Violation,
        setting: &Setting<'m>,
        ends_in: impl Into<String>,
    ) -> Result<Trace, String> {
        let acts = plan::to_map(self.facts, map, uses).ok_or(plan::TOO_LONG)?;
        self.stage.trace(&acts, violation, setting, ends_in)
    }
}
