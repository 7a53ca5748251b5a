//! Many goals at once: a model of the solver is an example of as many of them as it happens to be.

use std::collections::{BTreeMap, BTreeSet};

use z3::ast::Bool;

use crate::asked::{Answer, Solvers};
use crate::map::Map;
use crate::need::Goal;
use crate::support;
use crate::walk::Walks;

/// Goals with the examples found so far.
pub(crate) struct Rounds<'a, 'f, 'm> {
    pub solvers: &'a Solvers<'f, 'm>,
    pub walks: &'a Walks,
    pub goals: &'a [Goal],
    pub found: Vec<Option<Map>>,
    /// Examples still wanted.
    pub left: usize,
    /// Goals of which the solver said that they have none.
    pub none: BTreeSet<usize>,
}

impl Rounds<'_, '_, '_> {
    /// Until as many examples as wanted are found, or the solver has said of every other goal that it has none.
    ///
    /// # Errors
    /// Why the solver gave up.
    pub fn ask(&mut self) -> Result<(), String> {
        // Most often there is nothing more to find, and one answer says so of all.
        let open = self.open();
        self.together(&open, 1)?;
        // What a goal denies is seldom so on a walk, so this was not worth trying before.
        for index in self.open() {
            if self.is_open(index)
                && let (Some(goal), Some(place)) = (self.goals.get(index), self.found.get_mut(index))
            {
                *place = self.walks.example(self.solvers.facts, goal);
                self.left -= usize::from(place.is_some());
            }
        }
        // The rest by parts of the workflow, since models of a part are small.
        for part in self.parts() {
            self.together(&part, usize::MAX)?;
        }
        Ok(())
    }

    fn open(&self) -> Vec<usize> {
        (0..self.goals.len()).filter(|index| self.is_open(*index)).collect()
    }

    fn is_open(&self, index: usize) -> bool {
        self.left > 0 && matches!(self.found.get(index), Some(None)) && !self.none.contains(&index)
    }

    /// Open goals by the parts of the workflow that they speak of.
    fn parts(&self) -> Vec<Vec<usize>> {
        let mut parts: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (index, goal) in self.open().into_iter().filter_map(|index| Some((index, self.goals.get(index)?)))
        {
            let steps = goal.iter().flat_map(|need| need.steps().unwrap_or_default());
            let mut part: Vec<usize> = steps.map(|step| self.solvers.facts.part(step)).collect();
            part.sort_unstable();
            part.dedup();
            parts.entry(part).or_default().push(index);
        }
        parts.into_values().collect()
    }

    /// Asks for the open ones of some goals, so many times at most or until there is none.
    fn together(&mut self, goals: &[usize], rounds: usize) -> Result<(), String> {
        let facts = self.solvers.facts;
        let goals: Vec<(usize, &Goal)> = goals
            .iter()
            .filter(|index| self.is_open(**index))
            .filter_map(|index| Some((*index, self.goals.get(*index)?)))
            .collect();
        if goals.is_empty() {
            return Ok(());
        }
        // A map of the cone of all these goals is exact for each of them.
        let asked = self.solvers.grown(goals.iter().flat_map(|(_, goal)| goal.iter()));
        let mut open: Vec<(usize, &Goal, Bool)> =
            goals.into_iter().map(|(index, goal)| (index, goal, asked.goal(goal))).collect();
        for _ in 0..rounds {
            if open.is_empty() || self.left == 0 {
                return Ok(());
            }
            let encoded: Vec<Bool> = open.iter().map(|(_, _, encoded)| encoded.clone()).collect();
            let model = match asked.any(&encoded) {
                Answer::Yes(model) => model,
                Answer::No => {
                    self.none.extend(open.iter().map(|(index, ..)| *index));
                    return Ok(());
                }
                Answer::Unknown(why) => return Err(why),
            };
            let map = asked.copy.read(&asked.sink, &model);
            let before = open.len();
            open.retain(|(index, goal, encoded)| {
                let wanted = self.left > 0 && model_holds(&model, encoded);
                if wanted && let Some(place) = self.found.get_mut(*index) {
                    *place = Some(support::shrink(facts, &map, &[goal]));
                    self.left -= 1;
                }
                !wanted
            });
            if open.len() == before {
                return Err("the solver's model does not satisfy what was asked".to_owned());
            }
        }
        Ok(())
    }
}

fn model_holds(model: &z3::Model, formula: &Bool) -> bool {
    model.eval(formula, true).and_then(|truth| truth.as_bool()) == Some(true)
}
