//! Which step depends on which, and what each loop opens again. The proofs and the machine both read it here.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::workflow::{LoopId, StepId, Workflow};

/// By step: the steps it depends on directly, because its guard names them, or a pin, `of` or condition of it names their data.
/// In id order, each once. Steps that are missing from the workflow are left out.
#[must_use]
pub fn needs(workflow: &Workflow) -> Vec<Vec<StepId>> {
    let sources = workflow.steps.iter().enumerate().map(|(number, step)| {
        let others = step.compared().filter(|datum| datum.root.step() != Some(StepId::of(number)));
        let named = step.data().chain(others).filter_map(|datum| datum.root.step());
        let sources: BTreeSet<StepId> = step.after.steps().into_iter().chain(named).collect();
        sources.into_iter().filter(|source| source.index() < workflow.steps.len()).collect()
    });
    sources.collect()
}

/// By step: the steps that depend on it directly, in id order.
#[must_use]
pub fn dependents(needs: &[Vec<StepId>]) -> Vec<Vec<StepId>> {
    let mut dependents = vec![Vec::new(); needs.len()];
    for (index, sources) in needs.iter().enumerate() {
        for source in sources {
            if let Some(list) = dependents.get_mut(source.index()) {
                list.push(StepId::of(index));
            }
        }
    }
    dependents
}

/// What each loop opens again or unsettles: its target and all that depend on the target, directly or not. The lists are
/// made when they are asked for: of loops within loops they are long.
#[derive(Debug)]
pub struct Resets {
    reach: Reach,
    targets: Vec<StepId>,
    lists: Vec<OnceLock<Vec<StepId>>>,
}

impl Resets {
    /// Of the loops of a workflow, with its [`needs`].
    #[must_use]
    pub fn of(workflow: &Workflow, needs: Vec<Vec<StepId>>) -> Self {
        let targets: Vec<StepId> = workflow.loops.iter().map(|by| by.target).collect();
        let lists = targets.iter().map(|_| OnceLock::new()).collect();
        Self { reach: Reach::of(needs), targets, lists }
    }

    /// The steps that the loop opens again or unsettles, in id order; none of a loop that is missing.
    #[must_use]
    pub fn by(&self, by: LoopId) -> &[StepId] {
        let (Some(list), Some(target)) = (self.lists.get(by.index()), self.targets.get(by.index())) else {
            return &[];
        };
        list.get_or_init(|| reached(&self.reach.dependents, [*target]))
    }

    /// Whether the step is one of [`Self::by`], without making the list.
    #[must_use]
    pub fn has(&self, by: LoopId, step: StepId) -> bool {
        self.targets.get(by.index()).is_some_and(|target| self.reach.depends(step, *target))
    }

    /// The steps that some of the loops opens again or unsettles, in id order.
    #[must_use]
    pub fn by_any(&self, loops: impl IntoIterator<Item = LoopId>) -> Vec<StepId> {
        let targets = loops.into_iter().filter_map(|by| self.targets.get(by.index())).copied();
        reached(&self.reach.dependents, targets)
    }
}

/// Which step depends on which, directly or not. Most questions are answered without a search.
#[derive(Debug)]
pub struct Reach {
    needs: Vec<Vec<StepId>>,
    dependents: Vec<Vec<StepId>>,
    /// Position in an order in which each step comes after all it needs; all 0 where there is no such order.
    rank: Vec<usize>,
    /// By step: its interval in a forest in which each step stands below the last of those it needs. What lies inside
    /// depends on it.
    interval: Vec<(usize, usize)>,
}

impl Reach {
    /// Of steps with what each needs directly.
    #[must_use]
    pub fn of(needs: Vec<Vec<StepId>>) -> Self {
        let dependents = dependents(&needs);
        let order = order(&needs, &dependents);
        let mut rank = vec![0; needs.len()];
        for (position, step) in order.iter().flatten().enumerate() {
            if let Some(place) = rank.get_mut(step.index()) {
                *place = position;
            }
        }
        let interval = if order.is_some() { intervals(&needs, &rank) } else { vec![(0, 0); needs.len()] };
        Self { needs, dependents, rank, interval }
    }

    /// The step is `on`, or depends on it.
    #[must_use]
    pub fn depends(&self, step: StepId, on: StepId) -> bool {
        let rank = |step: StepId| self.rank.get(step.index()).copied().unwrap_or_default();
        let (enter, leave) = self.interval.get(on.index()).copied().unwrap_or_default();
        let below = |step: StepId| {
            step == on || self.interval.get(step.index()).is_some_and(|(at, _)| enter < *at && *at < leave)
        };
        let mut seen = BTreeSet::from([step]);
        let mut stack = vec![step];
        while let Some(here) = stack.pop() {
            if below(here) {
                return true;
            }
            let needed = self.needs.get(here.index()).into_iter().flatten();
            stack.extend(needed.filter(|step| rank(**step) >= rank(on) && seen.insert(**step)));
        }
        false
    }
}

/// Steps in an order in which each comes after all it needs; none where they need each other in a circle.
pub(crate) fn order(needs: &[Vec<StepId>], dependents: &[Vec<StepId>]) -> Option<Vec<StepId>> {
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut order: Vec<StepId> = (0..needs.len()).map(StepId::of).collect();
    order.retain(|step| open.get(step.index()) == Some(&0));
    let mut next = 0;
    while let Some(here) = order.get(next).copied() {
        next += 1;
        for dependent in dependents.get(here.index()).into_iter().flatten() {
            if let Some(count) = open.get_mut(dependent.index()) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    order.push(*dependent);
                }
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}

fn intervals(needs: &[Vec<StepId>], rank: &[usize]) -> Vec<(usize, usize)> {
    let rank = |step: &StepId| rank.get(step.index()).copied().unwrap_or_default();
    let mut below = vec![Vec::new(); needs.len()];
    let mut stack: Vec<(usize, bool)> = Vec::new();
    for (index, sources) in needs.iter().enumerate() {
        match sources.iter().max_by_key(|step| rank(step)) {
            Some(last) => {
                below.get_mut(last.index()).into_iter().for_each(|list: &mut Vec<usize>| list.push(index))
            }
            None => stack.push((index, false)),
        }
    }
    let mut intervals = vec![(0, 0); needs.len()];
    let mut clock = 0;
    while let Some((here, done)) = stack.pop() {
        clock += 1;
        let Some((enter, leave)) = intervals.get_mut(here) else { continue };
        if done {
            *leave = clock;
            continue;
        }
        *enter = clock;
        stack.push((here, true));
        stack.extend(below.get(here).into_iter().flatten().map(|child| (*child, false)));
    }
    intervals
}

fn reached(dependents: &[Vec<StepId>], from: impl IntoIterator<Item = StepId>) -> Vec<StepId> {
    let mut seen = vec![false; dependents.len()];
    let mut stack: Vec<StepId> = from.into_iter().collect();
    while let Some(here) = stack.pop() {
        if let Some(seen @ false) = seen.get_mut(here.index()) {
            *seen = true;
            stack.extend(dependents.get(here.index()).into_iter().flatten());
        }
    }
    let found = seen.into_iter().enumerate().filter(|(_, seen)| *seen);
    found.map(|(index, _)| StepId::of(index)).collect()
}
