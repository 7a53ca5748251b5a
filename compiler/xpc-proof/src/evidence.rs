//! Ways to satisfy a condition, written out.

use std::collections::BTreeMap;

use xp_artifact::workflow::{Atom, Condition, GrantIx, StepId};

use crate::facts::{Facts, GrantAt, Shown, pin_data};
use crate::map::Map;

/// Grants that must have a result, each with the Booleans of it that matter.
pub(crate) type Way = BTreeMap<GrantIx, BTreeMap<Vec<String>, bool>>;

/// More ways than this are not written out.
const MAX_WAYS: usize = 256;

/// The ways to satisfy a condition, without those that contradict themselves. At most [`MAX_WAYS`].
pub(crate) fn ways(condition: &Condition) -> Vec<Way> {
    match condition {
        Condition::Bound(grant) => vec![Way::from([(*grant, BTreeMap::new())])],
        Condition::Flag { grant, fields, is } => {
            vec![Way::from([(*grant, BTreeMap::from([(fields.clone(), *is)]))])]
        }
        Condition::All(parts) => parts.iter().fold(vec![Way::new()], |so_far, part| {
            let more = ways(part);
            let pairs = so_far.iter().flat_map(|a| more.iter().map(move |b| (a, b)));
            pairs.filter_map(|(a, b)| both(a, b)).take(MAX_WAYS).collect()
        }),
        Condition::Any(parts) => parts.iter().flat_map(ways).take(MAX_WAYS).collect(),
    }
}

fn both(a: &Way, b: &Way) -> Option<Way> {
    let mut way = a.clone();
    for (grant, flags) in b {
        let entry = way.entry(*grant).or_default();
        for (fields, is) in flags {
            if *entry.entry(fields.clone()).or_insert(*is) != *is {
                return None;
            }
        }
    }
    Some(way)
}

/// The ways to bring about an outcome.
pub(crate) fn ways_to(facts: &Facts<'_>, atom: Atom) -> Vec<Way> {
    facts.evidence(atom).map_or_else(|| vec![Way::new()], ways)
}

/// All pins of the grant have values in the map and let something through.
pub(crate) fn pinned(facts: &Facts<'_>, at: GrantAt, map: &Map) -> bool {
    facts.usable(at) && facts.grant(at).is_some_and(|grant| pin_data(grant).all(|(_, datum)| map.has(datum)))
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
    let here = |way: &Way| way.keys().all(|grant| pinned(facts, (atom.step, *grant), map));
    ways_to(facts, atom).into_iter().find(here)
}

/// Evidence for the outcome of an open step can be had in the map.
pub(crate) fn obtainable(facts: &Facts<'_>, atom: Atom, map: &Map) -> bool {
    visible(facts, atom, map) && way_now(facts, atom, map).is_some()
}

/// The way a settled step of the map came by its outcome: with the results the map has, and its Booleans.
pub(crate) fn way_taken(facts: &Facts<'_>, atom: Atom, map: &Map) -> Option<Way> {
    let fits = |way: &Way| {
        way.iter().all(|(grant, flags)| {
            map.bound.contains(&(atom.step, *grant))
                && flags
                    .iter()
                    .all(|(fields, is)| map.flag(atom.step, *grant, fields).is_none_or(|flag| flag == *is))
        })
    };
    ways_to(facts, atom).into_iter().find(fits)
}

/// Grants of a step that its conditions read.
pub(crate) fn read_by(facts: &Facts<'_>, step: StepId) -> Vec<GrantIx> {
    let mut found = Vec::new();
    for (atom, _) in facts.atoms(step) {
        if let Some(condition) = facts.evidence(atom) {
            grants_of(condition, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The grants a condition reads.
pub(crate) fn grants_of(condition: &Condition, found: &mut Vec<GrantIx>) {
    match condition {
        Condition::Bound(grant) | Condition::Flag { grant, .. } => found.push(*grant),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| grants_of(part, found)),
    }
}

/// The Booleans a condition reads.
pub(crate) fn flags_of(condition: &Condition, found: &mut Vec<(GrantIx, Vec<String>)>) {
    match condition {
        Condition::Bound(_) => {}
        Condition::Flag { grant, fields, .. } => found.push((*grant, fields.clone())),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| flags_of(part, found)),
    }
}

/// Truth of a condition when the grants have results as told, with these Booleans.
pub(crate) fn truth(
    condition: &Condition,
    bound: &dyn Fn(GrantIx) -> bool,
    flag: &dyn Fn(GrantIx, &[String]) -> bool,
) -> bool {
    match condition {
        Condition::Bound(grant) => bound(*grant),
        Condition::Flag { grant, fields, is } => bound(*grant) && flag(*grant, fields) == *is,
        Condition::All(parts) => parts.iter().all(|part| truth(part, bound, flag)),
        Condition::Any(parts) => parts.iter().any(|part| truth(part, bound, flag)),
    }
}
