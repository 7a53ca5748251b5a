//! Ways to satisfy a condition, written out.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::rests::needs_one_of;
use xp_artifact::workflow::{Atom, Condition, GrantIx, StepId};

use crate::facts::{Facts, GrantAt, Shown};
use crate::flags;
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

/// The condition holds only with a result of the grant.
pub(crate) fn needs(condition: &Condition, of: GrantIx) -> bool {
    match condition {
        Condition::Bound(grant) | Condition::Flag { grant, .. } => *grant == of,
        Condition::All(parts) => parts.iter().any(|part| needs(part, of)),
        Condition::Any(parts) => parts.iter().all(|part| needs(part, of)),
    }
}

/// Whatever the way to the step, a use of the grant was carried out before.
pub(crate) fn surely_used(facts: &Facts<'_>, by: GrantAt, step: StepId) -> bool {
    let relies = |atom: &Atom| facts.evidence(*atom).is_some_and(|evidence| needs(evidence, by.1));
    let atoms: Vec<Atom> = facts.atoms(by.0).map(|(atom, _)| atom).filter(relies).collect();
    !atoms.is_empty() && needs_one_of(facts.w, step, &atoms)
}

/// The ways to bring about an outcome.
pub(crate) fn ways_to(facts: &Facts<'_>, atom: Atom) -> Vec<Way> {
    let Some(condition) = facts.evidence(atom) else { return vec![Way::new()] };
    ways(condition).into_iter().filter(|way| flags::fit(facts.w, atom.step, way)).collect()
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
                .any(|(step, ix)| step == atom.step && way.contains_key(&ix))
        };
        way.keys().all(|grant| pinned(facts, (atom.step, *grant), map) && !contested(grant))
    };
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
            found.extend(condition.literals().iter().map(|literal| literal.grant));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A Boolean of a result that a condition of a step reads.
pub(crate) type Read = (GrantIx, Vec<String>);

/// The Booleans that conditions read, each once, in order.
pub(crate) fn flags_of<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Vec<Read> {
    let literals = conditions.into_iter().flat_map(Condition::literals);
    let read = literals.filter_map(|literal| Some((literal.grant, literal.flag?.0.to_vec())));
    read.collect::<BTreeSet<Read>>().into_iter().collect()
}

/// Truth of a condition where these grants have results, with these Booleans in them.
pub(crate) fn truth(
    condition: &Condition,
    bound: &dyn Fn(GrantIx) -> bool,
    flag: &dyn Fn(GrantIx, &[String]) -> bool,
) -> bool {
    condition.holds(&|literal| {
        bound(literal.grant) && literal.flag.is_none_or(|(fields, is)| flag(literal.grant, fields) == is)
    })
}
