//! A bounded search on the machine, for what plans from live maps do not show: limits per run, loops upon loops.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use xp_artifact::workflow::{Atom, GrantIx, How, Root, StepId};
use xp_scope::Value;

use crate::evidence;
use crate::facts::{Facts, GrantAt};
use crate::plan::Act;
use crate::replay::Run;
use crate::violation::Violation;
use crate::watching::Watching;

/// Larger workflows are not searched.
const MAX_STEPS: usize = 64;

/// A shortest sequence of acts that ends in the violation, if one is met within so many states.
pub(crate) fn find(
    facts: &Facts<'_>,
    start: Run<'_, '_>,
    violation: &Violation,
    states: usize,
) -> Option<Vec<Act>> {
    find_each(facts, start, std::slice::from_ref(violation), states).pop().flatten()
}

/// As [`find`], for each of several violations in one search.
pub(crate) fn find_each(
    facts: &Facts<'_>,
    start: Run<'_, '_>,
    violations: &[Violation],
    states: usize,
) -> Vec<Option<Vec<Act>>> {
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
struct Eyes {
    /// Grants whose results somebody reads.
    read: BTreeSet<GrantAt>,
    /// Grants that are used for their own sake, as often as they can be.
    counted: BTreeSet<GrantAt>,
    /// Grants that are used up for the whole run.
    per_run: BTreeSet<GrantAt>,
    /// Whether uses of long ago matter.
    history: bool,
    /// Whether it matters how often a grant was used in this opening.
    spent: bool,
}

impl Eyes {
    fn of(facts: &Facts<'_>, violations: &[Violation], watching: Option<&Watching<'_>>) -> Self {
        let mut eyes = Self {
            read: BTreeSet::new(),
            counted: BTreeSet::new(),
            per_run: facts.grants().map(|(at, _)| at).filter(|at| facts.per_run(*at)).collect(),
            history: false,
            spent: false,
        };
        for step in facts.steps() {
            eyes.read.extend(evidence::read_by(facts, step).into_iter().map(|grant| (step, grant)));
            eyes.read.extend(facts.step(step).data().filter_map(|datum| match datum.root {
                Root::Result { step, grant } => Some((step, grant)),
                Root::Param(_) | Root::Submission { .. } => None,
            }));
        }
        for violation in violations {
            match violation {
                Violation::Taken(_) | Violation::Open(_) | Violation::NothingOpen | Violation::Reached => {}
                Violation::UseWithout(at, _) => {
                    eyes.counted.insert(*at);
                }
                Violation::Broken => match watching.and_then(Watching::concerned) {
                    Some(grants) => eyes.counted.extend(grants),
                    None => eyes.counted.extend(facts.grants().map(|(at, _)| at)),
                },
                // Whatever else is looked for may hang on any use.
                Violation::Again(_)
                | Violation::Used(_)
                | Violation::Lacks(..)
                | Violation::Stranded(_)
                | Violation::Evidence(..) => {
                    eyes.history = true;
                    eyes.spent = true;
                    eyes.counted.extend(facts.grants().map(|(at, _)| at));
                }
            }
        }
        eyes
    }

    /// Everything that can be tried and may matter.
    fn acts(&self, facts: &Facts<'_>, run: &Run<'_, '_>) -> Vec<Act> {
        let mut found = Vec::new();
        for step in facts.steps().filter(|step| run.open(*step)) {
            for (atom, outcome) in facts.atoms(step) {
                let becomes = match outcome.how {
                    How::Exhausted(_) => continue,
                    _ => becomes(facts, run, atom),
                };
                found.push(Act::Take { atom, becomes });
            }
            let flags = evidence::flags_of(facts.atoms(step).filter_map(|(atom, _)| facts.evidence(atom)));
            for index in 0..facts.step(step).grants.len() {
                let at = crate::values::grant_at(step, index);
                let read: Vec<&Vec<String>> =
                    flags.iter().filter(|(grant, _)| *grant == at.1).map(|(_, path)| path).collect();
                let state = run.state.step(step).and_then(|now| now.grants.get(index));
                let has_result = state.is_some_and(|grant| grant.result.is_some());
                // Another result like the one there is changes nothing.
                if !self.counted.contains(&at) && (!self.read.contains(&at) || has_result && read.is_empty())
                {
                    continue;
                }
                for bits in 0_u32..1 << read.len().min(4) {
                    let flags = read
                        .iter()
                        .enumerate()
                        .map(|(bit, path)| ((*path).clone(), bits >> bit & 1 == 1))
                        .collect();
                    found.push(Act::Use { at, flags, args: BTreeMap::new() });
                }
            }
        }
        found
    }

    /// Enough of a state to tell what can still happen and what has: results count by what conditions read of them.
    fn key(&self, run: &Run<'_, '_>) -> Key {
        let steps = (0..).map(StepId::of).zip(run.state.steps()).map(|(id, step)| {
            let grants = (0..).map(GrantIx::of).zip(&step.grants).map(|(grant, now)| {
                let at = (id, grant);
                let spent = if self.spent && self.counted.contains(&at) { now.spent } else { 0 };
                let in_run = if self.per_run.contains(&at) { now.spent_in_run } else { 0 };
                (spent, in_run, now.result.as_ref().map(booleans))
            });
            (step.settled.map(|outcome| outcome.0), step.open, grants.collect())
        });
        // What a monitor remembers tells apart what it counts.
        let watch = run.watching.as_ref().map(|watching| watching.watch().clone());
        (steps.collect(), run.state.loops().to_vec(), watch, run.state.watch().cloned())
    }

    /// Drops what nobody looks at any more: a search keeps many runs.
    fn forget(&self, run: &mut Run<'_, '_>) {
        run.events.clear();
        if !self.history {
            run.log.clear();
        }
    }
}

/// What comes of an outcome as the loops stand.
fn becomes(facts: &Facts<'_>, run: &Run<'_, '_>, atom: Atom) -> Atom {
    let by = facts.loops().find(|(_, l)| l.step == atom.step && l.outcome == atom.outcome);
    match by {
        Some((by, l)) if run.fired(by) >= l.max => Atom { step: l.step, outcome: l.exhausted },
        _ => atom,
    }
}

type Key = (Vec<StepKey>, Vec<u32>, Option<xp_monitor::Watch>, Option<xp_monitor::Watch>);
type StepKey = (Option<u32>, bool, Vec<(u32, u32, Option<Value>)>);

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
