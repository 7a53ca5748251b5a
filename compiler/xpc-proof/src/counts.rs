//! How often a step can open.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use xp_artifact::workflow::{Atom, Formula, LoopId, StepId};

use crate::cover::Cover;
use crate::need::Need;
use crate::session::{Answer, Session};

/// Counts openings, step by step when they are asked for: loops within loops are many for a step, and few steps are asked
/// about.
#[derive(Default)]
pub(crate) struct Counts {
    known: RefCell<HashMap<StepId, Rc<[LoopId]>>>,
}

/// Openings of each step in a run, at most; never below the truth.
pub(crate) struct Openings<'c, 'f, 'm> {
    pub counts: &'c Counts,
    pub session: &'c Session<'f, 'm>,
    pub cover: &'c Cover,
}

impl Openings<'_, '_, '_> {
    /// 1 and the bounds of the loops that can open it again.
    pub fn of(&self, step: StepId) -> u64 {
        let facts = self.session.facts;
        let loops = self.loops(step);
        let bounds = loops.iter().filter_map(|by| facts.the_loop(*by)).map(|l| u64::from(l.max));
        bounds.fold(1, u64::saturating_add)
    }

    /// The loops that can open it again: those that reset it, and whose source can be open while it is open or settled.
    pub fn loops(&self, step: StepId) -> Rc<[LoopId]> {
        if !self.cover.is_reset(step) {
            return Rc::new([]);
        }
        if let Some(known) = self.counts.known.borrow().get(&step) {
            return Rc::clone(known);
        }
        let facts = self.session.facts;
        let above: HashSet<StepId> = facts.cone([step]).into_iter().collect();
        let mut loops: Vec<LoopId> =
            above.iter().flat_map(|target| self.cover.fireable_to(*target)).copied().collect();
        loops.sort_unstable();
        if !loops.is_empty() {
            let settled = self.surely_settled(step);
            loops.retain(|by| self.counts(*by, step, &settled));
        }
        let loops: Rc<[LoopId]> = loops.into();
        self.counts.known.borrow_mut().insert(step, Rc::clone(&loops));
        loops
    }

    fn counts(&self, by: LoopId, step: StepId, settled: &BTreeSet<StepId>) -> bool {
        let session = self.session;
        let Some(l) = session.facts.the_loop(by) else { return false };
        if step == l.step {
            return true;
        }
        if settled.contains(&l.step) {
            return false;
        }
        let reopening = Need::Enabled(Atom { step: l.step, outcome: l.outcome });
        // Undecided counts: the bound may be too high, never too low.
        session.walks().fires_with(session.facts, by, step)
            || !matches!(session.example(&[reopening, Need::Begun(step)]), Answer::No)
    }

    /// Steps that have settled when the step has begun, because guards say so without an `or`.
    fn surely_settled(&self, step: StepId) -> BTreeSet<StepId> {
        let mut settled = BTreeSet::new();
        let mut open = vec![step];
        while let Some(here) = open.pop() {
            for part in self.session.facts.step(here).after.conjuncts() {
                if let Formula::Is(atom) = part
                    && settled.insert(atom.step)
                {
                    open.push(atom.step);
                }
            }
        }
        settled
    }
}
