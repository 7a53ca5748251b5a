//! A live map: what is settled with which outcome, which data have values, and the values an example assumes.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::Test;
use xp_artifact::workflow::{Atom, Datum, Formula, GrantIx, How, OutcomeIx, Root, StepId};
use xp_scope::Value;

use crate::compared::Assignment;
use crate::facts::{Facts, GrantAt};
use crate::way::Way;

/// What a run looks like between events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Map {
    pub settled: BTreeMap<StepId, OutcomeIx>,
    /// Results that are bound, of settled steps.
    pub bound: BTreeSet<GrantAt>,
    /// What data that are compared are assumed to be; absent ones do not matter.
    pub values: Assignment,
}

impl Map {
    pub fn truth(&self, formula: &Formula) -> bool {
        formula.holds(&|atom| self.settled.get(&atom.step) == Some(&atom.outcome), &|test| self.test(test))
    }

    /// The comparison holds of values that the map assumes.
    pub fn test(&self, test: &Test) -> bool {
        test.holds(&|datum| self.values.get(datum).filter(|_| self.has(datum)).cloned())
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

    /// The values assumed of results of a step.
    pub fn values_of(&self, step: StepId) -> impl Iterator<Item = (&Datum, &Value)> {
        let of_it = move |datum: &Datum| matches!(datum.root, Root::Result { step: of, .. } if of == step);
        let from = Datum { root: Root::Result { step, grant: GrantIx(0) }, fields: Vec::new() };
        self.values.range(from..).take_while(move |(datum, _)| of_it(datum))
    }

    /// The values assumed of parameters.
    pub fn parameters(&self) -> impl Iterator<Item = (&Datum, &Value)> {
        self.values.iter().take_while(|(datum, _)| matches!(datum.root, Root::Param(_)))
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
            values: self
                .values
                .iter()
                .filter(|(datum, _)| datum.root.step().is_none_or(|step| steps.contains(&step)))
                .map(|(datum, value)| (datum.clone(), value.clone()))
                .collect(),
        }
    }

    /// Outcomes in an order in which they can come about: what takes no time before what waits for a time limit.
    pub fn in_order(&self, facts: &Facts<'_>) -> Vec<Atom> {
        let mut atoms: Vec<Atom> =
            self.settled.iter().map(|(step, outcome)| Atom { step: *step, outcome: *outcome }).collect();
        atoms.sort_by_key(|atom| facts.rank(atom.step));
        let limit = |atom: &Atom| {
            let timed_out = facts.outcome(*atom).is_some_and(|outcome| outcome.how == How::TimedOut);
            facts.step(atom.step).within.as_ref().filter(|_| timed_out).map_or(0, |within| within.millis)
        };
        if atoms.iter().all(|atom| limit(atom) == 0) {
            return atoms;
        }
        // When each comes about, if all the rest takes no time; by rank, what a step waits for is there already.
        let mut at: BTreeMap<StepId, u64> = BTreeMap::new();
        for atom in &atoms {
            let opened = self.opened(&facts.step(atom.step).after, &at);
            at.insert(atom.step, opened.saturating_add(limit(atom)));
        }
        atoms.sort_by_key(|atom| (at.get(&atom.step).copied().unwrap_or(0), facts.rank(atom.step)));
        atoms
    }

    /// The first moment at which the formula holds, by when each outcome comes about.
    fn opened(&self, after: &Formula, at: &BTreeMap<StepId, u64>) -> u64 {
        let mut moments: Vec<u64> = after.steps().iter().filter_map(|step| at.get(step)).copied().collect();
        moments.sort_unstable();
        let is_there = |step: StepId, now: u64| at.get(&step).is_some_and(|then| *then <= now);
        let holds = |now: u64| {
            let settled =
                |atom: Atom| self.settled.get(&atom.step) == Some(&atom.outcome) && is_there(atom.step, now);
            let known = |test: &Test| {
                test.data().all(|datum| datum.root.step().is_none_or(|step| is_there(step, now)))
            };
            after.holds(&settled, &|test| known(test) && self.test(test))
        };
        let last = moments.last().copied().unwrap_or(0);
        moments.into_iter().find(|now| holds(*now)).unwrap_or(last)
    }
}
