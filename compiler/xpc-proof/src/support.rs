//! The part of a live map that a goal needs, and nothing else.

use std::collections::BTreeSet;

use xp_artifact::workflow::{Atom, Datum, Formula, Grant, Root, StepId};

use crate::evidence;
use crate::facts::{Facts, GrantAt};
use crate::map::Map;
use crate::need::Need;

/// Cuts a map down to what makes the goal hold in it. Sound because what a goal asks positively is collected with all it
/// rests on, and what it denies stays denied when less is settled, and with the begun steps that deny it. A goal about all steps is left alone.
pub(crate) fn shrink(facts: &Facts<'_>, map: &Map, goals: &[&[Need]]) -> Map {
    let needs = || goals.iter().flat_map(|goal| goal.iter());
    if needs().any(|need| matches!(need, Need::NothingOpen)) {
        return map.clone();
    }
    let mut kept = Kept { facts, map, kept: Map::default() };
    for need in needs() {
        kept.need(need);
    }
    let mut kept = kept.kept;
    // Values of other steps fix nothing.
    let named = needs().filter_map(Need::steps).flatten();
    let concerned: BTreeSet<StepId> = kept.settled.keys().copied().chain(named).collect();
    for step in concerned {
        kept.values.extend(map.values_of(step).map(|(datum, value)| (datum.clone(), value.clone())));
    }
    kept.values.extend(map.parameters().map(|(datum, value)| (datum.clone(), value.clone())));
    kept
}

struct Kept<'a, 'm> {
    facts: &'a Facts<'m>,
    map: &'a Map,
    kept: Map,
}

impl Kept<'_, '_> {
    fn need(&mut self, need: &Need) {
        match need {
            Need::Open(step) | Need::Begun(step) | Need::Stranded(step, _) => self.begun(*step),
            Need::Use(at) | Need::Used(at) => {
                self.begun(at.0);
                self.pins(*at);
            }
            Need::Enabled(atom) => {
                self.begun(atom.step);
                if let Some(datum) = self.facts.judged_datum(*atom) {
                    self.datum(datum);
                }
                let way = evidence::way_now(self.facts, *atom, self.map).unwrap_or_default();
                for grant in way.results.keys() {
                    self.pins((atom.step, *grant));
                }
                way.others.keys().for_each(|datum| self.datum(datum));
            }
            Need::Has(datum) | Need::Is(datum, _) => self.datum(datum),
            Need::Settled(step) => {
                if let Some(outcome) = self.map.settled.get(step) {
                    self.atom(Atom { step: *step, outcome: *outcome });
                }
            }
            Need::Unjudged(way) => {
                let is = |atom: Atom| self.map.truth(&Formula::Is(atom));
                let begun = way.denied_by(&is, &|at| self.map.begun(self.facts, at.0));
                begun.into_iter().flatten().for_each(|at| self.begun(at.0));
            }
            Need::Not(_) | Need::Lacks(_) | Need::NothingOpen => {}
        }
    }

    fn begun(&mut self, step: StepId) {
        self.formula(&self.facts.step(step).after);
    }

    fn pins(&mut self, at: GrantAt) {
        for (_, datum) in self.facts.grant(at).into_iter().flat_map(Grant::data) {
            self.datum(datum);
        }
        for formula in self.facts.guarding().required(at) {
            self.formula(formula);
        }
    }

    fn formula(&mut self, formula: &Formula) {
        match formula {
            Formula::Is(atom) => self.atom(*atom),
            Formula::Test(test) => test.data().for_each(|datum| self.datum(datum)),
            Formula::All(parts) => parts.iter().for_each(|part| self.formula(part)),
            Formula::Any(parts) => {
                if parts.iter().any(|part| self.kept.truth(part)) {
                    return;
                }
                if let Some(part) = parts.iter().find(|part| self.map.truth(part)) {
                    self.formula(part);
                }
            }
        }
    }

    fn atom(&mut self, atom: Atom) {
        if self.kept.settled.contains_key(&atom.step)
            || self.map.settled.get(&atom.step) != Some(&atom.outcome)
        {
            return;
        }
        self.kept.settled.insert(atom.step, atom.outcome);
        self.begun(atom.step);
        if let Some(datum) = self.facts.judged_datum(atom) {
            self.datum(datum);
        }
        let way = evidence::way_taken(self.facts, atom, self.map).unwrap_or_default();
        for grant in way.results.keys() {
            self.result((atom.step, *grant));
        }
        way.others.keys().for_each(|datum| self.datum(datum));
    }

    fn result(&mut self, at: GrantAt) {
        if self.kept.bound.insert(at) {
            self.pins(at);
        }
    }

    fn datum(&mut self, datum: &Datum) {
        let Some(step) = datum.root.step() else { return };
        if let Some(outcome) = self.map.settled.get(&step) {
            self.atom(Atom { step, outcome: *outcome });
        }
        if let Root::Result { step, grant } = datum.root
            && self.map.bound.contains(&(step, grant))
        {
            self.result((step, grant));
        }
    }
}
