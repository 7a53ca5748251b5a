//! A live map: what is settled with which outcome, which data have values, and the Booleans an example assumes.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Atom, Datum, Formula, GrantIx, OutcomeIx, Root, StepId};

use crate::facts::{Facts, GrantAt};
use crate::way::Way;

/// A Boolean of a grant's result.
pub(crate) type FlagAt = (StepId, GrantIx, Vec<String>);

/// What a run looks like between events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Map {
    pub settled: BTreeMap<StepId, OutcomeIx>,
    /// Results that are bound, of settled steps.
    pub bound: BTreeSet<GrantAt>,
    /// What Booleans of results are assumed to be; absent ones do not matter.
    pub flags: BTreeMap<FlagAt, bool>,
}

impl Map {
    pub fn truth(&self, formula: &Formula) -> bool {
        formula.holds(&|atom| self.settled.get(&atom.step) == Some(&atom.outcome))
    }

    pub fn is_judged(&self, facts: &Facts<'_>, way: &Way) -> bool {
        way.holds(&|atom| self.truth(&Formula::Is(atom)), &|at| !self.begun(facts, at.0))
    }

    pub fn has(&self, datum: &Datum) -> bool {
        match datum.root {
            Root::Param(_) => true,
            Root::Result { step, grant } => self.bound.contains(&(step, grant)),
            Root::Submission { step, .. } => self.settled.contains_key(&step),
        }
    }

    /// `after` holds: the step is open or settled.
    pub fn begun(&self, facts: &Facts<'_>, step: StepId) -> bool {
        self.truth(&facts.step(step).after)
    }

    pub fn open(&self, facts: &Facts<'_>, step: StepId) -> bool {
        !self.settled.contains_key(&step) && self.begun(facts, step)
    }

    pub fn flag(&self, step: StepId, grant: GrantIx, fields: &[String]) -> Option<bool> {
        self.flags.get(&(step, grant, fields.to_vec())).copied()
    }

    /// The Booleans assumed of results of a step.
    pub fn flags_of(&self, step: StepId) -> impl Iterator<Item = (&FlagAt, bool)> {
        let from = (step, GrantIx(0), Vec::new());
        self.flags.range(from..).take_while(move |((of, ..), _)| *of == step).map(|(at, is)| (at, *is))
    }

    /// Forgets everything about a step.
    pub fn unsettle(&mut self, step: StepId) {
        self.settled.remove(&step);
        let bound: Vec<GrantAt> = self.bound_in(step).collect();
        for at in bound {
            self.bound.remove(&at);
        }
    }

    /// Results of a step that are bound.
    pub fn bound_in(&self, step: StepId) -> impl Iterator<Item = GrantAt> {
        self.bound.range((step, GrantIx(0))..).take_while(move |(of, _)| *of == step).copied()
    }

    /// The part on the steps given, which must be closed under "depends on".
    pub fn cut(&self, steps: &BTreeSet<StepId>) -> Self {
        Self {
            settled: self
                .settled
                .iter()
                .filter(|(step, _)| steps.contains(step))
                .map(|(s, o)| (*s, *o))
                .collect(),
            bound: self.bound.iter().filter(|(step, _)| steps.contains(step)).copied().collect(),
            flags: self
                .flags
                .iter()
                .filter(|((step, ..), _)| steps.contains(step))
                .map(|(k, v)| (k.clone(), *v))
                .collect(),
        }
    }

    /// Outcomes in an order in which they can come about.
    pub fn in_order(&self, facts: &Facts<'_>) -> Vec<Atom> {
        let mut atoms: Vec<Atom> =
            self.settled.iter().map(|(step, outcome)| Atom { step: *step, outcome: *outcome }).collect();
        atoms.sort_by_key(|atom| facts.rank(atom.step));
        atoms
    }
}
