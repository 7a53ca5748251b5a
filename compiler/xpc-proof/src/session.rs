//! Questions about one live map, put to the solver.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use xpc_model::{Limits, Place};
use z3::SatResult;
use z3::ast::Bool;

use crate::asked::Solvers;
pub(crate) use crate::asked::{Answer, check};
use crate::encode::{MapVars, Sink};
use crate::example::Example;
use crate::facts::Facts;
use crate::facts::GrantAt;
use crate::implied::Implied;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::rounds::Rounds;
use crate::support;
use crate::walk::Walks;

/// Up to this many goals are asked one by one.
const ONE_BY_ONE: usize = 24;
/// Largest cone a core is looked for in, and largest core that is minimised.
const CORE_STEPS: usize = 2_000;
const CORE_PLACES: usize = 64;

/// One workflow, asked many questions.
pub(crate) struct Session<'f, 'm> {
    pub facts: &'f Facts<'m>,
    pub limits: Limits,
    solvers: Solvers<'f, 'm>,
    walks: OnceCell<Walks>,
    implied: Implied,
}

impl<'f, 'm> Session<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>, limits: Limits) -> Self {
        Self {
            facts,
            limits,
            solvers: Solvers::new(facts, limits),
            walks: OnceCell::new(),
            implied: Implied::new(),
        }
    }

    pub fn walks(&self) -> &Walks {
        self.walks.get_or_init(|| Walks::of(self.facts))
    }

    /// A smallest-looking live map in which the goal holds. Asked on a cone that has the goal's, which is exact: cutting a
    /// live map down to a cone leaves a live map, and what the goal says of its own steps stays.
    pub fn ask(&self, goal: &[Need]) -> Answer<Map> {
        if self.implied.refutes(self.facts, goal).is_some() {
            return Answer::No;
        }
        let asked = self.solvers.grown(goal);
        let formula = asked.goal(goal);
        match asked.any(&[formula]) {
            Answer::Yes(model) => {
                Answer::Yes(support::shrink(self.facts, &asked.copy.read(&asked.sink, &model), &[goal]))
            }
            Answer::No => Answer::No,
            Answer::Unknown(why) => Answer::Unknown(why),
        }
    }

    /// As [`Self::ask`], of any example: one that a walk has met where there is one.
    pub fn example(&self, goal: &[Need]) -> Answer<Map> {
        self.walks().example(self.facts, goal).map_or_else(|| self.ask(goal), Answer::Yes)
    }

    /// For each grant an example of its use, where there is one: all that walks have met are on one of them.
    ///
    /// # Errors
    /// Why the solver gave up.
    pub fn uses(&self, grants: &[GrantAt]) -> Result<Vec<Option<Example<'f, 'm>>>, String> {
        let met = grants.iter().map(|at| Some(Example::on_walk(self.facts, self.walks().use_of(*at)?, *at)));
        let mut found: Vec<Option<Example<'f, 'm>>> = met.collect();
        let left: Vec<usize> =
            (0..grants.len()).filter(|index| matches!(found.get(*index), Some(None))).collect();
        let goals: Vec<Goal> =
            left.iter().filter_map(|index| Some(vec![Need::Use(*grants.get(*index)?)])).collect();
        for (index, map) in left.into_iter().zip(self.sort(&goals, None)?) {
            if let Some(place) = found.get_mut(index) {
                *place = map.map(|map| Example::of(self.facts, map));
            }
        }
        Ok(found)
    }

    /// For each goal an example, where there is one. With `most`, stops after that many examples; goals without one are
    /// then not known to have none.
    ///
    /// # Errors
    /// Why the solver gave up.
    pub fn sort(&self, goals: &[Goal], most: Option<usize>) -> Result<Vec<Option<Map>>, String> {
        let mut left = most.unwrap_or(usize::MAX);
        let mut found: Vec<Option<Map>> = vec![None; goals.len()];
        let mut none = BTreeSet::new();
        let few = goals.len() <= ONE_BY_ONE;
        for (index, (goal, place)) in goals.iter().zip(&mut found).enumerate() {
            if left == 0 {
                return Ok(found);
            }
            if self.implied.refutes(self.facts, goal).is_some() {
                none.insert(index);
                continue;
            }
            if few || goal.iter().all(Need::asks_for_more) {
                *place = self.walks().example(self.facts, goal);
            }
            if few && place.is_none() {
                *place = self.ask(goal).known()?;
            }
            left -= usize::from(place.is_some());
        }
        if few {
            return Ok(found);
        }
        let mut rounds = Rounds { solvers: &self.solvers, walks: self.walks(), goals, found, left, none };
        rounds.ask()?;
        Ok(rounds.found)
    }

    /// The places of the source that a goal without example rests on, minimal where that is cheap.
    pub fn core(&self, goal: &[Need]) -> Vec<Place> {
        if let Some(places) = self.implied.refutes(self.facts, goal) {
            return places.into_iter().collect();
        }
        let cone = self.solvers.cone(goal);
        if cone.len() > CORE_STEPS {
            return Vec::new();
        }
        let sink = Sink::new(self.limits, true);
        let copy = MapVars::new(&sink, self.facts, cone);
        for (place, part) in goal.iter().flat_map(|need| need.encode(&sink, &copy)) {
            sink.axiom(place, &part);
        }
        minimal(&sink)
    }
}

/// A minimal set of places whose axioms exclude each other.
pub(crate) fn minimal(sink: &Sink) -> Vec<Place> {
    let guards = sink.guards();
    let all: Vec<Bool> = guards.iter().map(|(_, guard)| guard.clone()).collect();
    if sink.solver.check_assumptions(&all) != SatResult::Unsat {
        return Vec::new();
    }
    let named = |core: &[Bool]| -> Vec<(Place, Bool)> {
        guards.iter().filter(|(_, guard)| core.contains(guard)).cloned().collect()
    };
    let mut core = named(&sink.solver.get_unsat_core());
    let mut index = 0;
    while core.len() <= CORE_PLACES && index < core.len() {
        let without: Vec<Bool> = core
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index)
            .map(|(_, (_, guard))| guard.clone())
            .collect();
        if sink.solver.check_assumptions(&without) == SatResult::Unsat {
            let smaller = named(&sink.solver.get_unsat_core());
            // Never longer than what was asked, so this ends.
            core.retain(|(place, _)| smaller.iter().any(|(kept, _)| kept == place));
            index = 0;
        } else {
            index += 1;
        }
    }
    core.into_iter().map(|(place, _)| place).collect()
}
