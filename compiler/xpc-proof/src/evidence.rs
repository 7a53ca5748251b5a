//! Ways to satisfy a condition, written out.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{Atom, Condition, Datum, GrantIx, Root, StepId};
use xp_artifact::{Literal, Test};
use xp_scope::Value;

use crate::compared::Assignment;
use crate::facts::{Facts, GrantAt, Shown};
use crate::map::Map;

/// Grants that must have a result, and values that data must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Way {
    /// By grant of the own step: the fields of its result that matter.
    pub results: BTreeMap<GrantIx, BTreeMap<Vec<String>, Value>>,
    /// Parameters, and results of other steps.
    pub others: Assignment,
}

/// More ways than this are not written out.
const MAX_WAYS: usize = 256;

impl Way {
    fn bound(grant: GrantIx) -> Self {
        Self { results: BTreeMap::from([(grant, BTreeMap::new())]), others: Assignment::new() }
    }

    fn with(mut self, own: StepId, datum: &Datum, value: Value) -> Self {
        match datum.root {
            Root::Result { step, grant } if step == own => {
                self.results.entry(grant).or_default().insert(datum.fields.clone(), value);
            }
            _ => {
                self.others.insert(datum.clone(), value);
            }
        }
        self
    }

    /// Both; none where they contradict each other.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut way = self.clone();
        for (grant, values) in &other.results {
            let entry = way.results.entry(*grant).or_default();
            for (fields, value) in values {
                if entry.entry(fields.clone()).or_insert_with(|| value.clone()) != value {
                    return None;
                }
            }
        }
        for (datum, value) in &other.others {
            if way.others.entry(datum.clone()).or_insert_with(|| value.clone()) != value {
                return None;
            }
        }
        Some(way)
    }

    /// The values that it asks for, by datum.
    pub fn values(&self, own: StepId) -> Vec<(Datum, Value)> {
        let results = self.results.iter().flat_map(|(grant, values)| {
            let root = Root::Result { step: own, grant: *grant };
            values.iter().map(move |(fields, value)| (Datum { root, fields: fields.clone() }, value.clone()))
        });
        results.chain(self.others.iter().map(|(datum, value)| (datum.clone(), value.clone()))).collect()
    }
}

/// The ways to satisfy a condition, without those that contradict themselves. At most [`MAX_WAYS`].
fn ways(facts: &Facts<'_>, own: StepId, condition: &Condition) -> Vec<Way> {
    match condition {
        Condition::Bound(grant) => vec![Way::bound(*grant)],
        Condition::Test(test) => ways_of(facts, own, test),
        Condition::All(parts) => parts.iter().fold(vec![Way::default()], |so_far, part| {
            let more = ways(facts, own, part);
            let pairs = so_far.iter().flat_map(|a| more.iter().map(move |b| (a, b)));
            pairs.filter_map(|(a, b)| a.and(b)).take(MAX_WAYS).collect()
        }),
        Condition::Any(parts) => {
            parts.iter().flat_map(|part| ways(facts, own, part)).take(MAX_WAYS).collect()
        }
    }
}

/// The values of its data for which a comparison holds.
fn ways_of(facts: &Facts<'_>, own: StepId, test: &Test) -> Vec<Way> {
    let assignments = facts.compared.assignments(test.data()).unwrap_or_default();
    let holds = |values: &Assignment| test.holds(&|datum| values.get(datum).cloned());
    let fitting = assignments.into_iter().filter(holds).take(MAX_WAYS);
    let way = |values: Assignment| {
        values.iter().fold(Way::default(), |way, (datum, value)| way.with(own, datum, value.clone()))
    };
    fitting.map(way).collect()
}

/// The condition of an outcome of the step holds only with a result of the grant.
pub(crate) fn needs(condition: &Condition, own: StepId, of: GrantIx) -> bool {
    condition.needs(&|literal| literal.grants(own).any(|grant| grant == of))
}

/// Whatever the way to the step, a use of the grant was carried out before.
pub(crate) fn surely_used(facts: &Facts<'_>, by: GrantAt, step: StepId) -> bool {
    let relies = |atom: &Atom| facts.evidence(*atom).is_some_and(|evidence| needs(evidence, by.0, by.1));
    let atoms: Vec<Atom> = facts.atoms(by.0).map(|(atom, _)| atom).filter(relies).collect();
    !atoms.is_empty() && needs_one_of(facts.w, step, &atoms)
}

/// The ways to bring about an outcome.
pub(crate) fn ways_to(facts: &Facts<'_>, atom: Atom) -> Vec<Way> {
    let Some(condition) = facts.evidence(atom) else { return vec![Way::default()] };
    let fit = |way: &Way| {
        let values = way.values(atom.step);
        facts.compared.fit(values.iter().map(|(datum, value)| (datum, value)))
    };
    ways(facts, atom.step, condition).into_iter().filter(fit).collect()
}

/// All pins of the grant have values in the map and let something through, and what guards require is in force.
pub(crate) fn pinned(facts: &Facts<'_>, at: GrantAt, map: &Map) -> bool {
    facts.usable(at)
        && !facts.taken.by_one_of(at, &map.bound)
        && facts.grant(at).is_some_and(|grant| grant.data().all(|(_, datum)| map.has(datum)))
        && facts.guarding().required(at).iter().all(|formula| map.truth(formula))
}

/// The judge of the outcome can be shown what it judges.
pub(crate) fn visible(facts: &Facts<'_>, atom: Atom, map: &Map) -> bool {
    facts.judged_datum(atom).is_none_or(|datum| {
        map.has(datum)
            && facts.ways_to_see(atom.step, datum).iter().any(|way| match way {
                Shown::View | Shown::ByChance => true,
                Shown::Use(grant, _) => pinned(facts, (atom.step, *grant), map),
            })
    })
}

/// A way to bring about an outcome of an open step in a map.
pub(crate) fn way_now(facts: &Facts<'_>, atom: Atom, map: &Map) -> Option<Way> {
    let here = |way: &Way| {
        let contested = |grant: &GrantIx| {
            facts
                .taken
                .rivals((atom.step, *grant))
                .any(|(step, ix)| step == atom.step && way.results.contains_key(&ix))
        };
        assumed(way, map)
            && way.results.keys().all(|grant| pinned(facts, (atom.step, *grant), map) && !contested(grant))
    };
    ways_to(facts, atom).into_iter().find(here)
}

/// Evidence for the outcome of an open step can be had in the map.
pub(crate) fn obtainable(facts: &Facts<'_>, atom: Atom, map: &Map) -> bool {
    visible(facts, atom, map) && way_now(facts, atom, map).is_some()
}

/// What others must have for it, the map has or does not fix.
fn assumed(way: &Way, map: &Map) -> bool {
    way.others
        .iter()
        .all(|(datum, value)| map.has(datum) && map.values.get(datum).is_none_or(|known| known == value))
}

/// The way a settled step of the map came by its outcome: with the results the map has, and its values.
pub(crate) fn way_taken(facts: &Facts<'_>, atom: Atom, map: &Map) -> Option<Way> {
    let fits = |way: &Way| {
        assumed(way, map)
            && way.results.keys().all(|grant| map.bound.contains(&(atom.step, *grant)))
            && way
                .values(atom.step)
                .iter()
                .all(|(datum, value)| map.values.get(datum).is_none_or(|known| known == value))
    };
    ways_to(facts, atom).into_iter().find(fits)
}

/// Grants of a step that its conditions read.
pub(crate) fn read_by(facts: &Facts<'_>, step: StepId) -> Vec<GrantIx> {
    let mut found = Vec::new();
    for (atom, _) in facts.atoms(step) {
        if let Some(condition) = facts.evidence(atom) {
            found.extend(condition.literals().into_iter().flat_map(|literal| literal.grants(step)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The data that conditions of a step compare, each once, in order.
pub(crate) fn compared<'m>(facts: &Facts<'m>, step: StepId) -> BTreeSet<&'m Datum> {
    facts.atoms(step).filter_map(|(atom, _)| facts.evidence(atom)).flat_map(Condition::data).collect()
}

/// Truth of a condition of a step where these grants have results, and data these values.
pub(crate) fn truth(
    condition: &Condition,
    own: StepId,
    bound: &dyn Fn(GrantIx) -> bool,
    values: &Assignment,
) -> bool {
    condition.holds(&|literal| match literal {
        Literal::Bound(grant) => bound(grant),
        Literal::Test(test) => {
            literal.grants(own).all(bound) && test.holds(&|datum| values.get(datum).cloned())
        }
    })
}
