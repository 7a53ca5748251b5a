//! A bounded search on the machine, for what plans from live maps do not show: limits per run, loops upon loops.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use xp_artifact::question::Question;
use xp_artifact::workflow::{Atom, Datum, Grant, GrantIx, How, Root, StepId};
use xp_scope::Value;

use crate::compared::Assignment;
use crate::evidence;
use crate::facts::{Facts, GrantAt};
use crate::plan::Act;
use crate::replay::Run;
use crate::violation::Violation;
use crate::watching::Watching;

/// Larger workflows are not searched.
const MAX_STEPS: usize = 64;
/// Results of one use that are told apart by the values that are compared of them.
const MOST_RESULTS: usize = 16;

/// For each of some violations a shortest sequence of acts that ends in it, if one is met within so many states.
pub(crate) fn find_each(
    facts: &Facts<'_>,
    mut start: Run<'_, '_>,
    violations: &[Violation],
    states: usize,
) -> Vec<Option<Vec<Act>>> {
    start.quiet = true;
    let mut found: Vec<Option<Vec<Act>>> = vec![None; violations.len()];
    if facts.w.steps.len() > MAX_STEPS {
        return found;
    }
    let eyes = Eyes::of(facts, violations, start.watching.as_ref());
    let mut known = HashSet::from([eyes.key(&start)]);
    let mut nodes: Vec<(Option<usize>, Option<Act>)> = vec![(None, None)];
    let mut left = violations.len();
    let mut look = |nodes: &[(Option<usize>, Option<Act>)], index: usize, run: &Run<'_, '_>| {
        let last = nodes.get(index).and_then(|(_, act)| act.as_ref());
        for (violation, place) in violations.iter().zip(&mut found) {
            if place.is_none() && violation.holds(run, facts, last) {
                *place = Some(path(nodes, index));
                left -= 1;
            }
        }
        left == 0
    };
    if look(&nodes, 0, &start) {
        return found;
    }
    let mut queue = VecDeque::from([(0_usize, start)]);
    while let Some((here, run)) = queue.pop_front() {
        for act in eyes.acts(facts, &run) {
            let mut next = run.fork();
            if next.act(&act).is_err() {
                continue;
            }
            nodes.push((Some(here), Some(act)));
            let index = nodes.len() - 1;
            if look(&nodes, index, &next) {
                return found;
            }
            if !next.running() || !known.insert(eyes.key(&next)) {
                nodes.pop();
                continue;
            }
            if known.len() > states {
                return found;
            }
            eyes.forget(&mut next);
            queue.push_back((index, next));
        }
    }
    found
}

fn path(nodes: &[(Option<usize>, Option<Act>)], end: usize) -> Vec<Act> {
    let mut acts = Vec::new();
    let mut here = Some(end);
    while let Some((before, act)) = here.and_then(|index| nodes.get(index)) {
        acts.extend(act.clone());
        here = *before;
    }
    acts.reverse();
    acts
}

/// What a search for some violations looks at.
struct Eyes<'v> {
    violations: &'v [Violation],
    /// Steps whose acts can lead to a violation.
    steps: BTreeSet<StepId>,
    /// Grants whose results somebody reads.
    read: BTreeSet<GrantAt>,
    /// Grants that are used for their own sake, as often as they can be.
    counted: BTreeSet<GrantAt>,
    /// Grants that are used up for the whole run.
    per_run: BTreeSet<GrantAt>,
    /// Grants that may take the name that another one gives, with that one.
    rivals: BTreeSet<(GrantAt, GrantAt)>,
    /// Whether uses of long ago matter.
    history: bool,
    /// Whether it matters how often a grant was used in this opening.
    spent: bool,
}

impl<'v> Eyes<'v> {
    fn of(facts: &Facts<'_>, violations: &'v [Violation], watching: Option<&Watching<'_>>) -> Self {
        let mut eyes = Self {
            violations,
            steps: BTreeSet::new(),
            read: BTreeSet::new(),
            counted: BTreeSet::new(),
            per_run: facts.grants().map(|(at, _)| at).filter(|at| facts.per_run(*at)).collect(),
            rivals: BTreeSet::new(),
            history: false,
            spent: false,
        };
        let mut wanted = BTreeSet::new();
        for violation in violations {
            let all = || facts.grants().map(|(at, _)| at);
            let within = |step: StepId| all().filter(move |at| at.0 == step);
            match violation {
                Violation::Taken(Atom { step, .. }) | Violation::Open(step) => {
                    wanted.insert(*step);
                }
                Violation::Lacks(step, datum) => {
                    wanted.extend([Some(*step), datum.root.step()].into_iter().flatten());
                }
                Violation::Reached => {}
                Violation::NothingOpen => wanted.extend(facts.steps()),
                Violation::Unjudged(at, way) => {
                    eyes.counted.insert(*at);
                    eyes.counted.extend(way.grants());
                    wanted.extend(way.steps());
                }
                Violation::Broken => match watching.and_then(Watching::concerned) {
                    Some(concerned) => {
                        eyes.counted.extend(&concerned.grants);
                        wanted.extend(&concerned.steps);
                    }
                    None => {
                        eyes.counted.extend(all());
                        wanted.extend(facts.steps());
                    }
                },
                Violation::Again(at) => {
                    eyes.history = true;
                    eyes.spent = true;
                    eyes.counted.insert(*at);
                }
                Violation::Went(route) => {
                    eyes.history = true;
                    eyes.spent = true;
                    eyes.counted.extend(route.grants());
                    wanted.extend(route.legs.iter().map(|leg| leg.at.step));
                }
                Violation::Judged(route, atom) => {
                    eyes.history = true;
                    eyes.spent = true;
                    eyes.counted.extend(route.grants());
                    wanted.extend(route.legs.iter().map(|leg| leg.at.step));
                    wanted.insert(atom.step);
                }
                Violation::Evidence(step, ..) => {
                    eyes.spent = true;
                    eyes.counted.extend(within(*step));
                    wanted.insert(*step);
                }
                // What the step has left depends on its uses, and on who has taken the names it gives.
                Violation::Stranded(step) => {
                    eyes.spent = true;
                    let pairs =
                        within(*step).flat_map(|at| facts.taken.rivals(at).map(move |rival| (rival, at)));
                    eyes.rivals.extend(pairs);
                    eyes.counted.extend(within(*step).chain(eyes.rivals.iter().map(|(rival, _)| *rival)));
                    wanted.insert(*step);
                }
            }
        }
        wanted.extend(eyes.counted.iter().map(|at| at.0));
        eyes.steps = leading_to(facts, wanted);
        for step in &eyes.steps {
            eyes.read.extend(evidence::read_by(facts, *step).into_iter().map(|grant| (*step, grant)));
            eyes.read.extend(facts.step(*step).data().filter_map(|datum| match datum.root {
                Root::Result { step, grant } => Some((step, grant)),
                Root::Param(_) | Root::Submission { .. } => None,
            }));
        }
        eyes
    }

    /// Everything that can be tried and may matter.
    fn acts(&self, facts: &Facts<'_>, run: &Run<'_, '_>) -> Vec<Act> {
        let mut found = Vec::new();
        for step in self.steps.iter().copied().filter(|step| run.open(*step)) {
            for (atom, outcome) in facts.atoms(step) {
                let becomes = match outcome.how {
                    How::Exhausted(_) => continue,
                    _ => becomes(facts, run, atom),
                };
                found.push(Act::Take { atom, becomes });
            }
            for index in 0..facts.step(step).grants.len() {
                let at = crate::values::grant_at(step, index);
                let read: Vec<&Datum> = facts.compared.of_grant(at).collect();
                let state = run.state.step(step).and_then(|now| now.grants.get(index));
                let has_result = state.is_some_and(|grant| grant.result.is_some());
                // Another result like the one there is changes nothing.
                if !self.counted.contains(&at) && (!self.read.contains(&at) || has_result && read.is_empty())
                {
                    continue;
                }
                let all = facts.compared.assignments(read).unwrap_or_else(|| vec![Assignment::new()]);
                for values in all.into_iter().take(MOST_RESULTS) {
                    let fields = values.into_iter().map(|(datum, value)| (datum.fields, value)).collect();
                    found.push(Act::Use { at, fields, args: BTreeMap::new() });
                }
                let taking = self.rivals.iter().filter(|(rival, _)| *rival == at);
                found.extend(taking.filter_map(|(_, other)| {
                    let args = run.in_place_of(at, *other)?;
                    Some(Act::Use { at, fields: BTreeMap::new(), args })
                }));
            }
        }
        found
    }

    /// A digest of enough of a state to tell what can still happen and what has: results count by what conditions read of
    /// them. Two states of one digest are searched as one, which can only hide a run from a search that is bounded anyway.
    fn key(&self, run: &Run<'_, '_>) -> u64 {
        let mut key = DefaultHasher::new();
        for id in &self.steps {
            let Some(step) = run.state.step(*id) else { continue };
            (step.settled.map(|outcome| outcome.0), step.open).hash(&mut key);
            for (grant, now) in (0..).map(GrantIx::of).zip(&step.grants) {
                let at = (*id, grant);
                let spent = if self.spent && self.counted.contains(&at) { now.spent } else { 0 };
                let in_run = if self.per_run.contains(&at) { now.spent_in_run } else { 0 };
                (spent, in_run, now.result.as_ref().map(booleans)).hash(&mut key);
            }
        }
        run.state.loops().hash(&mut key);
        // What a name that is taken matters to.
        self.rivals.iter().for_each(|(_, other)| run.makes_new(*other).hash(&mut key));
        if self.history {
            self.violations.iter().for_each(|one| one.so_far(run).hash(&mut key));
        }
        // What a monitor remembers tells apart what it counts.
        run.watching.as_ref().map(Watching::watch).hash(&mut key);
        run.state.watch().hash(&mut key);
        key.finish()
    }

    /// Drops what nobody looks at any more: a search keeps many runs.
    fn forget(&self, run: &mut Run<'_, '_>) {
        if !self.history {
            run.log.clear();
        }
    }
}

/// The steps whose acts can matter to some: they open them, give them what they name, open them again, or satisfy a guard.
fn leading_to(facts: &Facts<'_>, wanted: BTreeSet<StepId>) -> BTreeSet<StepId> {
    let mut found = BTreeSet::new();
    let mut left: Vec<StepId> = wanted.into_iter().collect();
    while let Some(step) = left.pop() {
        if found.insert(step) {
            left.extend(facts.parents(step));
            left.extend(facts.step(step).data().filter_map(|datum| datum.root.step()));
            left.extend(facts.loops().filter(|(by, _)| facts.resets(*by, step)).map(|(_, by)| by.step));
            left.extend(facts.step(step).grants.iter().flat_map(|grant| guarded_by(facts, grant)));
        }
    }
    found
}

/// The steps that guards on uses of the grant speak of.
fn guarded_by(facts: &Facts<'_>, grant: &Grant) -> impl Iterator<Item = StepId> {
    let action = facts.action(grant.action);
    let formulas = facts.w.guards.iter().filter_map(move |guard| match &guard.question {
        Question::Requires(uses, formula) if xp_monitor::means(uses, action) => Some(formula),
        _ => None,
    });
    formulas.flat_map(|formula| formula.steps())
}

/// What comes of an outcome as the loops stand.
fn becomes(facts: &Facts<'_>, run: &Run<'_, '_>, atom: Atom) -> Atom {
    let by = facts.loops().find(|(_, l)| l.step == atom.step && l.outcome == atom.outcome);
    match by {
        Some((by, l)) if run.fired(by) >= l.max => Atom { step: l.step, outcome: l.exhausted },
        _ => atom,
    }
}

/// A value with everything but its Booleans blanked.
fn booleans(value: &Value) -> Value {
    match value {
        Value::Bool(_) => value.clone(),
        Value::Record(members) => {
            Value::Record(members.iter().map(|(name, member)| (name.clone(), booleans(member))).collect())
        }
        Value::Int(_) | Value::Text(_) | Value::List(_) => Value::Int(0),
    }
}
