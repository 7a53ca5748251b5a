//! How often a step can open.

use std::collections::{BTreeMap, BTreeSet};

use xp_artifact::workflow::{Atom, LoopId, StepId, Then};

use crate::cover::Cover;
use crate::need::Need;
use crate::session::{Answer, Session};

/// Openings of each step in a run, at most; never below the truth.
pub(crate) struct Openings {
    by_step: BTreeMap<StepId, u64>,
    /// The loops that count for a step.
    loops: BTreeMap<StepId, Vec<LoopId>>,
}

impl Openings {
    /// 1 and the bounds of the loops that can open it again.
    pub fn of(&self, step: StepId) -> u64 {
        self.by_step.get(&step).copied().unwrap_or(1)
    }

    /// The loops that can open it again.
    pub fn loops(&self, step: StepId) -> &[LoopId] {
        self.loops.get(&step).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Counts. A loop counts for a step it resets when its source can be open while the step is open or settled.
pub(crate) fn openings(session: &Session<'_, '_>, cover: &Cover) -> Openings {
    let facts = session.facts;
    let mut counts = Openings { by_step: BTreeMap::new(), loops: BTreeMap::new() };
    for by in &cover.fireable {
        let Some(l) = facts.the_loop(*by) else { continue };
        let reopening = Need::Enabled(Atom { step: l.step, outcome: l.outcome });
        let example = match session.example(std::slice::from_ref(&reopening)) {
            Answer::Yes(map) => Some(map),
            Answer::No => continue,
            Answer::Unknown(_) => None,
        };
        let thinkable = without(session, *by, l.step);
        for step in facts.reset_by(*by) {
            if !thinkable.contains(step) {
                continue;
            }
            let shown = *step == l.step || example.as_ref().is_some_and(|map| map.begun(facts, *step));
            let together = shown || {
                let goal = vec![reopening.clone(), Need::Begun(*step)];
                // Undecided counts: the bound may be too high, never too low.
                !matches!(session.example(&goal), Answer::No)
            };
            if together {
                *counts.by_step.entry(*step).or_insert(1) += u64::from(l.max);
                counts.loops.entry(*step).or_default().push(*by);
            }
        }
    }
    counts
}

/// Steps a loop resets that could be open or settled while its source is not settled, going by the guards alone.
fn without(session: &Session<'_, '_>, by: LoopId, source: StepId) -> BTreeSet<StepId> {
    let facts = session.facts;
    let mut reset: Vec<StepId> = facts.reset_by(by).to_vec();
    reset.sort_by_key(|step| facts.rank(*step));
    let mut thinkable = BTreeSet::new();
    for step in reset {
        let known = |atom: Atom| {
            let possible = facts.outcome(atom).is_some_and(|outcome| outcome.then == Then::Settle);
            possible
                && atom.step != source
                && (!facts.resets(by, atom.step) || thinkable.contains(&atom.step))
        };
        if facts.step(step).after.holds(&known) {
            thinkable.insert(step);
        }
    }
    thinkable
}
