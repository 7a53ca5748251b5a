//! Whether a map is one of a running run, by the same rules that are encoded.

use xp_artifact::workflow::{Atom, Then};

use crate::evidence;
use crate::facts::Facts;
use crate::map::Map;

/// What the axioms of [`crate::encode`] say, evaluated: this is the map of a running run, limits per run aside. A map
/// that was not read off a model of those counts as an example only if this holds.
pub(crate) fn live(facts: &Facts<'_>, map: &Map) -> bool {
    let settled = map.settled.iter().all(|(step, outcome)| {
        let atom = Atom { step: *step, outcome: *outcome };
        facts.outcome(atom).is_some_and(|outcome| outcome.then == Then::Settle)
            && facts.possible(atom)
            && map.begun(facts, *step)
            && evidence::visible(facts, atom, map)
            && evidence::way_taken(facts, atom, map).is_some()
    });
    let bound = map.bound.iter().all(|at| {
        map.settled.contains_key(&at.0)
            && facts.grant(*at).is_some_and(|grant| grant.binder.is_some())
            && evidence::pinned(facts, *at, map)
    });
    let over = if facts.over_at_once { !map.settled.is_empty() } else { map.truth(&facts.w.finish) };
    settled && bound && !over
}
