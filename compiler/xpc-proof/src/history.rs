//! Questions about two moments of one run. A reopening forgets, so one live map does not answer them.

use std::collections::BTreeSet;

use xp_artifact::workflow::{LoopId, StepId};
use z3::ast::Bool;

use crate::encode::{MapVars, Sink};
use crate::map::Map;
use crate::need::{Goal, Need};
use crate::session::{Answer, Session, check};
use crate::support;

/// Moments of a run with the loops fired between them.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// At least one; one more than `fired`.
    pub maps: Vec<Map>,
    pub fired: Vec<LoopId>,
}

impl Session<'_, '_> {
    /// A run that shows a goal of the first list and later one of the second, with exactly `reopenings` in between.
    pub fn chain(
        &self,
        first: &[Goal],
        last: &[Goal],
        fireable: &[LoopId],
        reopenings: usize,
    ) -> Answer<Chain> {
        let facts = self.facts;
        let concerned: BTreeSet<StepId> = self.moments(first, last, &[]).into_iter().collect();
        let loops: Vec<LoopId> = fireable
            .iter()
            .copied()
            .filter(|by| facts.reset_by(*by).iter().any(|step| concerned.contains(step)))
            .collect();
        if reopenings > 0 && loops.is_empty() {
            return Answer::No;
        }
        let loops = if reopenings == 0 { Vec::new() } else { loops };
        let steps = self.moments(first, last, &loops);
        let sink = Sink::new(self.limits, false);
        let copies: Vec<MapVars<'_, '_>> =
            (0..=reopenings).map(|_| MapVars::new(&sink, facts, steps.clone())).collect();
        let mut fires: Vec<Vec<Bool>> = Vec::new();
        for (here, next) in copies.iter().zip(copies.iter().skip(1)) {
            let chosen: Vec<Bool> = loops.iter().map(|_| sink.fresh()).collect();
            sink.solver.assert(Bool::or(&chosen));
            for (fire, by) in chosen.iter().zip(&loops) {
                let Some(l) = facts.the_loop(*by) else { continue };
                let atom = xp_artifact::workflow::Atom { step: l.step, outcome: l.outcome };
                for (_, part) in Need::Enabled(atom).encode(&sink, here) {
                    sink.solver.assert(fire.implies(&part));
                }
            }
            // One constraint, since pairs of thousands of loops are millions.
            let each: Vec<(&Bool, i32)> = chosen.iter().map(|fire| (fire, 1)).collect();
            sink.solver.assert(Bool::pb_le(&each, 1));
            for step in &steps {
                let resetting: Vec<Bool> = loops
                    .iter()
                    .zip(&chosen)
                    .filter(|(by, _)| facts.resets(**by, *step))
                    .map(|(_, fire)| fire.clone())
                    .collect();
                for part in here.kept(&sink, next, *step) {
                    let mut ways = resetting.clone();
                    ways.push(part);
                    sink.solver.assert(here.any(&ways));
                }
            }
            fires.push(chosen);
        }
        for (index, by) in loops.iter().enumerate() {
            let max = facts.the_loop(*by).map_or(0, |l| l.max);
            let firings: Vec<Bool> = fires.iter().filter_map(|chosen| chosen.get(index).cloned()).collect();
            if u32::try_from(firings.len()).is_ok_and(|count| count > max) {
                let weighted: Vec<(&Bool, i32)> = firings.iter().map(|firing| (firing, 1)).collect();
                sink.solver.assert(Bool::pb_le(&weighted, i32::try_from(max).unwrap_or(i32::MAX)));
            }
        }
        let (Some(start), Some(end)) = (copies.first(), copies.last()) else { return Answer::No };
        let starts: Vec<Bool> = first.iter().map(|goal| all(&sink, start, goal)).collect();
        let ends: Vec<Bool> = last.iter().map(|goal| all(&sink, end, goal)).collect();
        sink.solver.assert(start.any(&starts));
        sink.solver.assert(end.any(&ends));
        let model = match check(&sink) {
            Answer::Yes(model) => model,
            Answer::No => return Answer::No,
            Answer::Unknown(why) => return Answer::Unknown(why),
        };
        let which = |goals: &[Bool]| {
            goals
                .iter()
                .position(|goal| model.eval(goal, true).and_then(|truth| truth.as_bool()) == Some(true))
        };
        let (Some(at_start), Some(at_end)) = (which(&starts), which(&ends)) else {
            return Answer::Unknown("the solver's model does not satisfy what was asked".to_owned());
        };
        let fired = fires
            .iter()
            .filter_map(|chosen| which(chosen).and_then(|index| loops.get(index).copied()))
            .collect();
        let mut maps: Vec<Map> = copies.iter().map(|copy| copy.read(&sink, &model)).collect();
        if let ([only], Some(a), Some(b)) = (maps.as_mut_slice(), first.get(at_start), last.get(at_end)) {
            *only = support::shrink(facts, only, &[a, b]);
        }
        Answer::Yes(Chain { maps, fired })
    }

    /// The cone of all goals and of the sources of the loops.
    fn moments(&self, first: &[Goal], last: &[Goal], loops: &[LoopId]) -> Vec<StepId> {
        let needs = first.iter().chain(last).flatten();
        let named = needs.flat_map(|need| need.steps().unwrap_or_else(|| self.facts.order.clone()));
        let sources = loops.iter().filter_map(|by| self.facts.the_loop(*by)).map(|l| l.step);
        self.facts.cone(named.chain(sources))
    }
}

fn all(sink: &Sink, copy: &MapVars<'_, '_>, goal: &[Need]) -> Bool {
    let parts: Vec<Bool> =
        goal.iter().flat_map(|need| need.encode(sink, copy)).map(|(_, part)| part).collect();
    copy.all(&parts)
}
