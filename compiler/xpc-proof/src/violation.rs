//! What a trace must end in, checked on the machine's own state.

use std::rc::Rc;

use xp_artifact::workflow::{Atom, Datum, GrantIx, StepId};

use crate::evidence;
use crate::facts::{GrantAt, Shown};
use crate::plan::Act;
use crate::replay::Run;
use crate::route::{Leg, Route};
use crate::way::Way;

/// A violation.
#[derive(Clone, Debug)]
pub(crate) enum Violation {
    /// The last event uses the grant, which has not been judged in this way: grants that it asks to be unbegun have been used.
    Unjudged(GrantAt, Way),
    /// The last event uses a grant that an earlier opening of its step has used.
    Again(GrantAt),
    /// The monitor of the question says that it is broken.
    Broken,
    /// The step is open and the datum has no value.
    Lacks(StepId, Datum),
    /// The run goes on and no step is open.
    NothingOpen,
    /// The step is open, nothing it needs can be had any more, and no outcome can be taken.
    Stranded(StepId),
    /// The last event is the evidence, and of these outcomes all (or none) are due.
    Evidence(StepId, Vec<Atom>, bool),
    /// The outcome was taken last.
    Taken(Atom),
    /// The step is open.
    Open(StepId),
    /// The run went this way, its last use last.
    Went(Rc<Route>),
    /// The run went this way, and then the outcome was taken, last.
    Judged(Rc<Route>, Atom),
    /// The plan was carried out to its end.
    Reached,
}

impl Violation {
    /// It asks how the run stood before each act.
    pub fn looks_back(&self) -> bool {
        matches!(self, Self::Went(_) | Self::Judged(..))
    }

    /// How much of what the violation asks of earlier uses has happened.
    pub fn so_far(&self, run: &Run<'_, '_>) -> usize {
        match self {
            Self::Again(at) => {
                let mut openings: Vec<u32> =
                    run.log.iter().filter(|used| used.at == *at).map(|used| used.opening).collect();
                openings.dedup();
                openings.len()
            }
            Self::Went(route) => route.so_far(run),
            _ => 0,
        }
    }

    /// Whether the run has just ended in it.
    pub fn holds(&self, run: &Run<'_, '_>, facts: &crate::facts::Facts<'_>, last: Option<&Act>) -> bool {
        let just_used = |at: &GrantAt| matches!(last, Some(Act::Use { at: used, .. }) if used == at);
        match self {
            Self::Unjudged(at, way) => {
                let used = |by: GrantAt| run.log.iter().any(|used| used.at == by);
                just_used(at) && !way.holds(&|atom| run.settled(atom), &|by| !used(by))
            }
            Self::Again(at) => {
                let now = run.log.last().map(|used| used.opening);
                just_used(at) && run.log.iter().any(|used| used.at == *at && Some(used.opening) != now)
            }
            Self::Broken => run.watching.as_ref().is_some_and(|watching| watching.broken()),
            Self::Lacks(step, datum) => run.open(*step) && run.value(datum).is_none(),
            Self::NothingOpen => run.running() && facts.steps().all(|step| !run.open(step)),
            Self::Stranded(step) => run.open(*step) && stranded(run, facts, *step),
            Self::Evidence(step, atoms, all) => {
                run.open(*step)
                    && (matches!(last, Some(Act::Use { .. })) || evidence::read_by(facts, *step).is_empty())
                    && atoms.iter().all(|atom| run.would(&Act::Take { atom: *atom, becomes: *atom }) == *all)
            }
            Self::Taken(atom) => matches!(last, Some(Act::Take { becomes, .. }) if becomes == atom),
            Self::Open(step) => run.open(*step),
            Self::Went(route) => {
                let last = route.legs.last().and_then(Leg::grant);
                last.is_some_and(|at| just_used(&at)) && route.is_gone(run)
            }
            Self::Judged(route, atom) => Self::Taken(*atom).holds(run, facts, last) && route.is_gone(run),
            Self::Reached => true,
        }
    }
}

/// No outcome can be taken, and no grant that could change that has a use left.
fn stranded(run: &Run<'_, '_>, facts: &crate::facts::Facts<'_>, step: StepId) -> bool {
    let mut grants = evidence::read_by(facts, step);
    for (atom, outcome) in facts.atoms(step) {
        if matches!(outcome.how, xp_artifact::workflow::How::Exhausted(_)) {
            continue;
        }
        if run_takes(run, facts, atom) {
            return false;
        }
        if let Some(datum) = facts.judged_datum(atom) {
            grants.extend(facts.ways_to_see(step, datum).into_iter().filter_map(|way| match way {
                Shown::Use(grant, _) => Some(grant),
                Shown::View | Shown::ByChance => None,
            }));
        }
    }
    // One refusal of a guard says nothing of other arguments, nor does one name that is taken.
    let refused = |grant: &GrantIx| {
        let at = (step, *grant);
        !facts.guarding().may_refuse(at) && !run.would(&Act::using(at)) && run.tries_all_names(at)
    };
    grants.iter().all(refused)
}

/// The outcome can be taken now, as itself or as what its used-up loop makes of it.
fn run_takes(run: &Run<'_, '_>, facts: &crate::facts::Facts<'_>, atom: Atom) -> bool {
    let as_itself = run.would(&Act::Take { atom, becomes: atom });
    as_itself
        || facts.loops().filter(|(_, l)| l.step == atom.step && l.outcome == atom.outcome).any(|(_, l)| {
            run.would(&Act::Take { atom, becomes: Atom { step: l.step, outcome: l.exhausted } })
        })
}
