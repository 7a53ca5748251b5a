//! Questions about one live map, put to the solver.

use std::cell::OnceCell;

use xp_artifact::workflow::StepId;
use xpc_model::{Limits, Place};
use z3::SatResult;
use z3::ast::Bool;

use crate::encode::{Copy, Sink};
use crate::facts::Facts;
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::support;

/// Up to this many goals are asked one by one, each on its own cone.
const ONE_BY_ONE: usize = 24;
/// Largest cone a core is looked for in, and largest core that is minimised.
const CORE_STEPS: usize = 2_000;
const CORE_PLACES: usize = 64;

/// What the solver said.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    /// There is one, for example this.
    Yes(T),
    /// There is none.
    No,
    /// Why it gave up.
    Unknown(String),
}

/// One workflow, asked many questions.
pub(crate) struct Session<'f, 'm> {
    pub facts: &'f Facts<'m>,
    pub limits: Limits,
    whole: OnceCell<(Sink, Copy<'f, 'm>)>,
}

impl<'f, 'm> Session<'f, 'm> {
    pub fn new(facts: &'f Facts<'m>, limits: Limits) -> Self {
        Self { facts, limits, whole: OnceCell::new() }
    }

    /// The steps a goal depends on.
    fn cone(&self, goal: &[Need]) -> Vec<StepId> {
        let mut roots = Vec::new();
        for need in goal {
            match need.steps() {
                Some(steps) => roots.extend(steps),
                None => return self.facts.order.clone(),
            }
        }
        self.facts.cone(roots)
    }

    /// A smallest-looking live map in which the goal holds. Asked on the goal's cone, which is exact: cutting a live map
    /// down to a cone leaves a live map, and what the goal says of its own steps stays.
    pub fn ask(&self, goal: &[Need]) -> Answer<Map> {
        let sink = Sink::new(self.limits, false);
        let copy = Copy::new(&sink, self.facts, self.cone(goal));
        for (_, part) in goal.iter().flat_map(|need| need.encode(&sink, &copy)) {
            sink.solver.assert(&part);
        }
        match check(&sink) {
            Answer::Yes(model) => Answer::Yes(support::shrink(self.facts, &copy.read(&model), &[goal])),
            Answer::No => Answer::No,
            Answer::Unknown(why) => Answer::Unknown(why),
        }
    }

    /// For each goal an example, where there is one. With `most`, stops after that many examples; goals without one are
    /// then not known to have none.
    ///
    /// # Errors
    /// Why the solver gave up.
    pub fn sort(&self, goals: &[Goal], most: Option<usize>) -> Result<Vec<Option<Map>>, String> {
        let most = most.unwrap_or(usize::MAX);
        let mut found: Vec<Option<Map>> = vec![None; goals.len()];
        if goals.len() <= ONE_BY_ONE {
            let mut count = 0;
            for (goal, place) in goals.iter().zip(&mut found) {
                if count >= most {
                    break;
                }
                match self.ask(goal) {
                    Answer::Yes(map) => {
                        *place = Some(map);
                        count += 1;
                    }
                    Answer::No => {}
                    Answer::Unknown(why) => return Err(why),
                }
            }
            return Ok(found);
        }
        let (sink, copy) = self.whole.get_or_init(|| {
            let sink = Sink::new(self.limits, false);
            let copy = Copy::new(&sink, self.facts, self.facts.order.clone());
            (sink, copy)
        });
        let encoded: Vec<Bool> = goals
            .iter()
            .map(|goal| {
                let parts: Vec<Bool> =
                    goal.iter().flat_map(|need| need.encode(sink, copy)).map(|(_, part)| part).collect();
                copy.all(&parts)
            })
            .collect();
        loop {
            let open: Vec<Bool> = encoded
                .iter()
                .zip(&found)
                .filter(|(_, found)| found.is_none())
                .map(|(goal, _)| goal.clone())
                .collect();
            if open.is_empty() || goals.len() - open.len() >= most {
                return Ok(found);
            }
            sink.solver.push();
            sink.solver.assert(copy.any(&open));
            let answer = check(sink);
            sink.solver.pop(1);
            let model = match answer {
                Answer::Yes(model) => model,
                Answer::No => return Ok(found),
                Answer::Unknown(why) => return Err(why),
            };
            let map = copy.read(&model);
            let mut any = false;
            for ((goal, encoded), place) in goals.iter().zip(&encoded).zip(&mut found) {
                if place.is_none()
                    && model.eval(encoded, true).and_then(|truth| truth.as_bool()) == Some(true)
                {
                    *place = Some(support::shrink(self.facts, &map, &[goal]));
                    any = true;
                }
            }
            if !any {
                return Err("the solver's model does not satisfy what was asked".to_owned());
            }
        }
    }

    /// The places of the source that a goal without example rests on, minimal where that is cheap.
    pub fn core(&self, goal: &[Need]) -> Vec<Place> {
        let cone = self.cone(goal);
        if cone.len() > CORE_STEPS {
            return Vec::new();
        }
        let sink = Sink::new(self.limits, true);
        let copy = Copy::new(&sink, self.facts, cone);
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

/// Runs the solver.
pub(crate) fn check(sink: &Sink) -> Answer<z3::Model> {
    match sink.solver.check() {
        SatResult::Unsat => Answer::No,
        SatResult::Sat => match sink.solver.get_model() {
            Some(model) => Answer::Yes(model),
            None => Answer::Unknown("the solver found an example and lost it".to_owned()),
        },
        SatResult::Unknown => {
            let why = sink.solver.get_reason_unknown().unwrap_or_default();
            Answer::Unknown(format!("the solver gave up ({why})"))
        }
    }
}
